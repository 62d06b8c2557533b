package org.promscale.storage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ends sessions whose client is frozen, as {@link FrozenSessions} does: that block others for 10 s,
 * are in COPY for 30 s, or were seen idling with locks on leases for 10 s of true time. One of
 * these is of one connector. One thread.
 */
final class TwinFrozen {

  private static final long WAIT_MS = 10_000;
  private static final long COPY_MS = 30_000;
  private static final long IDLE_MS = 10_000;

  private record Idle(TwinSession session, long clientTurnSinceMs) {}

  private final TwinDatabase db;
  private Map<Idle, Long> idleSince = new HashMap<>();

  TwinFrozen(TwinDatabase db) {
    this.db = db;
  }

  int end() {
    Set<TwinSession> frozen = new HashSet<>();
    Map<Idle, Long> still = new HashMap<>();
    for (TwinSession session : db.sessions()) {
      if (isFrozen(session) || hasIdled(session, still)) {
        frozen.add(session);
      }
      TwinSession blocker = blocker(session);
      if (blocker != null) {
        frozen.add(blocker);
      }
    }
    idleSince = still;
    frozen.forEach(session -> db.end(session, false));
    return frozen.size();
  }

  private boolean isFrozen(TwinSession session) {
    return session.waiting == null
        && session.inCopy
        && session.clientTurnSinceMs < db.nowMs() - COPY_MS;
  }

  /** Returns who has kept a session waiting for long, and waits for nobody but its client. */
  private @Nullable TwinSession blocker(TwinSession session) {
    TwinSession.Waiting waiting = session.waiting;
    TwinSession blocker = session.blockedBy;
    return waiting != null
            && blocker != null
            && waiting.sinceMs() < db.nowMs() - WAIT_MS
            && blocker.waiting == null
            && blocker.clientTurnSinceMs < db.nowMs() - TwinDatabase.IDLE_TIMEOUT_MS
        ? blocker
        : null;
  }

  private boolean hasIdled(TwinSession session, Map<Idle, Long> still) {
    boolean locks =
        !session.lanes.isEmpty() || !session.exclusive.isEmpty() || !session.shared.isEmpty();
    if (session.waiting != null || session.inCopy || !locks) {
      return false;
    }
    Idle idle = new Idle(session, session.clientTurnSinceMs);
    long since = idleSince.getOrDefault(idle, db.trueMs());
    still.put(idle, since);
    return db.trueMs() - since >= IDLE_MS;
  }
}
