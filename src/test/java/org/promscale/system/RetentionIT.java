package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;

/** Two connectors on one database while samples, series and metrics go. */
class RetentionIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long DAY_MS = 86_400_000;

  // Connectors judge the age of samples by their own clocks.
  private final long now = System.currentTimeMillis();

  private PostgresServer postgres;
  private String database = "";
  private ConnectorProcess one;
  private ConnectorProcess two;

  @BeforeEach
  void start() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    one = ConnectorProcess.start(postgres, database);
    two = ConnectorProcess.start(postgres, database, "-metrics.retention=30d");
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    postgres.close();
  }

  @Test
  @Tag("long")
  @DisplayName("Old samples go and are refused, whichever connector is killed")
  void oldSamplesGo() throws Exception {
    assertThat(rows("SELECT prom_api.get_default_retention_period()")).containsExactly("30 days");
    assertThat(write(one, "up", now - 29 * DAY_MS)).isEqualTo(204);
    assertThat(write(one, "up", now)).isEqualTo(204);
    RemoteWriteClient.Answer old = post(two, "up", now - 31 * DAY_MS);
    assertThat(old.status()).isEqualTo(400);
    assertThat(old.body()).contains("older than the longest retention");
    assertThat(
            metric(two, "promscale_ingest_items_rejected_total", "reason", "older_than_retention"))
        .isEqualTo(1);
    assertThat(metric(two, "promscale_retention_seconds")).isEqualTo(30 * 86_400.0);

    Await.until("a run has ended", PATIENCE, () -> !ended().isEmpty());
    String worker = ended().get(0).split(" ", 2)[0];
    ConnectorProcess other = worker.startsWith(one.pid() + "@") ? two : one;
    (other == one ? two : one).kill();
    execute("SELECT prom_api.set_default_retention_period('1 day')");
    execute("UPDATE _prom_catalog.maintenance_run SET ended_at = now() - interval '2 min'");
    Await.until(
        "the other connector has dropped the old partition",
        PATIENCE,
        () -> rows("SELECT time FROM prom_data.sample").size() == 1);
    Await.until(
        "its metrics tell",
        PATIENCE,
        () -> metric(other, "promscale_maintenance_removed_total", "what", "partitions") >= 4);
    Await.until(
        "the limit has changed",
        Duration.ofSeconds(90),
        () -> write(other, "up", now - 2 * DAY_MS) == 400);
    assertThat(rows("SELECT bool_or(running) FROM prom_info.maintenance WHERE trouble IS NOT NULL"))
        .containsExactly("null");
  }

  @Test
  @DisplayName("A metric that is dropped while it is sent starts anew under new ids")
  void dropMetric() throws Exception {
    for (ConnectorProcess connector : List.of(one, two)) {
      assertThat(write(connector, "gone", now + (connector == one ? 0 : 1))).isEqualTo(204);
      assertThat(write(connector, "stays", now + (connector == one ? 0 : 1))).isEqualTo(204);
    }
    Await.until("the view is there", PATIENCE, () -> hasView());
    List<String> before = rows("SELECT series_id FROM prom_series.gone");
    assertThat(rows("SELECT prom_api.drop_metric('gone')")).containsExactly("1");
    for (ConnectorProcess connector : List.of(one, two)) {
      long time = now + (connector == one ? 10 : 11);
      assertThat(write(connector, "gone", time)).as("ids of before").isEqualTo(503);
      assertThat(write(connector, "gone", time)).isEqualTo(204);
      assertThat(write(connector, "stays", time)).isEqualTo(204);
    }
    Await.until("the view is there again", PATIENCE, () -> hasView());
    assertThat(rows("SELECT count(*) FROM prom_metric.gone")).containsExactly("2");
    assertThat(rows("SELECT count(*) FROM prom_metric.stays")).containsExactly("4");
    assertThat(rows("SELECT series_id FROM prom_series.gone")).doesNotContainAnyElementsOf(before);
    execute("UPDATE _prom_catalog.maintenance_run SET ended_at = now() - interval '2 min'");
    Await.until(
        "the samples of before are deleted",
        Duration.ofSeconds(90),
        () -> rows("SELECT time FROM prom_data.sample").size() == 6);
  }

  private boolean hasView() throws SQLException {
    return rows("SELECT to_regclass('prom_metric.gone') IS NOT NULL").get(0).equals("t");
  }

  private List<String> ended() throws SQLException {
    return rows("SELECT connector FROM prom_info.maintenance WHERE NOT running");
  }

  private int write(ConnectorProcess connector, String name, long timeMs) throws Exception {
    return post(connector, name, timeMs).status();
  }

  private RemoteWriteClient.Answer post(ConnectorProcess connector, String name, long timeMs)
      throws Exception {
    return new RemoteWriteClient()
        .write(
            connector.writeUri(),
            WireLabels.request(Map.of("__name__", name, "job", "j"), timeMs, 1));
  }

  private double metric(ConnectorProcess connector, String name, String... label) throws Exception {
    return MetricsPage.of(connector.uri("/metrics"))
        .sum(name, label.length == 0 ? Map.of() : Map.of(label[0], label[1]));
  }

  private List<String> rows(String sql) throws SQLException {
    return Rows.of(postgres.dataSource(database), sql);
  }

  private void execute(String sql) throws SQLException {
    postgres.execute(database, sql);
  }
}
