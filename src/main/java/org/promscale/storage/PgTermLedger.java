package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Lease;
import org.promscale.ha.Seam;
import org.promscale.ha.StoredTimes;
import org.promscale.ingest.TermLedger;
import org.promscale.model.Labels;

/** The terms that were not measured yet, in PostgreSQL. Thread-safe. */
final class PgTermLedger implements TermLedger {

  /** Series of a cluster that are looked at. */
  private static final int SERIES = 256;

  /** Finding them takes a second for every million series of the cluster, roughly. */
  private static final int MEASURE_SECONDS = 10;

  private static final String QUERY_CANCELED = "57014";

  // Lanes keep their last commit only: whoever looks every second knows the first one well enough.
  private static final String NOTE_FIRST =
      """
      UPDATE _prom_catalog.ha_term t SET first_commit = g.at
      FROM _prom_catalog.ha_lease l
      CROSS JOIN LATERAL (SELECT min(committed_at) AS at FROM _prom_catalog.ha_progress g
        WHERE g.cluster_id = l.cluster_id AND g.fence = l.fence) g
      WHERE t.cluster_id = l.cluster_id AND t.term = l.term AND t.term > 1
        AND t.measured_at IS NULL AND t.first_commit IS NULL AND g.at IS NOT NULL
      """;

  private static final String OPEN =
      """
      SELECT t.cluster_id, c.tenant_id, c.cluster, t.term, b.leader AS before, t.leader,
        _prom_catalog.data_ms(t.starts) AS starts, t.cause, t.actor, t.reason,
        coalesce(t.silence_ms, 0) AS silence_ms,
        CASE WHEN t.first_commit IS NOT NULL AND t.last_commit IS NOT NULL THEN
          greatest(0, extract(epoch FROM t.first_commit - t.last_commit) * 1000)::bigint END AS failover_ms,
        _prom_catalog.data_ms(greatest(l.base_frontier,
          (SELECT max(g.frontier) FROM _prom_catalog.ha_progress g
           WHERE g.cluster_id = l.cluster_id AND g.fence = l.fence))) AS frontier,
        (extract(epoch FROM clock_timestamp() - t.decided_at) * 1000)::bigint AS age_ms,
        l.term > t.term AS over,
        EXISTS (SELECT FROM _prom_catalog.ha_patch p WHERE p.cluster_id = l.cluster_id
          AND p.open_until = 'infinity') AS seam_open
      FROM _prom_catalog.ha_term t
      JOIN _prom_catalog.ha_cluster c USING (cluster_id)
      JOIN _prom_catalog.ha_lease l USING (cluster_id)
      JOIN _prom_catalog.ha_term b ON b.cluster_id = t.cluster_id AND b.term = t.term - 1
      WHERE t.measured_at IS NULL AND t.term > 1
      ORDER BY t.cluster_id, t.term
      """;

  private static final String CHOOSE =
      "SELECT id FROM _prom_catalog.series WHERE tenant_id = ? AND (%s) ORDER BY random() LIMIT "
          + SERIES;

  private static final String AROUND =
      """
      SELECT w.n, _prom_catalog.data_ms(x.time), float8send(x.value) = '\\x7ff0000000000002'
      FROM unnest(?::bigint[]) WITH ORDINALITY AS w (id, n)
      CROSS JOIN (SELECT _prom_catalog.data_time(?) AS at) s
      CROSS JOIN LATERAL (
        (SELECT time, value FROM prom_data.sample WHERE series_id = w.id AND time <= s.at
           AND time > s.at - interval '1 hour' ORDER BY time DESC LIMIT 260)
        UNION ALL
        (SELECT time, value FROM prom_data.sample WHERE series_id = w.id AND time > s.at
           AND time <= s.at + interval '1 hour' ORDER BY time LIMIT 4)) x
      ORDER BY 1, 2
      """;

  private static final String CLOSE =
      "UPDATE _prom_catalog.ha_term SET hole_ms = ?, measured_at = clock_timestamp() WHERE"
          + " cluster_id = ? AND term = ? AND measured_at IS NULL";

  private final DataSource dataSource;
  private final List<String> clusterLabels;

  /**
   * Reads and writes terms.
   *
   * @param clusterLabels names of the labels that say which cluster a series belongs to
   */
  PgTermLedger(DataSource dataSource, List<String> clusterLabels) {
    this.dataSource = dataSource;
    this.clusterLabels = List.copyOf(clusterLabels);
  }

  @Override
  public List<NewTerm> open() {
    return LeaseSql.call(
        dataSource,
        connection -> {
          List<NewTerm> terms = read(connection);
          boolean silentYet = terms.stream().anyMatch(t -> t.failoverMs() == null && !t.over());
          if (silentYet && noteFirst(connection) > 0) {
            return read(connection);
          }
          return terms;
        });
  }

  private static int noteFirst(Connection connection) throws SQLException {
    try (PreparedStatement note = connection.prepareStatement(NOTE_FIRST)) {
      note.setQueryTimeout(LeaseSql.TIMEOUT_SECONDS);
      return note.executeUpdate();
    }
  }

  private static List<NewTerm> read(Connection connection) throws SQLException {
    List<NewTerm> terms = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(OPEN)) {
      query.setQueryTimeout(LeaseSql.TIMEOUT_SECONDS);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          terms.add(
              new NewTerm(
                  row.getLong("cluster_id"),
                  row.getInt("tenant_id"),
                  row.getString("cluster"),
                  row.getLong("term"),
                  row.getString("before"),
                  row.getString("leader"),
                  time(row, "starts"),
                  row.getString("cause"),
                  row.getString("actor"),
                  row.getString("reason"),
                  row.getLong("silence_ms"),
                  row.getObject("failover_ms", Long.class),
                  time(row, "frontier"),
                  row.getLong("age_ms"),
                  row.getBoolean("over"),
                  row.getBoolean("seam_open")));
        }
      }
    }
    return terms;
  }

  private static long time(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? Lease.NO_TIME : value;
  }

  @Override
  public Seam measure(NewTerm term) {
    return LeaseSql.call(
        dataSource,
        connection -> {
          try {
            return measure(connection, term);
          } catch (SQLException e) {
            if (QUERY_CANCELED.equals(e.getSQLState())) {
              return Seam.UNKNOWN; // it would take as long the next time
            }
            throw e;
          }
        });
  }

  private Seam measure(Connection connection, NewTerm term) throws SQLException {
    Map<Integer, StoredTimes.Builder> stored = new HashMap<>();
    try (PreparedStatement around = connection.prepareStatement(AROUND)) {
      around.setQueryTimeout(MEASURE_SECONDS);
      around.setObject(1, choose(connection, term));
      around.setLong(2, term.startMs());
      try (ResultSet row = around.executeQuery()) {
        while (row.next()) {
          stored
              .computeIfAbsent(row.getInt(1), n -> new StoredTimes.Builder())
              .add(row.getLong(2), row.getBoolean(3));
        }
      }
    }
    List<StoredTimes> all = stored.values().stream().map(StoredTimes.Builder::build).toList();
    long oldestMs = all.stream().mapToLong(series -> series.timesMs()[0]).min().orElse(0);
    Seam seam = Seam.UNKNOWN;
    for (StoredTimes series : all) {
      seam = seam.with(series, term.startMs(), oldestMs);
    }
    return seam;
  }

  private long[] choose(Connection connection, NewTerm term) throws SQLException {
    List<String> ofCluster = clusterLabels.stream().map(label -> "labels @> ?::jsonb").toList();
    List<Long> ids = new ArrayList<>();
    try (PreparedStatement choose =
        connection.prepareStatement(CHOOSE.formatted(String.join(" OR ", ofCluster)))) {
      choose.setQueryTimeout(MEASURE_SECONDS);
      choose.setInt(1, term.tenant());
      for (int i = 0; i < clusterLabels.size(); i++) {
        Labels label = Labels.of(clusterLabels.get(i), term.cluster());
        choose.setString(i + 2, new LabelsJson().write(label));
      }
      try (ResultSet row = choose.executeQuery()) {
        while (row.next()) {
          ids.add(row.getLong(1));
        }
      }
    }
    return ids.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public boolean close(NewTerm term, @Nullable Long holeMs) {
    return LeaseSql.call(
        dataSource,
        connection -> {
          try (PreparedStatement close = connection.prepareStatement(CLOSE)) {
            close.setQueryTimeout(LeaseSql.TIMEOUT_SECONDS);
            close.setObject(1, holeMs, java.sql.Types.BIGINT);
            close.setLong(2, term.clusterId());
            close.setLong(3, term.number());
            return close.executeUpdate() == 1;
          }
        });
  }
}
