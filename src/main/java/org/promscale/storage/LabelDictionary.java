package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.promscale.model.Labels;

/**
 * What the catalog knows besides series: metrics, label names, label values, and which metric has
 * which label. Works inside the caller's transaction, always in this order and sorted within, so
 * that two connectors never wait for each other in a circle.
 */
final class LabelDictionary {

  /** The lock keeps the metrics from being deleted before our series are committed. */
  private static final String FIND_METRICS =
      "SELECT name, id FROM _prom_catalog.metric WHERE tenant_id = ? AND name = ANY (?::text[])"
          + " FOR KEY SHARE";

  private static final String INSERT_METRICS =
      """
      INSERT INTO _prom_catalog.metric (tenant_id, name)
      SELECT ?, n COLLATE "C" FROM unnest(?::text[]) AS n ORDER BY 2
          ON CONFLICT (tenant_id, name) DO NOTHING
      """;

  private static final String FIND_KEYS =
      "SELECT key, id FROM _prom_catalog.label_key WHERE tenant_id = ? AND key = ANY (?::text[])";

  private static final String INSERT_KEYS =
      """
      INSERT INTO _prom_catalog.label_key (tenant_id, key)
      SELECT ?, k COLLATE "C" FROM unnest(?::text[]) AS k ORDER BY 2
          ON CONFLICT (tenant_id, key) DO NOTHING
      """;

  private static final String INSERT_VALUES =
      """
      INSERT INTO _prom_catalog.label_value (key_id, digest, value)
      SELECT u.key_id, u.digest, u.value
        FROM unnest(?::bigint[]::int[], ?::uuid[], ?::text[]) AS u (key_id, digest, value)
       WHERE NOT EXISTS (SELECT FROM _prom_catalog.label_value v
                          WHERE v.key_id = u.key_id AND v.digest = u.digest)
       ORDER BY u.key_id, u.digest
          ON CONFLICT (key_id, digest) DO NOTHING
      """;

  private static final String INSERT_METRIC_LABELS =
      """
      INSERT INTO _prom_catalog.metric_label (metric_id, key)
      SELECT u.metric_id, u.key COLLATE "C"
        FROM unnest(?::bigint[], ?::text[]) AS u (metric_id, key)
       WHERE NOT EXISTS (SELECT FROM _prom_catalog.metric_label l
                          WHERE l.metric_id = u.metric_id AND l.key = u.key)
       ORDER BY 1, 2
          ON CONFLICT (metric_id, key) DO NOTHING
      """;

  private final Connection connection;
  private final int tenant;

  LabelDictionary(Connection connection, int tenant) {
    this.connection = connection;
    this.tenant = tenant;
  }

  /** Enters all that these label sets hold; returns the ids of their metrics by name. */
  Map<String, Long> register(Collection<Labels> series) throws SQLException {
    Map<String, Set<String>> keysOfMetric = new HashMap<>();
    Map<String, Set<String>> valuesOfKey = new HashMap<>();
    for (Labels labels : series) {
      Set<String> keys = keysOfMetric.computeIfAbsent(labels.metricName(), n -> new HashSet<>());
      for (int i = 0; i < labels.size(); i++) {
        String key = labels.name(i);
        valuesOfKey.computeIfAbsent(key, k -> new HashSet<>()).add(labels.value(i));
        if (!key.equals(Labels.METRIC_NAME)) {
          keys.add(key);
        }
      }
    }
    Map<String, Long> metrics = idsOf(keysOfMetric.keySet(), FIND_METRICS, INSERT_METRICS);
    Map<String, Long> keys = idsOf(valuesOfKey.keySet(), FIND_KEYS, INSERT_KEYS);
    insertValues(valuesOfKey, keys);
    insertMetricLabels(keysOfMetric, metrics);
    return metrics;
  }

  private Map<String, Long> idsOf(Set<String> names, String find, String insert)
      throws SQLException {
    Map<String, Long> ids = new HashMap<>();
    find(names, find, ids);
    List<String> missing = names.stream().filter(n -> !ids.containsKey(n)).toList();
    if (!missing.isEmpty()) {
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        statement.setInt(1, tenant);
        statement.setArray(2, connection.createArrayOf("text", missing.toArray()));
        statement.executeUpdate();
      }
      find(missing, find, ids);
    }
    return ids;
  }

  private void find(Collection<String> names, String find, Map<String, Long> ids)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(find)) {
      statement.setInt(1, tenant);
      statement.setArray(2, connection.createArrayOf("text", names.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          ids.put(rows.getString(1), rows.getLong(2));
        }
      }
    }
  }

  private void insertValues(Map<String, Set<String>> valuesOfKey, Map<String, Long> keyIds)
      throws SQLException {
    LabelIdentity identity = new LabelIdentity();
    List<Long> keys = new ArrayList<>();
    List<UUID> digests = new ArrayList<>();
    List<String> values = new ArrayList<>();
    valuesOfKey.forEach(
        (key, of) -> {
          for (String value : of) {
            keys.add(keyIds.get(key));
            digests.add(identity.ofText(value));
            values.add(value);
          }
        });
    try (PreparedStatement statement = connection.prepareStatement(INSERT_VALUES)) {
      statement.setArray(1, connection.createArrayOf("bigint", keys.toArray()));
      statement.setArray(2, connection.createArrayOf("uuid", digests.toArray()));
      statement.setArray(3, connection.createArrayOf("text", values.toArray()));
      statement.executeUpdate();
    }
  }

  private void insertMetricLabels(
      Map<String, Set<String>> keysOfMetric, Map<String, Long> metricIds) throws SQLException {
    List<Long> metrics = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    keysOfMetric.forEach(
        (metric, of) -> {
          for (String key : of) {
            metrics.add(metricIds.get(metric));
            keys.add(key);
          }
        });
    try (PreparedStatement statement = connection.prepareStatement(INSERT_METRIC_LABELS)) {
      statement.setArray(1, connection.createArrayOf("bigint", metrics.toArray()));
      statement.setArray(2, connection.createArrayOf("text", keys.toArray()));
      statement.executeUpdate();
    }
  }
}
