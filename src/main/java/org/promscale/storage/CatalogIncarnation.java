package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * Makes sure that cached ids still mean what they meant: the catalog carries a random value that
 * changes whenever ids may have gone or moved (deletion, restore, promotion). If it is not the one
 * the cache was filled under, the transaction is rolled back, the cache emptied and the sender told
 * to come back; its next try brings the labels again. So is every request whose ids were looked up
 * before the cache was emptied, however many of them were under way. Thread-safe.
 *
 * <p>Whoever changes the value holds {@code _prom_catalog.lock_key('incarnation')} alone, from
 * before the first deletion until its commit. The storing transaction shares that lock from here to
 * its own commit: it has either committed before the deletion looks for rows, or sees the new
 * value. Storing transactions do not wait for each other.
 */
public final class CatalogIncarnation implements CommitGuard {

  /** Two statements: the second must not see with the snapshot of before the wait. */
  private static final String LOCK_AND_READ =
      "SELECT pg_advisory_xact_lock_shared(_prom_catalog.lock_key('incarnation'));"
          + " SELECT token FROM _prom_catalog.incarnation";

  private final SeriesCache cache;
  private @Nullable Seen seen;

  /**
   * What the catalog carried.
   *
   * @param epoch of the cache then; ids found since are good under the token
   */
  private record Seen(UUID token, long epoch) {}

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
    learn(read(connection));
  }

  @Override
  public void check(Connection connection, List<PendingBatch> group) throws SQLException {
    long required = learn(read(connection));
    for (PendingBatch pending : group) {
      if (pending.batch().series().idEpoch() < required) {
        throw new IngestFailure(
            FailureKind.UNAVAILABLE,
            "cannot store the request now: the catalog was restored or cleaned meanwhile; the next"
                + " try will succeed");
      }
    }
  }

  /** Empties the cache if the value is a new one; returns the epoch that ids must be of. */
  private synchronized long learn(UUID current) {
    Seen known = seen;
    if (known == null || !known.token().equals(current)) {
      if (known != null) {
        cache.clear();
      }
      known = new Seen(current, cache.epoch());
      seen = known;
    }
    return known.epoch();
  }

  private static UUID read(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(LOCK_AND_READ);
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        if (!row.next()) {
          throw new SQLException("_prom_catalog.incarnation is empty");
        }
        return row.getObject(1, UUID.class);
      }
    }
  }
}
