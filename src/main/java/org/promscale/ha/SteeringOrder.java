package org.promscale.ha;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an operator wants of a cluster's leadership. Immutable.
 *
 * @param action what shall be done
 * @param replica with whom; null only where a pin is taken back, whosever it is
 * @param force whether to do it although the replica is not seen, or far behind
 * @param pinFor how long a pin lasts, from now on; null: see {@code pinUntil}
 * @param pinUntil when a pin ends; null, with {@code pinFor} null too: it does not
 * @param fence the lease that the operator saw; null where it does not matter
 * @param actor who wants it
 * @param reason why
 */
public record SteeringOrder(
    Action action,
    @Nullable String replica,
    boolean force,
    @Nullable Duration pinFor,
    @Nullable Instant pinUntil,
    @Nullable UUID fence,
    String actor,
    String reason) {

  /** What can be done to leadership. */
  public enum Action {
    /** A replica shall lead from now on. */
    HAND_OVER,
    /** A replica shall lead while it delivers. */
    PIN,
    /** Nobody is preferred any more. */
    UNPIN,
    /** A replica shall not lead unless nobody else lives. */
    DRAIN,
    /** A replica may lead again. */
    UNDRAIN;

    /** Returns it as it stands in the record of actions. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Returns when a pin of this order ends, in milliseconds of wall time by the database's clock;
   * {@link Long#MAX_VALUE} for never.
   */
  public long pinnedUntilMs(long nowMs) {
    Duration length = pinFor;
    if (length != null) {
      return nowMs + length.toMillis();
    }
    Instant end = pinUntil;
    return end == null ? Long.MAX_VALUE : end.toEpochMilli();
  }
}
