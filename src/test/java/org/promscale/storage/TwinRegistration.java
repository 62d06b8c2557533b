package org.promscale.storage;

import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The statements that register a lane. Stateless. */
final class TwinRegistration {

  private TwinRegistration() {}

  static void lock(
      TwinDatabase db,
      TwinSession session,
      TwinCluster cluster,
      Consumer<@Nullable TwinFailure> done) {
    db.run(
        session,
        TwinDatabase.LOCK_TIMEOUT_MS,
        () -> db.mutant == Mutant.REGISTERS_UNLOCKED ? null : db.lockShared(session, cluster),
        done);
  }

  /** Inserts the row; the share of the lease keeps its fence the one of now until COMMIT. */
  static void insert(TwinDatabase db, TwinSession session, TwinCluster cluster, String lane) {
    UUID fence = cluster.fence;
    session.redo.add(
        () ->
            cluster.lanes.computeIfAbsent(
                lane, name -> new TwinCluster.Lane(name, fence, db.nowMs())));
    session.clientTurnSinceMs = db.nowMs();
  }
}
