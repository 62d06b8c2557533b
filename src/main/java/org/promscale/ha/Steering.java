package org.promscale.ha;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What operators want of a cluster's leadership.
 *
 * @param pinned the replica that shall lead while it delivers, or null
 * @param pinnedUntilMs wall time at which the pin ends, by the database's clock; {@link
 *     Long#MAX_VALUE} for never
 * @param drained replicas that shall not lead unless nobody else lives
 */
public record Steering(@Nullable String pinned, long pinnedUntilMs, Set<String> drained) {

  /** Nobody steers. */
  public static final Steering NONE = new Steering(null, Long.MAX_VALUE, Set.of());

  /** Returns the pinned replica, or null if there is none at this wall time. */
  public @Nullable String pinnedAt(long nowMs) {
    return nowMs < pinnedUntilMs ? pinned : null;
  }
}
