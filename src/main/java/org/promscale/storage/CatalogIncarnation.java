package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * Makes sure that cached ids still mean what they meant: the catalog carries a random value that
 * changes whenever ids may have gone or moved by a deletion, and a {@link DatabaseHistory} shows a
 * restore or a promotion. If it is not the one the cache was filled under, the transaction is
 * rolled back, the cache emptied and the sender told to come back; its next try brings the labels
 * again. So is every request whose ids were looked up before the cache was emptied, however many of
 * them were under way. Thread-safe.
 *
 * <p>Whoever changes the value holds {@code _prom_catalog.lock_key('incarnation')} alone, from
 * before the first deletion until its commit. The storing transaction shares that lock from here to
 * its own commit: it has either committed before the deletion looks for rows, or sees the new
 * value. Storing transactions do not wait for each other.
 */
public final class CatalogIncarnation implements CommitGuard {

  private static final Logger LOG = System.getLogger(CatalogIncarnation.class.getName());

  private final SeriesCache cache;
  private final DatabaseHistory history = new DatabaseHistory();
  private @Nullable Seen seen;

  /**
   * What the database showed.
   *
   * @param moment the newest of its history
   * @param epoch of the cache when this history was met; ids found since are good in it
   */
  private record Seen(DatabaseHistory.Moment moment, long epoch) {}

  /** Guards this cache. */
  public CatalogIncarnation(SeriesCache cache) {
    this.cache = cache;
  }

  /**
   * Reads the value before any id is cached: one that changed before the first transaction would
   * never be missed otherwise.
   *
   * @param connection with auto-commit
   */
  void begin(Connection connection) throws SQLException {
    history.begin(connection);
    learn(history.read(connection), 0);
  }

  @Override
  public void check(Connection connection, List<PendingBatch> group) throws SQLException {
    long passed = position();
    long required = learn(history.read(connection), passed);
    for (PendingBatch pending : group) {
      if (pending.batch().series().idEpoch() < required) {
        throw new IngestFailure(
            FailureKind.UNAVAILABLE,
            "cannot store the request now: the catalog was restored or cleaned meanwhile; the next"
                + " try will succeed");
      }
    }
  }

  private synchronized long position() {
    return seen == null ? 0 : seen.moment.position();
  }

  /**
   * Empties the cache if this is another history; returns the epoch that ids must be of.
   *
   * @param passed a position that was seen before this moment was asked for: in the same history it
   *     is not ahead of it
   */
  private synchronized long learn(DatabaseHistory.Moment current, long passed) {
    Seen known = seen;
    if (known == null) {
      return remember(current);
    }
    DatabaseHistory.Moment before = known.moment;
    boolean sameToken = current.token().equals(before.token());
    boolean sameHistory = current.origin().equals(before.origin()) && current.position() >= passed;
    if (sameToken && !sameHistory) {
      LOG.log(
          Level.WARNING,
          "The database was restored, promoted, or crashed before its log was on disk: all series"
              + " are looked up anew, senders may see one 503 ({0} at {1}, before {2} at {3})",
          current.origin(),
          Long.toString(current.position()),
          before.origin(),
          Long.toString(passed));
    }
    if (!sameToken || !sameHistory) {
      cache.clear();
      return remember(current);
    }
    if (current.position() > before.position()) {
      seen = new Seen(current, known.epoch);
    }
    return known.epoch;
  }

  private long remember(DatabaseHistory.Moment moment) {
    long epoch = cache.epoch();
    seen = new Seen(moment, epoch);
    return epoch;
  }
}
