package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;

/** The views that people query. */
interface ViewContract extends StorageFixture {

  /** Writes samples of these values, one a minute from 2024-05-01 on. */
  default void samples(DataSource database, long series, String... values) throws SQLException {
    Partitions partitions = Partitions.load(database);
    partitions.ensure(List.of(partitions.slotOf(1_714_521_600_000L)));
    for (int i = 0; i < values.length; i++) {
      execute(
          database,
          "INSERT INTO prom_data.sample VALUES (timestamptz '2024-05-01 00:00Z' + interval '1 min'"
              + (" * " + i + ", " + series + ", ")
              + values[i]
              + ")");
    }
  }

  @Test
  default void viewHasSamplesAndOneColumnPerLabel() throws SQLException {
    long[] ids =
        register(
            database(),
            Labels.of("__name__", "up", "job", "node", "instance", "a:9100"),
            Labels.of("__name__", "up", "job", "db"));
    new ViewKeeper(database()).refresh();
    samples(database(), ids[0], "1", "0");
    samples(database(), ids[1], "1");
    assertThat(columns(database(), "SELECT * FROM prom_metric.up"))
        .containsExactly("time", "value", "series_id", "labels", "instance", "job");
    assertThat(columns(database(), "SELECT * FROM prom_series.up"))
        .containsExactly("series_id", "labels", "instance", "job");
    assertThat(
            rows(
                database(),
                "SELECT date_bin('5 min', time, 'epoch') AT TIME ZONE 'UTC', job, avg(value)"
                    + " FROM prom_metric.up GROUP BY 1, 2 ORDER BY 2"))
        .containsExactly("2024-05-01 00:00:00|db|1", "2024-05-01 00:00:00|node|0.5");
    assertThat(rows(database(), "SELECT series_id, instance FROM prom_series.up ORDER BY 1"))
        .containsExactly(ids[0] + "|a:9100", ids[1] + "|");
  }

  @Test
  default void staleMarkersAreOnlyInTheTable() throws SQLException {
    long id = register(database(), Labels.of("__name__", "stale"))[0];
    new ViewKeeper(database()).refresh();
    samples(database(), id, "1", "'NaN'", "'-Infinity'");
    // No literal has these bits, so they come in binary, as from a connector.
    try (Connection connection = database().getConnection()) {
      connection.setAutoCommit(false);
      Bits.insert(connection, 1_714_521_900_000L, id, 0x7ff0000000000002L);
      Bits.insert(connection, 1_714_521_960_000L, id, 0x7ff8000000000001L);
      connection.commit();
    }
    assertThat(rows(database(), "SELECT value FROM prom_metric.stale ORDER BY time"))
        .containsExactly("1", "NaN", "-Infinity", "NaN");
    assertThat(
            rows(
                database(),
                "SELECT encode(float8send(value), 'hex'), prom_api.is_stale_marker(value),"
                    + " prom_api.is_normal_nan(value) FROM prom_data.sample WHERE series_id = "
                    + id
                    + " ORDER BY time OFFSET 1"))
        .containsExactly(
            "7ff8000000000000|f|f",
            "fff0000000000000|f|f",
            "7ff0000000000002|t|f",
            "7ff8000000000001|f|t");
    assertThat(rows(database(), "EXPLAIN (COSTS OFF) SELECT value FROM prom_metric.stale"))
        .as("the function is inlined")
        .noneMatch(line -> line.contains("is_stale_marker"));
  }

  @Test
  default void anyLabelNameBecomesAColumn() throws SQLException {
    Map<String, String> expected = new TreeMap<>();
    expected.put("plain", "plain");
    expected.put("UPPER", "UPPER");
    expected.put("upper", "upper");
    expected.put("time", "label_time");
    expected.put("label_time", "label_label_time");
    expected.put("value", "label_value");
    expected.put("series_id", "label_series_id");
    expected.put("labels", "label_labels");
    expected.put("label_other", "label_other");
    expected.put("quote\"inside", "quote\"inside");
    expected.put("apostrophe's", "apostrophe's");
    expected.put("dots.and spaces", "dots.and spaces");
    expected.put("percent%s", "percent%s");
    expected.put("back\\slash", "back\\slash");
    expected.put("select", "select");
    expected.put("ctid", "ctid");
    expected.put("名前", "名前");
    expected.put("x".repeat(63), "x".repeat(63));
    expected.put("y".repeat(64), ViewNames.column("y".repeat(64)));
    expected.put("y".repeat(64) + "z", ViewNames.column("y".repeat(64) + "z"));
    expected.put("名".repeat(300), ViewNames.column("名".repeat(300)));
    List<String> pairs = new ArrayList<>(List.of("__name__", "odd_labels"));
    expected.keySet().forEach(key -> pairs.addAll(List.of(key, "value of " + key)));
    register(database(), Labels.of(pairs.toArray(String[]::new)));
    new ViewKeeper(database()).refresh();
    for (Map.Entry<String, String> entry : expected.entrySet()) {
      String column = entry.getValue().replace("\"", "\"\"");
      assertThat(rows(database(), "SELECT \"" + column + "\" FROM prom_series.odd_labels"))
          .as(entry.getKey())
          .containsExactly("value of " + entry.getKey());
    }
  }

  @Test
  default void anyMetricNameBecomesAView() throws SQLException {
    List<String> names = new ArrayList<>();
    names.addAll(List.of("UP", "a.b:c", "say \"hi\"", "it's", "温度", "$$", "%I", "select"));
    names.addAll(List.of("z".repeat(63), "w".repeat(64), "w".repeat(65), "度".repeat(341), "_up"));
    for (String name : names) {
      register(database(), Labels.of("__name__", name, "x", name));
    }
    assertThat(new ViewKeeper(database()).refresh()).isGreaterThanOrEqualTo(names.size());
    for (String name : names) {
      String view = ViewNames.view(0, name).replace("\"", "\"\"");
      assertThat(rows(database(), "SELECT x FROM prom_series.\"" + view + "\""))
          .as(name)
          .containsExactly(name);
      assertThat(rows(database(), "SELECT x FROM prom_metric.\"" + view + "\"")).isEmpty();
    }
  }

  @Test
  default void tenantsGetViewsOfTheirOwn() throws SQLException {
    register(database(), Labels.of("__name__", "shared", "x", "0"));
    try (Connection connection = database().getConnection()) {
      connection.setAutoCommit(false);
      Labels labels = Labels.of("__name__", "shared", "x", "7");
      new SeriesCatalog().register(connection, 7, List.of(labels));
    }
    register(database(), Labels.of("__name__", "shared_tenant_7", "x", "clash"));
    new ViewKeeper(database()).refresh();
    assertThat(
            rows(
                database(),
                "SELECT x FROM prom_series.shared UNION ALL SELECT x FROM"
                    + " prom_series.shared_tenant_7 UNION ALL SELECT x FROM"
                    + " prom_series.shared_tenant_7_2"))
        .containsExactly("0", "7", "clash");
  }

  @Test
  default void newLabelsAreAppendedUnderDependentViews() throws SQLException {
    register(database(), Labels.of("__name__", "grows", "m", "1"));
    ViewKeeper keeper = new ViewKeeper(database());
    keeper.refresh();
    execute(database(), "CREATE VIEW public.mine AS SELECT m, labels FROM prom_series.grows");
    register(database(), Labels.of("__name__", "grows", "m", "2", "a", "3", "label_m", "4"));
    assertThat(keeper.refresh()).isEqualTo(1);
    assertThat(keeper.refresh()).isZero();
    assertThat(columns(database(), "SELECT * FROM prom_metric.grows"))
        .containsExactly("time", "value", "series_id", "labels", "m", "a", "label_m");
    assertThat(rows(database(), "SELECT m FROM public.mine ORDER BY 1")).containsExactly("1", "2");
  }

  @Test
  default void lockedViewWaitsAndTheOthersDoNot() throws SQLException {
    register(database(), Labels.of("__name__", "locked"));
    ViewKeeper keeper = new ViewKeeper(database());
    keeper.refresh();
    try (Connection reader = database().getConnection();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("SELECT * FROM prom_metric.locked");
      register(database(), Labels.of("__name__", "locked", "late", "1"));
      register(database(), Labels.of("__name__", "not_locked", "x", "1"));
      assertThat(keeper.refresh()).isEqualTo(1);
      assertThat(rows(database(), "SELECT x FROM prom_series.not_locked")).containsExactly("1");
      reader.rollback();
    }
    new ViewKeeper(database()).refresh();
    assertThat(rows(database(), "SELECT max(late) FROM prom_series.locked")).containsExactly("1");
  }

  @Test
  default void droppedViewComesBack() throws SQLException {
    register(database(), Labels.of("__name__", "dropped", "x", "1"));
    new ViewKeeper(database()).refresh();
    execute(database(), "DROP VIEW prom_metric.dropped");
    new ViewKeeper(database()).refresh();
    assertThat(rows(database(), "SELECT x FROM prom_metric.dropped")).isEmpty();
  }

  @Test
  default void strangersNameIsNotTouched() throws SQLException {
    execute(database(), "CREATE TABLE prom_metric.foreign_table (a int)");
    register(database(), Labels.of("__name__", "foreign_table", "x", "1"));
    new ViewKeeper(database()).refresh();
    assertThat(columns(database(), "SELECT * FROM prom_metric.foreign_table")).containsExactly("a");
    assertThat(rows(database(), "SELECT x FROM prom_series.foreign_table_2")).containsExactly("1");
  }

  @Test
  default void infoTellsWhatIsStored() throws SQLException {
    DataSource database = freshDatabase();
    register(
        database,
        Labels.of("__name__", "http_requests_total", "code", "200"),
        Labels.of("__name__", "http_requests_total", "code", "500", "job", "web"));
    new ViewKeeper(database).refresh();
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      MetadataStore store = new MetadataStore();
      List<MetricMetadata> metadata =
          List.of(
              new MetricMetadata(
                  "http_requests", MetricMetadata.Type.COUNTER, "", "Requests. ".repeat(2000)),
              new MetricMetadata("up", MetricMetadata.Type.GAUGE, "", "Is it up"));
      assertThat(store.upsert(connection, 0, metadata)).isEqualTo(2);
      assertThat(store.upsert(connection, 0, metadata)).isZero();
    }
    assertThat(
            rows(
                database,
                "SELECT tenant_id, name, view_name, type, length(help), series_count, label_keys"
                    + " FROM prom_info.metric"))
        .containsExactly("0|http_requests_total|http_requests_total|counter|20000|2|{code,job}");
    assertThat(
            rows(database, "SELECT key, num_values, \"values\" FROM prom_info.label ORDER BY key"))
        .containsExactly("__name__|1|{http_requests_total}", "code|2|{200,500}", "job|1|{web}");
    assertThat(rows(database, "SELECT family, type FROM prom_info.metadata ORDER BY 1"))
        .containsExactly("http_requests|counter", "up|gauge");
    assertThat(rows(database, "SELECT * FROM prom_info.ha_clusters, prom_info.ha_terms")).isEmpty();
  }

  @Test
  default void aThousandNewMetrics() throws SQLException {
    DataSource database = freshDatabase();
    Labels[] series = new Labels[1000];
    for (int i = 0; i < series.length; i++) {
      series[i] = Labels.of("__name__", "many_" + i, "job", "j", "instance", "i", "pod", "p");
    }
    register(database, series);
    ViewKeeper keeper = new ViewKeeper(database);
    long started = System.nanoTime();
    assertThat(keeper.refresh()).isEqualTo(series.length);
    long done = System.nanoTime();
    keeper.refresh();
    System.out.printf(
        "%s: views of 1,000 new metrics in %.2f s, nothing to do in %.1f ms%n",
        getClass().getSimpleName(), (done - started) / 1e9, (System.nanoTime() - done) / 1e6);
  }
}
