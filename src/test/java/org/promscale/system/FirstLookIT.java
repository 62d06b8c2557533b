package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.MetricsLint;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RealClients;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** What an operator sees in the first minutes: two connectors at once, pages, metrics, views. */
class FirstLookIT {

  private static final Duration VIEW_WITHIN = Duration.ofSeconds(5);
  private static final Duration LABEL_WITHIN = Duration.ofMinutes(1);

  private static PostgresServer postgres;
  private static String database;
  private static ConnectorProcess connector;
  private static ConnectorProcess twin;

  @BeforeAll
  static void startTwoOnAnEmptyDatabase() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    CompletableFuture<ConnectorProcess> other =
        CompletableFuture.supplyAsync(() -> ConnectorProcess.start(postgres, database));
    connector = ConnectorProcess.start(postgres, database);
    twin = other.join();
  }

  @AfterAll
  static void stop() {
    connector.close();
    twin.close();
    postgres.close();
  }

  private static HttpResponse<String> get(String path) throws IOException {
    return HttpProbe.get(connector.uri(path), Duration.ofSeconds(5));
  }

  private static void write(String metric, String... labels) throws IOException {
    Map<String, String> set = new TreeMap<>(Map.of("__name__", metric));
    for (int i = 0; i < labels.length; i += 2) {
      set.put(labels[i], labels[i + 1]);
    }
    WriteRequest request = WireLabels.request(set, System.currentTimeMillis(), 42);
    assertThat(new RemoteWriteClient().write(connector.writeUri(), request).status())
        .isEqualTo(204);
  }

  private static boolean hasColumn(String view, String column) throws SQLException {
    try (Connection connection = postgres.connect(database);
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT count(*) FROM information_schema.columns
                 WHERE table_schema = 'prom_metric' AND table_name = ? AND column_name = ?
                """)) {
      select.setString(1, view);
      select.setString(2, column);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1) == 1;
      }
    }
  }

  @Test
  @DisplayName("Two connectors that start at once on an empty database both come up")
  void bothAreReady() throws IOException {
    assertThat(HttpProbe.isOk(connector.uri("/-/ready"))).isTrue();
    assertThat(HttpProbe.isOk(twin.uri("/-/ready"))).isTrue();
  }

  @Test
  @DisplayName("A view appears within 5 s of the first sample, a new label within a minute")
  void viewsFollow() throws Exception {
    write("first_look", "job", "test");
    Await.until("the view", VIEW_WITHIN, () -> hasColumn("first_look", "job"));
    write("first_look", "job", "test", "zone", "a");
    Await.until("the column", LABEL_WITHIN, () -> hasColumn("first_look", "zone"));
    try (Connection connection = postgres.connect(database);
        ResultSet row =
            connection
                .createStatement()
                .executeQuery("SELECT value, zone FROM prom_metric.first_look ORDER BY time")) {
      assertThat(row.next()).isTrue();
      assertThat(row.getDouble(1)).isEqualTo(42);
      assertThat(row.getString(2)).isNull();
      assertThat(row.next()).isTrue();
      assertThat(row.getString(2)).isEqualTo("a");
    }
  }

  @Test
  @DisplayName("promtool finds nothing wrong with /metrics, and it has our own metrics")
  void metricsAreClean() throws Exception {
    RealClients.require();
    write("counted");
    HttpResponse<String> metrics = get("/metrics");
    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    assertThat(metrics.body())
        .contains("promscale_build_info{version=")
        .contains("promscale_ready 1")
        .contains("promscale_ingest_requests_total{code=\"204\"}")
        .contains("jvm_memory_used_bytes");
    assertThat(MetricsLint.check(metrics.body())).isEmpty();
  }

  @Test
  @DisplayName("The status page says version, state, database and where to write")
  void statusPage() throws IOException {
    HttpResponse<String> page = get("/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
    assertThat(page.body())
        .contains("ready")
        .contains("PostgreSQL 15")
        .contains(connector.uri("/api/v1/write").toString());
  }

  @Test
  @DisplayName("Health paths answer 200")
  void health() throws IOException {
    for (String path : new String[] {"/-/healthy", "/-/ready", "/healthz"}) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(200);
    }
  }
}
