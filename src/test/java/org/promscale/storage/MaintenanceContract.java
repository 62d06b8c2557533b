package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.model.Labels;

/** What goes when its time is over, and what stays. */
interface MaintenanceContract extends MaintenanceFixture {

  @Test
  @DisplayName("A database keeps samples for 90 days unless it is told otherwise")
  default void retentionAtFirst() throws SQLException {
    DataSource database = freshDatabase();
    assertThat(rows(database, "SELECT prom_api.get_default_retention_period()"))
        .containsExactly("90 days");
    assertThat(Partitions.load(database).retentionMs()).isEqualTo(90L * 86_400_000);
  }

  @Test
  @DisplayName("Partitions go once all of their day is older than the retention")
  default void partitionsAreDropped() throws SQLException {
    DataSource database = freshDatabase();
    long id = oldSeries(database, "a", "x");
    samplesAt(database, id, 0, 1, 2, 3);
    execute(database, "SELECT prom_api.set_default_retention_period('2 days')");
    assertThat(maintain(database, 3)).isEmpty();
    assertThat(days(database, id)).containsExactly("1", "2", "3");
    assertThat(maintain(database, 4)).isEmpty();
    assertThat(days(database, id)).containsExactly("2", "3");
    assertThat(
            rows(
                database,
                "SELECT count(*) FROM prom_info.partition WHERE ends <= '2024-05-02 12:00Z'"))
        .containsExactly("0");
    assertThat(
            rows(
                database,
                "SELECT sum(partitions_dropped) > 1, bool_or(running) FROM prom_info.maintenance"))
        .containsExactly("t|f");
  }

  @Test
  @DisplayName(
      "A connector whose clock runs ahead drops nothing before the database's clock agrees")
  default void bothClocksMustAgree() throws SQLException {
    DataSource database = freshDatabase();
    long id = oldSeries(database, "a", "x");
    Partitions partitions = Partitions.load(database);
    partitions.ensureAhead(Instant.now());
    execute(
        database,
        "INSERT INTO prom_data.sample VALUES (now(), " + id + ", 1)",
        "SELECT prom_api.set_default_retention_period('1 hour')");
    assertThat(maintain(database, 36_500)).isEmpty();
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample")).containsExactly("1");
  }

  @Test
  @DisplayName("A metric that is kept shorter loses its rows, its neighbours nothing")
  default void shorterRetention() throws SQLException {
    DataSource database = freshDatabase();
    long brief = oldSeries(database, "brief", "x");
    long other = oldSeries(database, "other", "x");
    samplesAt(database, brief, 0, 1, 2, 3);
    samplesAt(database, other, 0, 1, 2, 3);
    execute(database, "SELECT prom_api.set_metric_retention_period('brief', '1 day')");
    assertThat(maintain(database, 3)).isEmpty();
    assertThat(days(database, brief)).containsExactly("2", "3");
    assertThat(days(database, other)).containsExactly("0", "1", "2", "3");
    assertThat(rows(database, "SELECT name, retention_period FROM prom_info.metric ORDER BY 1"))
        .containsExactly("brief|1 day", "other|90 days");
    assertThat(rows(database, "SELECT sum(rows_deleted) FROM prom_info.maintenance"))
        .containsExactly("2");
  }

  @Test
  @DisplayName("A metric that is kept longer keeps its rows while its neighbours' go")
  default void longerRetention() throws SQLException {
    DataSource database = freshDatabase();
    long kept = oldSeries(database, "kept", "x");
    long other = oldSeries(database, "other", "x");
    samplesAt(database, kept, 0, 1, 2, 3);
    samplesAt(database, other, 0, 1, 2, 3);
    execute(
        database,
        "SELECT prom_api.set_default_retention_period('1 day')",
        "SELECT prom_api.set_metric_retention_period('kept', NULL)");
    assertThat(maintain(database, 3)).isEmpty();
    assertThat(days(database, kept)).containsExactly("0", "1", "2", "3");
    assertThat(days(database, other)).containsExactly("2", "3");
    assertThat(Partitions.load(database).retentionMs()).isEqualTo(Long.MAX_VALUE);
    execute(database, "SELECT prom_api.reset_metric_retention_period('kept')");
    assertThat(maintain(database, 3)).isEmpty();
    assertThat(days(database, kept)).containsExactly("2", "3");
  }

  @Test
  @DisplayName("What a metric loses in one partition does not end with its first pages")
  default void manyPages() throws SQLException {
    DataSource database = freshDatabase();
    long brief = oldSeries(database, "brief", "x");
    long other = oldSeries(database, "other", "x");
    samplesAt(database, brief, 0);
    String more =
        "INSERT INTO prom_data.sample SELECT '2024-05-01'::timestamptz + i * interval '0.5 s', %d, i"
            + " FROM generate_series(1, 60000) i";
    execute(database, more.formatted(brief), more.formatted(other));
    execute(database, "SELECT prom_api.set_metric_retention_period('brief', '1 hour')");
    assertThat(maintain(database, 5)).isEmpty();
    assertThat(rows(database, "SELECT series_id, count(*) FROM prom_data.sample GROUP BY 1"))
        .containsExactly(other + "|60000");
  }

  @Test
  @DisplayName("A dropped metric is gone at once, its samples soon; sent again it starts anew")
  default void dropMetric() throws SQLException {
    DataSource database = freshDatabase();
    long gone = oldSeries(database, "gone", "x");
    long stays = oldSeries(database, "stays", "x");
    samplesAt(database, gone, 0, 1);
    samplesAt(database, stays, 0, 1);
    new ViewKeeper(database).refresh();
    String before = rows(database, "SELECT token FROM _prom_catalog.incarnation").get(0);
    assertThat(rows(database, "SELECT prom_api.drop_metric('gone')")).containsExactly("1");
    assertThat(rows(database, "SELECT token FROM _prom_catalog.incarnation"))
        .doesNotContain(before);
    assertThat(rows(database, "SELECT name FROM prom_info.metric")).containsExactly("stays");
    assertThat(
            rows(
                database,
                "SELECT to_regclass('prom_metric.gone'), to_regclass('prom_series.gone')"))
        .containsExactly("|");
    long again = oldSeries(database, "gone", "x");
    assertThat(again).isNotEqualTo(gone);
    samplesAt(database, again, 1);
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(days(database, gone)).isEmpty();
    assertThat(days(database, again)).containsExactly("1");
    assertThat(days(database, stays)).containsExactly("0", "1");
    assertThat(rows(database, "SELECT FROM _prom_catalog.doomed_series")).isEmpty();
    new ViewKeeper(database).refresh();
    assertThat(rows(database, "SELECT value FROM prom_metric.gone")).containsExactly("1");
  }

  @Test
  @DisplayName("Series without samples go, with their metrics, views and labels; others stay")
  default void forgottenSeries() throws SQLException {
    DataSource database = freshDatabase();
    long old = oldSeries(database, "old", "rare");
    long live = oldSeries(database, "live", "common");
    long part = oldSeries(database, "live", "seldom");
    long young = register(database, Labels.of("__name__", "young", "job", "fresh"))[0];
    samplesAt(database, old, 0);
    samplesAt(database, part, 0);
    samplesAt(database, live, 0, 4);
    new ViewKeeper(database).refresh();
    execute(database, "SELECT prom_api.set_default_retention_period('2 days')");
    assertThat(maintain(database, 4)).isEmpty();
    assertThat(rows(database, "SELECT id FROM _prom_catalog.series ORDER BY 1"))
        .isEqualTo(LongStream.of(live, young).sorted().mapToObj(String::valueOf).toList());
    assertThat(rows(database, "SELECT name FROM prom_info.metric ORDER BY 1"))
        .containsExactly("live", "young");
    assertThat(rows(database, "SELECT to_regclass('prom_metric.old')")).containsExactly("");
    assertThat(rows(database, "SELECT unnest(\"values\") FROM prom_info.label WHERE key = 'job'"))
        .containsExactly("common", "fresh");
    assertThat(
            rows(
                database,
                "SELECT sum(series_removed), sum(metrics_removed) FROM prom_info.maintenance"))
        .containsExactly("2|1");
    assertThat(rows(database, "SELECT FROM _prom_catalog.forgotten_series")).isEmpty();
  }

  @Test
  @DisplayName("Nothing is forgotten in the first day of this schema: older connectors may run")
  default void notWithOlderConnectors() throws SQLException {
    DataSource database = freshDatabase();
    oldSeries(database, "old", "x");
    execute(
        database,
        "UPDATE _prom_catalog.maintenance_state SET forget_after = '2024-05-10', search_wanted = true");
    assertThat(maintain(database, 4)).isEmpty();
    assertThat(rows(database, "SELECT count(*) FROM _prom_catalog.series")).containsExactly("1");
    assertThat(maintain(database, 14)).isEmpty();
    assertThat(rows(database, "SELECT count(*) FROM _prom_catalog.series")).containsExactly("0");
  }

  @Test
  @DisplayName("A series that is looked up after it was marked stays, under its id")
  default void lookedUpMeanwhile() throws SQLException {
    DataSource database = freshDatabase();
    long id = oldSeries(database, "a", "x");
    long unused = oldSeries(database, "b", "x");
    execute(
        database,
        "INSERT INTO _prom_catalog.forgotten_series VALUES (%d, 0), (%d, 0)".formatted(id, unused));
    assertThat(register(database, Labels.of("__name__", "a", "job", "x"))).containsExactly(id);
    assertThat(maintain(database, 4)).isEmpty();
    assertThat(rows(database, "SELECT id FROM _prom_catalog.series"))
        .isEqualTo(List.of(String.valueOf(id)));
  }

  @Test
  @DisplayName("Over all connectors one run is under way; a killed one is followed by another's")
  default void oneRunAtATime() throws SQLException {
    DataSource database = freshDatabase();
    execute(database, "INSERT INTO _prom_catalog.maintenance_run (connector) VALUES ('one')");
    Maintenance other = maintenance(database, "other", 4);
    assertThat(other.tick()).isFalse();
    assertThat(rows(database, "SELECT connector FROM prom_info.maintenance"))
        .containsExactly("one");
    execute(
        database,
        "UPDATE _prom_catalog.maintenance_run SET touched_at = touched_at - interval '31 s'");
    maintenance(database, "other", 4).tick();
    assertThat(
            rows(
                database,
                "SELECT connector, running, trouble FROM prom_info.maintenance ORDER BY 1"))
        .containsExactly("one|f|its connector has stopped", "other|f|");
    maintenance(database, "third", 4).tick();
    assertThat(
            rows(database, "SELECT count(*) FROM prom_info.maintenance WHERE connector = 'third'"))
        .as("a minute has to pass")
        .containsExactly("0");
  }
}
