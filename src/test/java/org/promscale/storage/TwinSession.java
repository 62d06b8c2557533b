package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One transaction at the twin: what it has locked and what it will change. One thread. */
final class TwinSession {

  /** A statement that cannot go on: whom it waits for is asked again whenever somebody ends. */
  record Waiting(
      Supplier<@Nullable TwinSession> attempt,
      Consumer<@Nullable TwinFailure> done,
      long sinceMs,
      long giveUpMs) {}

  /** A key of a row that is not committed yet. */
  record Key(long seriesId, long timeMs) {}

  final String owner;
  final List<Runnable> redo = new ArrayList<>();
  final List<Key> keys = new ArrayList<>();
  final List<TwinCluster.Lane> lanes = new ArrayList<>();
  final List<TwinCluster> exclusive = new ArrayList<>();
  final List<TwinCluster> shared = new ArrayList<>();
  boolean inCopy;
  boolean ended;
  long clientTurnSinceMs;
  @Nullable Waiting waiting;
  @Nullable TwinSession blockedBy;

  TwinSession(String owner, long nowMs) {
    this.owner = owner;
    this.clientTurnSinceMs = nowMs;
  }

  /** Follows the chain of those who wait; every statement waits for one session. */
  boolean waitsFor(TwinSession wanted) {
    TwinSession next = this;
    for (int hops = 0; next != null && hops < 64; hops++) {
      if (next == wanted) {
        return true;
      }
      next = next.blockedBy;
    }
    return false;
  }
}
