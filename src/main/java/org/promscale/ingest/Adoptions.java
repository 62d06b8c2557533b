package org.promscale.ingest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.promscale.ha.HeldRequest;

/**
 * The requests of the hold that also lie on the shelf: claimed as long as they are held, removed
 * when they have found their place. Thread-safe; {@link #keep} is for one thread at a time.
 */
final class Adoptions {

  /** Claims last for a minute. */
  private static final long RENEW_NANOS = Duration.ofSeconds(15).toNanos();

  private final HeldShelf shelf;
  private final LongSupplier nanoClock;
  private final Set<Long> held = ConcurrentHashMap.newKeySet();
  private final Set<Long> settled = ConcurrentHashMap.newKeySet();
  private long renewedAtNanos;

  Adoptions(HeldShelf shelf, LongSupplier nanoClock) {
    this.shelf = shelf;
    this.nanoClock = nanoClock;
    this.renewedAtNanos = nanoClock.getAsLong();
  }

  /** A request was taken from the shelf. */
  void took(long shelfId) {
    held.add(shelfId);
  }

  /** A request has left the hold; whoever adopted another copy of it has to do the same. */
  void left(HeldRequest request) {
    left(request.shelfId());
  }

  /** What was taken cannot be held. */
  void left(long shelfId) {
    if (shelfId != 0 && held.remove(shelfId)) {
      settled.add(shelfId);
    }
  }

  /**
   * Tells the shelf.
   *
   * @throws IngestFailure UNAVAILABLE if the database does not answer; call again
   */
  void keep() {
    List<Long> now = new ArrayList<>(settled);
    if (!now.isEmpty()) {
      shelf.settled(now);
      now.forEach(settled::remove);
    }
    if (!held.isEmpty() && nanoClock.getAsLong() - renewedAtNanos >= RENEW_NANOS) {
      shelf.renew();
      renewedAtNanos = nanoClock.getAsLong();
    }
  }
}
