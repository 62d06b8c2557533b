package org.promscale.ingest;

import java.util.HashMap;
import java.util.Map;

/**
 * Lets connectors take turns at opening patches. One patch is open at a time, and connectors look
 * in a fixed order: without this the first to look would open one after the other for as long as it
 * finds holes, and what the others hold would wait. So whoever opened a patch leaves the next one
 * to the others for a few looks. One thread.
 */
final class PatchTurns {

  /** Everybody looks once a second. */
  private static final long REST_MS = 3_000;

  private static final long OPEN = Long.MIN_VALUE;

  /** By cluster: when the patch that this connector opened was seen to be closed. */
  private final Map<Long, Long> mine = new HashMap<>();

  /** This connector has opened a patch. */
  void opened(long clusterId) {
    mine.put(clusterId, OPEN);
  }

  /**
   * Tells whether it is this connector's turn. Call it at every look.
   *
   * @param patched whether a patch of the cluster is open
   * @param nowMs time by a clock that never jumps
   */
  boolean isMine(long clusterId, boolean patched, long nowMs) {
    Long closedMs = mine.get(clusterId);
    if (closedMs == null) {
      return true;
    }
    if (closedMs == OPEN) {
      if (!patched) {
        mine.put(clusterId, nowMs);
      }
      return false;
    }
    if (!patched && nowMs - closedMs < REST_MS) {
      return false;
    }
    mine.remove(clusterId); // somebody else has had a turn, or wants none
    return true;
  }
}
