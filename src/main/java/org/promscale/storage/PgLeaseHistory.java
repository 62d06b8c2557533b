package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.promscale.ingest.LeaseHistory;

/** The history of leases, as the views in {@code prom_info} show it. Thread-safe. */
final class PgLeaseHistory implements LeaseHistory {

  private static final String OF_CLUSTER = " WHERE tenant_id = ? AND cluster = ? ORDER BY ";
  private static final String KNOWN =
      "SELECT 1 FROM _prom_catalog.ha_cluster WHERE tenant_id = ? AND cluster = ?";

  private final DataSource dataSource;

  PgLeaseHistory(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public Optional<List<TermEntry>> terms(int tenant, String cluster, int limit) {
    String sql =
        "SELECT term, leader, "
            + times("starts", "ends", "decided_at")
            + ", cause, actor, reason, hole_ms, silence_ms, failover_ms FROM prom_info.ha_terms"
            + OF_CLUSTER
            + "term DESC";
    return read(
        tenant,
        cluster,
        limit,
        sql,
        row ->
            new TermEntry(
                row.getLong("term"),
                row.getString("leader"),
                time(row, "starts", Long.MIN_VALUE),
                time(row, "ends", Long.MAX_VALUE),
                row.getString("cause"),
                row.getString("actor"),
                row.getString("reason"),
                row.getObject("hole_ms", Long.class),
                row.getObject("silence_ms", Long.class),
                row.getObject("failover_ms", Long.class),
                row.getLong("decided_at")));
  }

  @Override
  public Optional<List<PatchEntry>> patches(int tenant, String cluster, int limit) {
    String sql =
        "SELECT replica, cause, "
            + times("starts", "ends", "opened_at", "opens_at", "open_until")
            + ", samples_filled FROM prom_info.ha_patches p"
            + OF_CLUSTER
            + "p.opened_at DESC";
    return read(
        tenant,
        cluster,
        limit,
        sql,
        row ->
            new PatchEntry(
                row.getString("replica"),
                row.getString("cause"),
                time(row, "starts", Long.MIN_VALUE),
                time(row, "ends", Long.MAX_VALUE),
                row.getLong("samples_filled"),
                row.getLong("opened_at"),
                row.getLong("opens_at"),
                row.getLong("open_until")));
  }

  @Override
  public Optional<List<ActionEntry>> actions(int tenant, String cluster, int limit) {
    String sql =
        "SELECT action, replica, actor, reason, forced, term, "
            + times("at", "expires")
            + " FROM prom_info.ha_actions a"
            + OF_CLUSTER
            + "a.at DESC";
    return read(
        tenant,
        cluster,
        limit,
        sql,
        row ->
            new ActionEntry(
                row.getLong("at"),
                row.getString("action"),
                row.getString("replica"),
                row.getString("actor"),
                row.getString("reason"),
                row.getBoolean("forced"),
                time(row, "expires", Long.MAX_VALUE),
                row.getLong("term")));
  }

  private static String times(String... columns) {
    List<String> all = new ArrayList<>();
    for (String column : columns) {
      all.add("_prom_catalog.data_ms(" + column + ") AS " + column);
    }
    return String.join(", ", all);
  }

  private static long time(ResultSet row, String column, long otherwise) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? otherwise : value;
  }

  /** Makes an entry of a row. */
  @FunctionalInterface
  private interface Entry<T> {
    T of(ResultSet row) throws SQLException;
  }

  private <T> Optional<List<T>> read(
      int tenant, String cluster, int limit, String sql, Entry<T> entry) {
    return LeaseSql.call(
        dataSource,
        connection -> {
          List<T> entries = rows(connection, tenant, cluster, sql + " LIMIT " + limit, entry);
          boolean known =
              !entries.isEmpty() || !rows(connection, tenant, cluster, KNOWN, row -> 1).isEmpty();
          return known ? Optional.of(entries) : Optional.empty();
        });
  }

  private static <T> List<T> rows(
      Connection connection, int tenant, String cluster, String sql, Entry<T> entry)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setQueryTimeout(LeaseSql.TIMEOUT_SECONDS);
      query.setInt(1, tenant);
      query.setString(2, cluster);
      List<T> entries = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          entries.add(entry.of(row));
        }
      }
      return entries;
    }
  }
}
