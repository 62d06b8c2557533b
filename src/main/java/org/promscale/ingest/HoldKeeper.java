package org.promscale.ingest;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Settlement;
import org.promscale.ha.Verdict;

/**
 * Empties the hold: lets go what has settled, brings what is needed after all to where it belongs,
 * and adopts what other connectors have left behind. {@link #keep} is for one thread at a time.
 */
public final class HoldKeeper {

  private static final long LEAVE_AGAIN_NANOS = 250_000_000;

  private static final Logger LOG = System.getLogger(HoldKeeper.class.getName());

  /** Requests judged anew at once: together a few transactions. */
  private static final int MOST_JUDGED = 16;

  /** Requests of a cluster compared in one look. */
  private static final int MOST_COMPARED = 256;

  /** What is adopted in one look, as it came. */
  private static final long ADOPTED_BYTES = 8 << 20;

  private record Judged(HeldRequest request, ClusterState state, long patchId) {}

  private final Hold hold;
  private final HeldShelf shelf;
  private final HeldBodies bodies;
  private final HoleProber prober;
  private final LeaseStore store;
  private final LeaderRouter router;
  private final Executor executor;
  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private final HaListener listener;
  private final Adoptions adoptions;

  private final PatchTurns turns = new PatchTurns();
  private final Object lock = new Object();
  private final ArrayDeque<Judged> waiting = new ArrayDeque<>();
  private int running;
  private long salt;

  /**
   * Joins the parts.
   *
   * @param executor judges requests anew
   * @param clock our wall clock
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public HoldKeeper(
      Hold hold,
      HeldShelf shelf,
      HeldBodies bodies,
      HoleProber prober,
      LeaseStore store,
      LeaderRouter router,
      Executor executor,
      InstantSource clock,
      LongSupplier nanoClock,
      HaListener listener) {
    this.hold = hold;
    this.shelf = shelf;
    this.bodies = bodies;
    this.prober = prober;
    this.store = store;
    this.router = router;
    this.executor = executor;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.listener = listener;
    this.adoptions = new Adoptions(shelf, nanoClock);
  }

  /**
   * Settles what is held.
   *
   * @param states all clusters, just read
   * @param timeoutMs the timeout of a cluster
   * @throws IngestFailure UNAVAILABLE if the database does not answer; call again
   */
  void keep(List<ClusterState> states, ToLongFunction<ClusterState> timeoutMs) {
    drop(states);
    for (ClusterState state : states) {
      List<HeldRequest> held = hold.of(state.clusterId());
      if (!held.isEmpty()) {
        settle(state, held, timeoutMs.applyAsLong(state));
      }
    }
    adopt(states);
  }

  /** What is held of a cluster that the database knows no more can be brought nowhere. */
  private void drop(List<ClusterState> states) {
    List<HeldRequest> strays = hold.strays(states);
    if (strays.isEmpty()) {
      return;
    }
    // A cluster may have been found since the states were read.
    Set<Long> ids = strays.stream().map(HeldRequest::clusterId).collect(Collectors.toSet());
    List<ClusterState> now = store.read(ids);
    int dropped = 0;
    for (HeldRequest stray : strays) {
      boolean gone = now.stream().noneMatch(stray::isOf);
      dropped += gone && !stray.isBusy() && letGo(stray) ? 1 : 0;
    }
    if (dropped > 0) {
      LOG.log(
          Level.WARNING,
          "{0} held requests are given up: their clusters are gone from the database",
          dropped);
    }
  }

  private void settle(ClusterState state, List<HeldRequest> held, long timeoutMs) {
    long nowMs = nanoClock.getAsLong() / 1_000_000;
    Settlement settlement = Settlement.of(state, held, nowMs);
    for (HeldRequest request : settlement.letGo()) {
      settled(request);
    }
    settlement.judge().forEach(request -> submit(request, state));
    boolean patched = !state.openPatches().isEmpty();
    if (turns.isMine(state.clusterId(), patched, nowMs)) {
      settlement.patch().ifPresent(wish -> open(state, wish, timeoutMs));
    }
    List<HeldRequest> compare = settlement.compare();
    if (!compare.isEmpty()) {
      compare(state, compare.subList(0, Math.min(MOST_COMPARED, compare.size())), nowMs);
    }
  }

  /** Lets go what has found its place; whatever was not stored was covered. */
  private void settled(HeldRequest request) {
    if (letGo(request) && request.unplaced() > 0) {
      listener.judged(
          request.sender().cluster(), request.replica(), Verdict.COVERED, request.unplaced());
    }
  }

  private boolean letGo(HeldRequest request) {
    adoptions.left(request);
    return hold.remove(request);
  }

  private void open(ClusterState state, Settlement.PatchWish wish, long timeoutMs) {
    boolean tells = PatchRun.tells(wish.holeMs(), Settlement.settledMs(state), timeoutMs);
    try {
      if (store.openPatch(state, wish, tells ? PatchRun.gapMs(timeoutMs) : 0)) {
        turns.opened(state.clusterId());
        LOG.log(
            Level.INFO,
            "cluster {0}: leader {1} has left holes; {2} fills them",
            OneLine.of(state.cluster(), 200),
            OneLine.of(state.lease().leader(), 200),
            OneLine.of(wish.replica(), 200));
        listener.patchOpened(state, wish.replica());
      }
    } catch (IngestFailure e) {
      LOG.log(Level.DEBUG, "cannot open a patch of cluster " + state.cluster() + " yet", e);
    }
  }

  private void compare(ClusterState state, List<HeldRequest> requests, long nowMs) {
    for (HeldRequest request : requests) {
      if (request.probes().size() == 0) {
        // Its series were unknown to this connector when it came.
        long drawn = ++salt;
        bodies
            .describe(
                request.tenant(),
                request.sender(),
                request.body(),
                drawn,
                (batch, identity) -> prober.find(batch, identity, drawn))
            .ifPresent(held -> request.probeFor(held.probes()));
      }
    }
    boolean[] holed = prober.holed(requests, state.lease().startMs(), Settlement.settledMs(state));
    int holes = 0;
    for (int i = 0; i < holed.length; i++) {
      requests.get(i).compared(holed[i], nowMs);
      holes += holed[i] ? 1 : 0;
    }
    listener.compared(state.cluster(), holed.length - holes, holes);
  }

  // Judging anew.

  private void submit(HeldRequest request, ClusterState state) {
    request.setBusy(true);
    long patchId =
        state.openPatches().stream()
            .filter(p -> p.replica().equals(request.replica()) && p.isOpen(state.nowMs()))
            .mapToLong(Patch::id)
            .findFirst()
            .orElse(0);
    synchronized (lock) {
      waiting.add(new Judged(request, state, patchId));
    }
    pump();
  }

  private void pump() {
    while (true) {
      Judged next;
      synchronized (lock) {
        next = running < MOST_JUDGED ? waiting.poll() : null;
        if (next == null) {
          return;
        }
        running++;
      }
      start(next);
    }
  }

  private void start(Judged judged) {
    try {
      executor.execute(() -> judge(judged));
    } catch (RejectedExecutionException e) {
      ended(judged, null, e);
    }
  }

  private void judge(Judged judged) {
    CompletionStage<LeaderRouter.Rest> outcome;
    try {
      outcome = router.judge(judged.request());
    } catch (RuntimeException | Error e) {
      ended(judged, null, e); // or nothing would ever be judged in its place
      throw e;
    }
    var unused = outcome.whenComplete((rest, failure) -> ended(judged, rest, failure));
  }

  private void ended(Judged judged, LeaderRouter.@Nullable Rest rest, @Nullable Throwable failure) {
    HeldRequest request = judged.request();
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof IngestFailure refusal && !refusal.kind().senderRetries()) {
      LOG.log(Level.WARNING, "a held request is given up: {0}", refusal.getMessage());
      letGo(request);
    } else if (failure != null) {
      LOG.log(Level.DEBUG, "a held request cannot be stored yet", failure);
    } else if (rest == LeaderRouter.Rest.NONE) {
      settled(request);
    } else if (rest == LeaderRouter.Rest.HELD) {
      request.judged(judged.state().lease(), judged.patchId());
    }
    request.setBusy(false);
    synchronized (lock) {
      running--;
    }
    pump();
  }

  // Leaving and adopting.

  private void adopt(List<ClusterState> states) {
    adoptions.keep();
    if (shelf.measure() == 0) {
      return;
    }
    List<HeldShelf.Shelved> taken = new ArrayList<>();
    if (hold.bytes() <= hold.maxBytes()) {
      // Of a leader it is its own data, which nobody else has: that cannot wait for more room.
      taken.addAll(shelf.take(true, ADOPTED_BYTES));
    }
    if (hold.hasPlenty()) {
      taken.addAll(shelf.take(false, ADOPTED_BYTES));
    }
    taken.forEach(shelved -> adoptions.took(shelved.id()));
    for (HeldShelf.Shelved shelved : taken) {
      long frontierMs =
          states.stream()
              .filter(state -> state.clusterId() == shelved.clusterId())
              .mapToLong(state -> state.progress().frontierMs())
              .findFirst()
              .orElse(Lease.NO_TIME);
      // By a database clock that was set back it would be due before the leader has passed it.
      long wallMs = Math.max(shelved.heldAtMs(), clock.millis());
      adopt(shelved, new HeldRequest.Arrival(frontierMs, wallMs));
    }
  }

  private void adopt(HeldShelf.Shelved shelved, HeldRequest.Arrival arrival) {
    try {
      bodies
          .describe(shelved.tenant(), shelved.sender(), shelved.body(), ++salt)
          .ifPresentOrElse(
              held ->
                  keepAdopted(
                      shelved.id(),
                      new HeldRequest(
                          shelved.clusterId(),
                          shelved.tenant(),
                          shelved.sender(),
                          shelved.body(),
                          held.oldestMs(),
                          held.newestMs(),
                          arrival,
                          held.items(),
                          held.probes())),
              () -> {
                adoptions.left(shelved.id());
                LOG.log(
                    Level.WARNING,
                    "a held request names no series of cluster {0}, replica {1} any more: were"
                        + " -metrics.high-availability.labels changed?",
                    OneLine.of(shelved.sender().cluster(), 200),
                    OneLine.of(shelved.sender().replica(), 200));
              });
    } catch (IngestFailure e) {
      adoptions.left(shelved.id());
      LOG.log(Level.WARNING, "a held request cannot be read: {0}", e.getMessage());
    }
  }

  /** A connector that stops at this moment leaves it again. */
  private void keepAdopted(long shelfId, HeldRequest request) {
    request.shelvedAs(shelfId);
    if (!hold.addAnyway(request)) {
      var unused = shelf.put(List.of(request));
    }
  }

  /**
   * Leaves everything that is held to other connectors. Call it last, when nothing is stored any
   * more.
   *
   * @param patienceMs how long it tries while the database is out of reach: it may be about to come
   *     back, and what nobody has is lost
   * @return how many requests had to be given up because the shelf was full or out of reach
   */
  public int leave(long patienceMs) {
    List<HeldRequest> all = hold.close();
    if (all.isEmpty()) {
      return 0;
    }
    long began = nanoClock.getAsLong();
    while (true) {
      try {
        int left = shelf.put(all);
        LOG.log(Level.INFO, "left {0} held requests to the other connectors", left);
        return all.size() - left;
      } catch (IngestFailure e) {
        long takenMs = (nanoClock.getAsLong() - began) / 1_000_000;
        if (takenMs >= patienceMs || Thread.currentThread().isInterrupted()) {
          LOG.log(
              Level.WARNING,
              "cannot leave held requests to the others: {0}",
              e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
          return all.size();
        }
        LockSupport.parkNanos(LEAVE_AGAIN_NANOS);
      }
    }
  }
}
