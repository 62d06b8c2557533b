package org.promscale.storage;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.promscale.model.MetricMetadata;

/**
 * What targets say about their metric families. Targets may disagree: every version is a row, the
 * one seen last counts. Thread-safe; a connection is used by one thread.
 */
public final class MetadataStore {

  private static final int MAX_ATTEMPTS = 8;
  private static final Set<String> RETRY = Set.of("40P01", "40001");

  /** Senders repeat all metadata every minute: what was seen within the hour is not written. */
  private static final String UPSERT =
      """
      INSERT INTO _prom_catalog.metadata (tenant_id, family, digest, type, unit, help)
      SELECT ?, u.family COLLATE "C", u.digest, u.type, u.unit, u.help
        FROM unnest(?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[])
             AS u (family, digest, type, unit, help)
       WHERE NOT EXISTS (SELECT FROM _prom_catalog.metadata m
                          WHERE m.tenant_id = ? AND m.family = u.family AND m.digest = u.digest
                            AND m.seen_at > now() - interval '1 hour')
       ORDER BY 2, 3
          ON CONFLICT (tenant_id, family, digest) DO UPDATE SET seen_at = excluded.seen_at
       WHERE metadata.seen_at < excluded.seen_at - interval '1 hour'
      """;

  /**
   * Stores metadata that is new or was last seen more than an hour ago, in a transaction of its
   * own.
   *
   * @param connection at READ COMMITTED, without auto-commit, no transaction open; likewise
   *     afterwards
   * @param tenant whose metadata it is
   * @return number of rows written, usually 0
   */
  public int upsert(Connection connection, int tenant, List<MetricMetadata> metadata)
      throws SQLException {
    LabelIdentity identity = new LabelIdentity();
    Map<UUID, Row> distinct = new HashMap<>();
    for (MetricMetadata m : metadata) {
      String type = m.type().name().toLowerCase(Locale.ROOT);
      distinct.putIfAbsent(
          identity.ofTexts(m.family(), type, m.unit(), m.help()),
          new Row(m, identity.ofTexts(type, m.unit(), m.help()), type));
    }
    if (distinct.isEmpty()) {
      return 0;
    }
    List<Row> rows = List.copyOf(distinct.values());
    return ShortTransaction.run(connection, MAX_ATTEMPTS, RETRY, c -> write(c, tenant, rows));
  }

  private static int write(Connection connection, int tenant, List<Row> rows) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(UPSERT)) {
      statement.setInt(1, tenant);
      statement.setArray(2, array(connection, "text", rows, row -> row.metadata.family()));
      statement.setArray(3, array(connection, "uuid", rows, Row::digest));
      statement.setArray(4, array(connection, "text", rows, Row::type));
      statement.setArray(5, array(connection, "text", rows, row -> row.metadata.unit()));
      statement.setArray(6, array(connection, "text", rows, row -> row.metadata.help()));
      statement.setInt(7, tenant);
      return statement.executeUpdate();
    }
  }

  private static Array array(
      Connection connection, String type, List<Row> rows, Function<Row, Object> of)
      throws SQLException {
    return connection.createArrayOf(type, rows.stream().map(of).toArray());
  }

  private record Row(MetricMetadata metadata, UUID digest, String type) {}
}
