package org.promscale.ha;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What to do now with the held requests of one cluster. That the frontier has passed a sample is no
 * proof that the leader has stored it: shards progress unevenly, one may be stuck, the leader may
 * have restarted. So a request that the frontier has passed by a settle time is compared with what
 * is stored; if no hole shows, in it or in another of about its time, it is let go a little later,
 * and if one shows its sender fills it in a patch.
 *
 * @param judge requests to be judged anew in full: their sender leads now, or fills a patch
 * @param compare requests to be compared with what is stored
 * @param letGo requests that have settled
 * @param patch a patch to be opened
 */
public record Settlement(
    List<HeldRequest> judge,
    List<HeldRequest> compare,
    List<HeldRequest> letGo,
    Optional<PatchWish> patch) {

  /** A request without a hole waits this long for others that may show one. */
  private static final long CALM_MS = 5_000;

  /** Patches of one cluster are opened at most this often. */
  private static final long BETWEEN_PATCHES_MS = 5_000;

  /** Requests this near to each other are of about the same time, on other connectors too. */
  private static final long SLACK_MS = 5_000;

  /**
   * A patch that is wished for.
   *
   * @param replica who fills it
   * @param startMs the instant after which it begins
   * @param endMs its last instant: up to here history is closed
   * @param holeMs the newest instant in it that may be a hole: the rest was tested and is clean
   */
  public record PatchWish(String replica, long startMs, long endMs, long holeMs) {}

  /**
   * Decides.
   *
   * @param state of the cluster, just read
   * @param held its requests in order of their arrival
   * @param nowMs time by a clock that never jumps
   */
  public static Settlement of(ClusterState state, List<HeldRequest> held, long nowMs) {
    return new Plan(state, nowMs).make(held);
  }

  /** Returns the data time that the frontier has passed by a settle time. */
  public static long settledMs(ClusterState state) {
    long frontierMs = state.progress().frontierMs();
    return frontierMs == Lease.NO_TIME ? Lease.NO_TIME : frontierMs - state.settleMs();
  }

  /** One decision. */
  private static final class Plan {
    private final ClusterState state;
    private final long nowMs;
    private final long settledMs;
    private final List<HeldRequest> judge = new ArrayList<>();
    private final List<HeldRequest> compare = new ArrayList<>();
    private final List<HeldRequest> calm = new ArrayList<>();
    private final List<HeldRequest> holed = new ArrayList<>();

    Plan(ClusterState state, long nowMs) {
      this.state = state;
      this.nowMs = nowMs;
      this.settledMs = Settlement.settledMs(state);
    }

    Settlement make(List<HeldRequest> held) {
      for (HeldRequest request : held) {
        if (!request.isBusy()) {
          sort(request);
        }
      }
      return new Settlement(
          judge, compare, calm.stream().filter(this::isFarFromHoles).toList(), patch(held));
    }

    /**
     * Holes of other times say nothing of these: else a leader with new ones kept all held. What is
     * stamped ahead counts as of its arrival here too, or it would lie beside every later hole.
     */
    private boolean isFarFromHoles(HeldRequest request) {
      return holed.stream()
          .noneMatch(
              h ->
                  h.dueMs() >= request.oldestMs() - SLACK_MS
                      && h.oldestMs() <= request.dueMs() + SLACK_MS);
    }

    private void sort(HeldRequest request) {
      boolean leads = request.replica().equals(state.lease().leader());
      boolean due = request.dueMs() < settledMs;
      boolean replay = leads && !request.isReplayedUnder(state.lease());
      boolean patched = false;
      for (Patch patch : state.openPatches()) {
        if (!patch.overlaps(request.oldestMs(), request.newestMs())) {
          continue;
        }
        patched = true;
        boolean mine = patch.replica().equals(request.replica()) && patch.isOpen(state.nowMs());
        if (mine && (leads || due) && !request.isTestedIn(patch.id())) {
          judge.add(request);
          return;
        }
        replay &= mine || !patch.isOpen(state.nowMs()); // else the leader too would wait for it
      }
      if (replay) {
        judge.add(request);
      } else if (patched) {
        request.doubt();
      } else if (due) {
        settle(request);
      } else {
        request.forget(); // it was due while the leader seemed further, or more even
      }
    }

    private void settle(HeldRequest request) {
      switch (request.state()) {
        case UNKNOWN -> compare.add(request);
        case HOLED -> holed.add(request);
        case CLEAN -> {
          if (nowMs - request.sinceMs() >= CALM_MS) {
            calm.add(request);
          }
        }
      }
    }

    private Optional<PatchWish> patch(List<HeldRequest> held) {
      if (holed.isEmpty() || !mayPatch()) {
        return Optional.empty();
      }
      String replica = holed.get(0).replica();
      long oldestMs = Long.MAX_VALUE;
      long newestMs = Lease.NO_TIME;
      for (HeldRequest request : held) {
        if (request.replica().equals(replica)
            && request.dueMs() < settledMs
            && request.oldestMs() < settledMs
            && !isDone(request)) {
          oldestMs = Math.min(oldestMs, request.oldestMs());
          newestMs = Math.max(newestMs, request.newestMs());
        }
      }
      if (newestMs == Lease.NO_TIME) {
        return Optional.empty();
      }
      return Optional.of(
          new PatchWish(
              replica,
              oldestMs - SLACK_MS,
              Math.min(newestMs, settledMs - 1),
              newestHole(replica)));
    }

    private long newestHole(String replica) {
      return holed.stream()
          .filter(request -> request.replica().equals(replica))
          .mapToLong(request -> Math.min(request.newestMs(), settledMs - 1))
          .max()
          .orElse(Lease.NO_TIME);
    }

    /**
     * What was tested in full in an earlier patch and is clean since is not tested again for holes
     * of other times: else, while a leader leaves new ones, it lay in every patch and never
     * settled.
     */
    private boolean isDone(HeldRequest request) {
      return request.isTested()
          && request.state() == HeldRequest.State.CLEAN
          && isFarFromHoles(request);
    }

    /** A new leader first delivers what it has; patches do not follow each other at once. */
    private boolean mayPatch() {
      long startMs = state.lease().startMs();
      long lastMs = state.patchRun().lastMs();
      return state.openPatches().isEmpty()
          && (startMs == Lease.NO_TIME
              || state.progress().frontierMs() - startMs > state.settleMs())
          && (lastMs == Lease.NO_TIME
              || lastMs > state.nowMs()
              || state.nowMs() - lastMs >= BETWEEN_PATCHES_MS);
    }
  }
}
