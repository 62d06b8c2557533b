package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.promscale.ha.HeldRequest;
import org.promscale.ingest.HeldShelf;
import org.promscale.model.ReplicaIdentity;

/**
 * Held requests in PostgreSQL. Whoever takes a row claims it, past those that somebody else is
 * taking, and deletes it when it has settled. Thread-safe.
 */
final class PgHeldShelf implements HeldShelf {

  /** Bodies of one transaction while a connector leaves. */
  private static final long PUT_BYTES = 16 << 20;

  // One table for all connectors; its bound is that of the database, not of a heap.
  private static final long MOST_BYTES = 1L << 30;

  private static final String CLAIM =
      "claimed_by = ?::uuid, claimed_until = clock_timestamp() + interval '60 s'";

  private static final String IS_FREE = "coalesce(claimed_until, '-infinity') <= clock_timestamp()";

  // The sum of bytes before a row decides, so that at least one is taken.
  private static final String TAKE =
      """
      WITH chosen AS (
        SELECT held_id, sum(octet_length(body)) OVER (ORDER BY held_id) - octet_length(body) AS before
        FROM (SELECT h.held_id, h.body FROM _prom_catalog.ha_held h
              JOIN _prom_catalog.ha_lease l USING (cluster_id)
              WHERE (NOT ? OR h.replica = l.leader) AND %s
              ORDER BY h.held_id LIMIT 1000 FOR UPDATE OF h SKIP LOCKED) h),
      taken AS (
        UPDATE _prom_catalog.ha_held h SET %s FROM chosen
        WHERE h.held_id = chosen.held_id AND chosen.before < ?
        RETURNING h.held_id, h.cluster_id, h.replica, h.body, h.held_at)
      SELECT t.held_id, t.cluster_id, c.tenant_id, c.cluster, t.replica, t.body,
        _prom_catalog.data_ms(t.held_at)
      FROM taken t JOIN _prom_catalog.ha_cluster c USING (cluster_id) ORDER BY t.held_id
      """
          .formatted(IS_FREE, CLAIM);

  private static final String RENEW =
      "UPDATE _prom_catalog.ha_held SET " + CLAIM + " WHERE claimed_by = ?::uuid";

  private static final String SETTLED =
      "DELETE FROM _prom_catalog.ha_held WHERE held_id = ANY (?::bigint[]) AND claimed_by = ?::uuid";

  private static final String FREE =
      "UPDATE _prom_catalog.ha_held SET claimed_by = NULL, claimed_until = NULL WHERE held_id = ANY"
          + " (?::bigint[]) AND claimed_by = ?::uuid";

  private static final String BYTES =
      "SELECT coalesce(sum(octet_length(body)), 0), coalesce(sum(octet_length(body)) FILTER (WHERE "
          + IS_FREE
          + "), 0) FROM _prom_catalog.ha_held";

  private final String owner = UUID.randomUUID().toString();
  private final DataSource dataSource;
  private volatile long measured;

  PgHeldShelf(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public int put(Collection<HeldRequest> requests) {
    var unused = measure();
    long room = MOST_BYTES - measured;
    int put = free(requests);
    List<HeldRequest> part = new ArrayList<>();
    long partBytes = 0;
    for (HeldRequest request : requests) {
      if (request.shelfId() != 0) {
        continue;
      }
      room -= request.body().length;
      if (room < 0) {
        break;
      }
      part.add(request);
      partBytes += request.body().length;
      if (partBytes >= PUT_BYTES) {
        put += putPart(part);
        part.clear();
        partBytes = 0;
      }
    }
    return put + putPart(part);
  }

  /** Whoever took them meanwhile because they had not been claimed for long has them. */
  private int free(Collection<HeldRequest> requests) {
    List<Long> ids = requests.stream().map(HeldRequest::shelfId).filter(id -> id != 0).toList();
    change(FREE, ids);
    return ids.size();
  }

  @Override
  public void settled(Collection<Long> ids) {
    change(SETTLED, ids);
  }

  private void change(String sql, Collection<Long> ids) {
    if (ids.isEmpty()) {
      return;
    }
    LeaseSql.call(
        dataSource,
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, ids.stream().mapToLong(Long::longValue).toArray());
            statement.setString(2, owner);
            return statement.executeUpdate();
          }
        });
  }

  @Override
  public void renew() {
    LeaseSql.call(
        dataSource,
        connection -> {
          try (PreparedStatement renew = connection.prepareStatement(RENEW)) {
            renew.setString(1, owner);
            renew.setString(2, owner);
            return renew.executeUpdate();
          }
        });
  }

  private int putPart(List<HeldRequest> part) {
    return LeaseSql.call(
        dataSource,
        connection -> {
          connection.setAutoCommit(false);
          try {
            ShelfRows.insert(connection, part);
            connection.commit();
            return part.size();
          } finally {
            connection.rollback();
            connection.setAutoCommit(true);
          }
        });
  }

  @Override
  public List<Shelved> take(boolean leadersOnly, long maxBytes) {
    return LeaseSql.call(dataSource, connection -> take(connection, leadersOnly, maxBytes));
  }

  private List<Shelved> take(Connection connection, boolean leadersOnly, long maxBytes)
      throws SQLException {
    List<Shelved> taken = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(TAKE)) {
      statement.setBoolean(1, leadersOnly);
      statement.setString(2, owner);
      statement.setLong(3, maxBytes);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          taken.add(
              new Shelved(
                  row.getLong(1),
                  row.getLong(2),
                  row.getInt(3),
                  new ReplicaIdentity(row.getString(4), row.getString(5)),
                  row.getBytes(6),
                  row.getLong(7)));
        }
      }
    }
    return taken;
  }

  @Override
  public long measure() {
    return LeaseSql.call(
        dataSource,
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(BYTES);
              ResultSet row = statement.executeQuery()) {
            row.next();
            measured = row.getLong(1);
            return row.getLong(2);
          }
        });
  }

  @Override
  public boolean hasRoom() {
    return measured < MOST_BYTES;
  }
}
