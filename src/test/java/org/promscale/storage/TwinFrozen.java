package org.promscale.storage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ends sessions whose client is frozen, as {@link FrozenSessions} does: that block others for 10 s,
 * are in COPY for 30 s, or idle with locks on leases for 10 s; by the database's clock, or seen for
 * as long in true time. One of these is of one connector. One thread.
 */
final class TwinFrozen {

  private static final long WAIT_MS = 10_000;
  private static final long COPY_MS = 30_000;
  private static final long IDLE_MS = 10_000;

  /** What is seen of a session, and whom it keeps waiting since when. */
  private record Suspicion(
      TwinSession session,
      long clientTurnSinceMs,
      @Nullable TwinSession waiter,
      long waitsSinceMs) {}

  private final TwinDatabase db;
  private Map<Suspicion, Long> since = new HashMap<>();
  private Map<Suspicion, Long> still = new HashMap<>();

  TwinFrozen(TwinDatabase db) {
    this.db = db;
  }

  int end() {
    Set<TwinSession> frozen = new HashSet<>();
    still = new HashMap<>();
    for (TwinSession session : db.sessions()) {
      if (isFrozenInCopy(session) || hasIdled(session)) {
        frozen.add(session);
      }
      TwinSession blocker = blocker(session);
      if (blocker != null) {
        frozen.add(blocker);
      }
    }
    since = still;
    frozen.forEach(session -> db.end(session, false));
    return frozen.size();
  }

  /** Tells whether something has been seen for long enough. */
  private boolean isSeenFor(
      TwinSession session, @Nullable TwinSession waiter, long waitsSinceMs, long longestMs) {
    Suspicion suspicion = new Suspicion(session, session.clientTurnSinceMs, waiter, waitsSinceMs);
    long first = since.getOrDefault(suspicion, db.trueMs());
    still.put(suspicion, first);
    return db.trueMs() - first >= longestMs;
  }

  private boolean isFrozenInCopy(TwinSession session) {
    return session.waiting == null
        && session.inCopy
        && (isSeenFor(session, null, 0, COPY_MS)
            || session.clientTurnSinceMs < db.nowMs() - COPY_MS);
  }

  /** Returns who has kept a session waiting for long, and waits for nobody but its client. */
  private @Nullable TwinSession blocker(TwinSession session) {
    TwinSession.Waiting waiting = session.waiting;
    TwinSession blocker = session.blockedBy;
    return waiting != null
            && blocker != null
            && blocker.waiting == null
            && (isSeenFor(blocker, session, waiting.sinceMs(), WAIT_MS)
                || (waiting.sinceMs() < db.nowMs() - WAIT_MS
                    && blocker.clientTurnSinceMs < db.nowMs() - TwinDatabase.IDLE_TIMEOUT_MS))
        ? blocker
        : null;
  }

  private boolean hasIdled(TwinSession session) {
    boolean locks =
        !session.lanes.isEmpty() || !session.exclusive.isEmpty() || !session.shared.isEmpty();
    return session.waiting == null
        && !session.inCopy
        && locks
        && isSeenFor(session, null, 0, IDLE_MS);
  }
}
