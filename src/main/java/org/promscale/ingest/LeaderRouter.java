package org.promscale.ingest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.BatchSlicer;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Slices;
import org.promscale.ha.Standing;
import org.promscale.ha.Tallies;
import org.promscale.ha.Verdict;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/**
 * Judges a request by who sent each series and when, and brings each part to where it belongs: to
 * the database, or into the hold. If leadership changes under a part, the request is judged again
 * as a whole: what was stored already is stored once, however often it comes.
 *
 * <p>Trouble of ours beats "come back later", which beats success. Thread-safe.
 */
public final class LeaderRouter implements BatchRouter {

  private static final int MOST_ATTEMPTS = 4;

  private final Leadership leadership;
  private final SampleSink sink;
  private final FillSink fillSink;
  private final HoldDoor door;
  private final HeldBodies bodies;
  private final HaListener listener;
  private final AtomicLong salts = new AtomicLong();

  /**
   * Joins the parts.
   *
   * @param hold takes what standbys send
   * @param shelf takes what must not wait for room in the hold
   * @param bodies opens what was held
   */
  public LeaderRouter(
      Leadership leadership,
      SampleSink sink,
      FillSink fillSink,
      Hold hold,
      HeldShelf shelf,
      HeldBodies bodies,
      HaListener listener) {
    this.leadership = leadership;
    this.sink = sink;
    this.fillSink = fillSink;
    this.door = new HoldDoor(hold, shelf);
    this.bodies = bodies;
    this.listener = listener;
  }

  /** What is left of a held request that was judged anew. */
  enum Rest {
    /** All of it has found its place. */
    NONE,
    /** Some of it must still be held until it has settled. */
    HELD,
    /** Some of it must be judged once more, a little later. */
    PUSHED_BACK
  }

  /**
   * A request on its way.
   *
   * @param held the entry of the hold that it comes out of, or null; then only one sender counts,
   *     and its part stays there unless everything in it finds its place
   */
  @SuppressWarnings("ArrayRecordComponent") // a body, never compared
  private record Request(
      WriteBatch batch,
      List<@Nullable ReplicaIdentity> senders,
      Rejections rejections,
      int bytes,
      byte[] body,
      @Nullable HeldRequest held) {}

  @Override
  public CompletionStage<Void> route(
      WriteBatch batch, Rejections rejections, int bytes, byte[] body) {
    if (batch.identities().isEmpty()) {
      long items = batch.itemCount() - batch.metadata().size();
      return sink.store(batch, List.of(), List.of(), bytes)
          .whenComplete((done, failure) -> unattributed(failure == null ? items : 0));
    }
    Request request = new Request(batch, Senders.withData(batch), rejections, bytes, body, null);
    return attempt(request, 1).thenApply(done -> null);
  }

  /**
   * Judges a held request anew: its sender leads now, or fills a patch. Decodes it on this thread.
   *
   * @return completes with what is left of it. Fails with {@link IngestFailure} if it could not be
   *     stored now.
   */
  CompletionStage<Rest> judge(HeldRequest held) {
    WriteBatch batch;
    try {
      batch = bodies.open(held);
    } catch (IngestFailure e) {
      return CompletableFuture.failedFuture(e);
    }
    if (!batch.identities().contains(held.sender())) {
      return CompletableFuture.completedFuture(Rest.NONE); // labels were configured otherwise then
    }
    List<@Nullable ReplicaIdentity> senders = Senders.only(batch, held.sender());
    return attempt(
        new Request(batch, senders, new Rejections(), held.body().length, held.body(), held), 1);
  }

  private CompletionStage<Rest> attempt(Request request, int number) {
    return leadership
        .standings(request.batch().tenant(), request.senders())
        .thenCompose(standings -> dispatch(request, standings, number));
  }

  private CompletionStage<Rest> dispatch(
      Request request, List<@Nullable Standing> standings, int number) {
    @Nullable Standing[] each = standings.toArray(new @Nullable Standing[0]);
    long salt = salts.incrementAndGet();
    Slices slices =
        request.held() != null
            ? BatchSlicer.sliceHeld(request.batch(), each, salt)
            : BatchSlicer.slice(request.batch(), each, salt);
    HoldDoor.Kept kept = null;
    if (request.held() == null) {
      kept = door.admit(slices, standings, request.body());
      for (int i = 0; i < each.length; i++) {
        Standing standing = each[i];
        if (standing != null) {
          leadership.saw(standing, slices.newestMs()[i]);
        }
      }
    }
    Outcome outcome = new Outcome(request, standings, slices, kept, number);
    CompletionStage<Void> stored;
    try {
      stored = outcome.store();
    } catch (RuntimeException | Error e) {
      stored = CompletableFuture.failedFuture(e); // what was reserved has to be given back
    }
    return stored.handle(outcome::after).thenCompose(next -> next);
  }

  /** One attempt at a request. */
  private final class Outcome {
    private final Request request;
    private final List<@Nullable Standing> standings;
    private final Slices slices;
    private final HoldDoor.@Nullable Kept kept;
    private final int number;
    private final Map<Integer, Integer> filled = new ConcurrentHashMap<>();

    Outcome(
        Request request,
        List<@Nullable Standing> standings,
        Slices slices,
        HoldDoor.@Nullable Kept kept,
        int number) {
      this.request = request;
      this.standings = standings;
      this.slices = slices;
      this.kept = kept;
      this.number = number;
    }

    /** Hands all parts over; notes how many samples of which sender have filled holes. */
    CompletionStage<Void> store() {
      List<CompletableFuture<?>> parts = new ArrayList<>();
      List<HeldRequest> left = kept == null ? List.of() : kept.onShelf();
      WriteBatch stored = slices.store();
      if (stored == null && !left.isEmpty()) {
        stored = WriteBatch.empty(request.batch().tenant());
      }
      if (stored != null) {
        List<LeaseClaim> claims = slices.claims().stream().map(leadership::withWorstLag).toList();
        parts.add(sink.store(stored, claims, left, request.bytes()).toCompletableFuture());
      }
      Map<Integer, CompletionStage<Void>> fills = new HashMap<>();
      for (Slices.Fill fill : patchFirst(slices.fills())) {
        CompletionStage<Void> before =
            fills.getOrDefault(fill.identity(), CompletableFuture.completedStage(null));
        fills.put(
            fill.identity(),
            before
                .thenCompose(done -> fillSink.fill(fill.batch(), fill.order(), request.bytes()))
                .thenAccept(items -> filled.merge(fill.identity(), items, Integer::sum)));
      }
      fills.values().forEach(fill -> parts.add(fill.toCompletableFuture()));
      return CompletableFuture.allOf(parts.toArray(new CompletableFuture<?>[0]));
    }

    CompletionStage<Rest> after(@Nullable Void done, @Nullable Throwable failure) {
      if (failure == null) {
        return stored();
      }
      if (kept != null) {
        kept.giveBack();
      }
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      if (cause instanceof LeaseChanged changed) {
        listener.fenceLost();
        return again(changed.clusterIds());
      }
      return CompletableFuture.failedFuture(cause);
    }

    private CompletionStage<Rest> again(Set<Long> clusterIds) {
      if (number == MOST_ATTEMPTS) {
        return CompletableFuture.failedFuture(
            new IngestFailure(
                FailureKind.UNAVAILABLE,
                "cannot store the request now: leadership of its cluster is changing"));
      }
      return leadership.refresh(clusterIds).thenCompose(done -> attempt(request, number + 1));
    }

    private CompletionStage<Rest> stored() {
      HeldRequest held = request.held();
      if (kept == null || held != null) {
        if (held != null) {
          countPlaced(held);
        }
        return CompletableFuture.completedFuture(
            slices.tallies().anyPushedBack()
                ? Rest.PUSHED_BACK
                : slices.held().isEmpty() ? Rest.NONE : Rest.HELD);
      }
      kept.take();
      count(kept.isFull());
      unattributed(slices.tallies().unattributed());
      if (kept.isFull()) {
        return CompletableFuture.failedFuture(
            heldBack("the hold is full: see -metrics.high-availability.hold-max-bytes"));
      }
      if (slices.tallies().anyPushedBack()) {
        return CompletableFuture.failedFuture(
            heldBack("a hole is being filled, or it is not known who leads"));
      }
      Senders.refuseWithoutStanding(
          request.batch(), request.senders(), standings, request.rejections());
      return CompletableFuture.completedFuture(Rest.NONE);
    }

    /**
     * Counts each item once, when its request is answered for good: what was compared with stored
     * samples and fitted nowhere was covered. What has filled a hole is counted even where the rest
     * of the request has to come again.
     */
    private void count(boolean full) {
      Tallies tallies = slices.tallies();
      boolean comesAgain = full || tallies.anyPushedBack();
      for (int i = 0; i < standings.size(); i++) {
        Standing standing = standings.get(i);
        if (standing != null) {
          long fitted = filled.getOrDefault(i, 0);
          long held = tallies.count(i, Verdict.HOLD);
          count(standing, Verdict.FILL, fitted);
          if (comesAgain) {
            long back = tallies.count(i, Verdict.PUSH_BACK);
            count(standing, Verdict.PUSH_BACK, back + (full ? held : 0));
          } else {
            count(standing, Verdict.STORE, tallies.count(i, Verdict.STORE));
            count(standing, Verdict.COVERED, tallies.count(i, Verdict.FILL) - fitted);
            count(standing, Verdict.HOLD, held);
          }
        }
      }
    }

    /** Counts what of a held request has found its place, each item once however often judged. */
    private void countPlaced(HeldRequest held) {
      Tallies tallies = slices.tallies();
      for (int i = 0; i < standings.size(); i++) {
        Standing standing = standings.get(i);
        if (standing != null) {
          long stored = tallies.count(i, Verdict.STORE);
          long fitted = filled.getOrDefault(i, 0);
          count(standing, Verdict.STORE, held.place(stored, fitted));
          count(standing, Verdict.FILL, fitted);
        }
      }
    }

    private void count(Standing standing, Verdict verdict, long items) {
      if (items > 0) {
        listener.judged(standing.state().cluster(), standing.replica(), verdict, items);
      }
    }
  }

  /**
   * What a sender fills before the boundary is a neighbour for what it fills of its own term: alone
   * with the rest of another's term, a young series does not tell how often it is scraped.
   */
  private static List<Slices.Fill> patchFirst(List<Slices.Fill> fills) {
    return fills.stream().sorted(Comparator.comparing(f -> f.order().patchId() == 0)).toList();
  }

  private static IngestFailure heldBack(String why) {
    return new IngestFailure(
        FailureKind.HELD_BACK,
        "cannot take these samples now, keep them: " + why + "; see /api/v1/ha/clusters");
  }

  private void unattributed(long items) {
    if (items > 0) {
      listener.unattributed(items);
    }
  }
}
