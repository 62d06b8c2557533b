package org.promscale.sim;

import java.util.List;
import org.promscale.ha.HeldRequest;

/**
 * Judges by I3 who takes responsibility for a standby's samples: only a connector that has read who
 * leads within three seconds. An older view may be of a term that is over, and what is held by it
 * would be looked for too late.
 */
final class Promises {

  private static final long FRESH_MS = 3_000;

  private final World world;

  Promises(World world) {
    this.world = world;
  }

  /**
   * A request was answered with success.
   *
   * @param heardMs true time when the connector began to handle it: its view may be that old
   * @param held what the connector holds now
   */
  void given(
      Connector connector,
      Policy.Elector elector,
      long heardMs,
      byte[] body,
      List<HeldRequest> held) {
    for (HeldRequest request : held) {
      if (request.body() == body) {
        long viewedMs = elector.viewedAtMs(request.clusterId());
        if (viewedMs < heardMs - FRESH_MS) {
          world.violated(
              "I3: %s holds samples of %s by a view of the lease that is %.1f s old"
                  .formatted(connector.name(), request.replica(), (heardMs - viewedMs) / 1e3));
        }
      }
    }
  }
}
