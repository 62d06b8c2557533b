package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * Makes sure that cached ids still mean what they meant: the catalog carries a random value that
 * changes whenever ids may have gone or moved (deletion, restore, promotion). If it is not the one
 * the cache was filled under, the transaction is rolled back, the cache emptied and the sender told
 * to come back; its next try brings the labels again. Thread-safe.
 */
public final class CatalogIncarnation implements CommitGuard {

  private final SeriesCache cache;
  private final AtomicReference<@Nullable UUID> seen = new AtomicReference<>();

  /** Guards this cache. */
  public CatalogIncarnation(SeriesCache cache) {
    this.cache = cache;
  }

  @Override
  public void check(Connection connection) throws SQLException {
    UUID current;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT token FROM _prom_catalog.incarnation")) {
      if (!row.next()) {
        throw new SQLException("_prom_catalog.incarnation is empty");
      }
      current = row.getObject(1, UUID.class);
    }
    UUID known = seen.get();
    if (current.equals(known)) {
      return;
    }
    if (known == null && seen.compareAndSet(null, current)) {
      return; // the first transaction of this connector
    }
    seen.set(current);
    cache.clear();
    throw new IngestFailure(
        FailureKind.UNAVAILABLE,
        "cannot store the request now: the catalog was restored or cleaned meanwhile; the next try"
            + " will succeed");
  }
}
