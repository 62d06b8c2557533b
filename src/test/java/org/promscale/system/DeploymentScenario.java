package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.promscale.model.StaleMarker;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.Await;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** What the WAR must do on every server, told once. One thread. */
final class DeploymentScenario {

  /** The guide's database. */
  static final String DATABASE = "promscale";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int REDEPLOYMENTS = 3;

  /** Of each of three kinds; together more than WildFly has threads for requests on few cores. */
  private static final int TRICKLING = 40;

  /** Caches and queues of the servers forget after a minute. */
  private static final Duration COLLECTED = Duration.ofMinutes(2);

  /** Pools of a server still grow after the first minute. */
  private static final int MORE_THREADS = 25;

  private static final Map<String, String> GAUGE =
      Map.of("__name__", "deployment_gauge", "instance", "ümlaut:1");

  private final ApplicationServer server;
  private final PostgresServer postgres;
  private final RemoteWriteClient client = new RemoteWriteClient();
  private final Set<SamplePoint> sent = new HashSet<>();
  private final long startMs = System.currentTimeMillis() - 60_000;
  private long started = System.nanoTime();

  /** Starts the guide's database, which counts the statements it is asked. */
  static PostgresServer startDatabase() {
    PostgresServer postgres =
        OperatorGuide.startDatabase(Map.of("shared_preload_libraries", "pg_stat_statements"));
    postgres.execute(DATABASE, "CREATE EXTENSION pg_stat_statements");
    return postgres;
  }

  DeploymentScenario(ApplicationServer server, PostgresServer postgres) {
    this.server = server;
    this.postgres = postgres;
  }

  void run() throws Exception {
    deploy();
    pagesAnswer();
    theServerPutsNoLimitOfItsOwnOnBodies();
    new TricklingBodies(server::uri, TRICKLING).holdUpNobody();
    everyKindIsStoredOnce();
    assertThat(server.errors()).isEmpty();

    leadershipChanges();
    assertThat(server.errors()).isEmpty();

    outageIsAnsweredAndOver();

    int errors = server.errors().size();
    redeploymentsWork();
    assertThat(server.errors()).hasSize(errors);
    undeploymentDrains();
    assertThat(status("/-/ready")).isNotEqualTo(200);
    server.stop();
    seen("stopped");
  }

  /** What depends on the driver and its place: every kind of data, duplicates, a second copy. */
  void runBriefly() throws Exception {
    deploy();
    pagesAnswer();
    everyKindIsStoredOnce();
    server.redeploy();
    Await.until("ready", PATIENCE, () -> status("/-/ready") == 200);
    store(4, 4.0);
    server.undeploy();
    assertThat(server.errors()).isEmpty();
  }

  /** What depends on the data source and the server's settings, of a WAR that is deployed. */
  void runDeployed() throws Exception {
    Await.until("ready", PATIENCE.multipliedBy(3), () -> status("/-/ready") == 200);
    seen("ready");
    pagesAnswer();
    theServerPutsNoLimitOfItsOwnOnBodies();
    new TricklingBodies(server::uri, TRICKLING).holdUpNobody();
    everyKindIsStoredOnce();
    assertThat(server.errors()).isEmpty();
  }

  private void deploy() {
    server.deploy();
    seen("deployed");
    Await.until("ready", PATIENCE, () -> status("/-/ready") == 200);
    seen("ready");
  }

  private void pagesAnswer() throws Exception {
    assertThat(get("/").body()).contains("<h1>Promscale</h1>", "database " + DATABASE);
    assertThat(status("/-/healthy")).isEqualTo(200);
    HttpResponse<String> metrics = get("/metrics");
    assertThat(metrics.body()).contains("promscale_ready 1.0", "promscale_build_info{");
    assertThat(metrics.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
  }

  private void theServerPutsNoLimitOfItsOwnOnBodies() throws Exception {
    byte[] noSnappy = new byte[12 << 20];
    assertThat(client.post(server.uri("/api/v1/write"), noSnappy).status()).isEqualTo(400);
  }

  private void everyKindIsStoredOnce() throws Exception {
    TimeSeries.Builder gauge = WireLabels.encode(GAUGE);
    add(gauge, startMs, -0.0);
    add(gauge, startMs + 1, Double.longBitsToDouble(0x7ff8000000000001L));
    add(gauge, startMs + 2, Double.longBitsToDouble(StaleMarker.BITS));
    add(gauge, startMs + 3, Double.MIN_VALUE);
    gauge
        .addExemplarsBuilder()
        .setTimestamp(startMs)
        .setValue(0.25)
        .addAllLabels(WireLabels.encode(Map.of("trace_id", "abc")).getLabelsList());
    TimeSeries.Builder histogram =
        WireLabels.encode(Map.of("__name__", "deployment_histogram", "instance", "1"));
    histogram
        .addHistogramsBuilder()
        .setTimestamp(startMs)
        .setCountInt(6)
        .setSum(18.5)
        .setSchema(1)
        .setZeroThreshold(1e-128)
        .setZeroCountInt(1)
        .addPositiveDeltas(2)
        .addPositiveDeltas(1)
        .addPositiveSpansBuilder()
        .setLength(2);
    WriteRequest.Builder request =
        WriteRequest.newBuilder().addTimeseries(gauge).addTimeseries(histogram);
    request
        .addMetadataBuilder()
        .setTypeValue(2)
        .setMetricFamilyName(bytes("deployment_gauge"))
        .setHelp(bytes("For the test."))
        .setUnit(bytes("tests"));

    accepted(request.build());
    accepted(request.build());

    assertStored();
    assertThat(
            text(
                "SELECT count_integer || ' ' || sum || ' ' || schema || ' ' ||"
                    + " positive_spans::text || ' ' || positive_deltas::text"
                    + " FROM prom_data.histogram"))
        .isEqualTo("6 18.5 1 {0,2} {2,1}");
    assertThat(text("SELECT value || ' ' || labels::text FROM prom_data.exemplar"))
        .isEqualTo("0.25 {\"trace_id\": \"abc\"}");
    assertThat(
            text(
                "SELECT family || ' ' || type || ' ' || unit || ' ' || help FROM prom_info.metadata"))
        .isEqualTo("deployment_gauge gauge tests For the test.");
    assertThat(
            text(
                "SELECT sum(rows)::text FROM pg_stat_statements WHERE query LIKE"
                    + " 'COPY prom_data.sample (%' AND dbid = (SELECT oid FROM pg_database"
                    + " WHERE datname = current_database())"))
        .as("rows that came in by COPY")
        .isEqualTo("4");
    Await.until(
        "views",
        PATIENCE,
        () -> "3".equals(text("SELECT count(*)::text FROM prom_metric.deployment_gauge")));
    seen("stored");
  }

  /** One replica leads and falls silent; the other one waits, takes over, and loses nothing. */
  private void leadershipChanges() throws Exception {
    long now = System.currentTimeMillis();
    accepted(ofReplica("a", now, 1));
    Await.until(
        "a standby's sample is held once the view of the leases is fresh",
        Duration.ofSeconds(5),
        () ->
            client.write(server.uri("/api/v1/write"), ofReplica("b", now + 1, 2)).status() == 204);
    assertThat(get("/api/v1/ha/clusters").body()).contains("\"leader\":\"a\"", "\"term\":1");

    Await.until(
        "the other one takes over",
        PATIENCE,
        () -> {
          int answer =
              client.write(server.uri("/api/v1/write"), ofReplica("b", now + 1, 2)).status();
          return answer == 204 && get("/api/v1/ha/clusters").body().contains("\"leader\":\"b\"");
        });
    assertThat(get("/api/v1/ha/clusters").body()).contains("\"leader\":\"b\"", "\"term\":2");
    Await.until(
        "what was held of it is stored",
        PATIENCE,
        () ->
            "1 2"
                .equals(
                    text(
                        "SELECT string_agg(value::text, ' ' ORDER BY time) FROM prom_data.sample s"
                            + " JOIN _prom_catalog.series c ON c.id = s.series_id"
                            + " WHERE c.labels->>'cluster' = 'deployed'")));
    seen("leadership changed");
  }

  private static WriteRequest ofReplica(String replica, long timestampMs, double value) {
    return WireLabels.request(
        Map.of("__name__", "deployment_pair", "cluster", "deployed", "__replica__", replica),
        timestampMs,
        value);
  }

  private void outageIsAnsweredAndOver() throws Exception {
    postgres.stop();
    seen("database stopped");
    Await.until("not ready", Duration.ofSeconds(20), () -> status("/-/ready") == 503);
    seen("not ready");
    long asked = System.nanoTime();
    Answer answer = client.write(server.uri("/write"), gauge(4, 4.0));
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.retryAfter()).isNotEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(7));
    assertThat(status("/")).isEqualTo(200);
    assertThat(status("/metrics")).isEqualTo(200);
    assertThat(status("/-/healthy")).isEqualTo(200);

    postgres.start();
    seen("database started");
    Await.until("ready again", PATIENCE, () -> status("/-/ready") == 200);
    seen("ready again");
    store(4, 4.0);
  }

  private void redeploymentsWork() throws Exception {
    long threads = server.threads();
    for (int i = 0; i < REDEPLOYMENTS; i++) {
      server.redeploy();
      Await.until("ready", PATIENCE, () -> status("/-/ready") == 200);
      // Snappy's native library, the driver and every schedule work in each new copy.
      store(5 + i, 5.0 + i);
      seen("redeployed");
    }
    oldCopiesLeave();
    // Payara's threads for answers to slow bodies end after an idle minute.
    Await.until("threads end", COLLECTED, () -> server.threads() < threads + MORE_THREADS);
    seen(threads + " threads before, " + server.threads() + " now");
  }

  /** What was replaced is collected, apart from what the server is known to keep. */
  private void oldCopiesLeave() {
    long[] copies = new long[1];
    try {
      Await.until(
          "old copies of the application leave",
          COLLECTED,
          () -> {
            // An idle thread of the server still holds its last request, of an old copy maybe.
            get("/-/ready");
            copies[0] = server.copiesOf("org.promscale.storage.PgDriver");
            return copies[0] <= server.copiesAfter(REDEPLOYMENTS);
          });
    } finally {
      seen(copies[0] + " copies of the application");
    }
  }

  /** What was answered with success while the application went away is stored. */
  private void undeploymentDrains() throws Exception {
    try (SyntheticReplica sender =
        SyntheticReplica.start(
            SyntheticPlan.of(1, startMs).withPace(1, Duration.ofMillis(5)),
            () -> server.uri("/api/v1/write"))) {
      Await.until("samples flow", PATIENCE, () -> sender.requestsAcknowledged() > 100);
      server.undeploy();
      sender.die();
      seen("undeployed under load, the last answer was " + sender.lastTrouble());
      SampleComparison comparison = SampleComparison.of(sender.acknowledged(), stored());
      System.out.println(comparison);
      comparison.assertNothingMissing();
    }
  }

  private void store(int offsetMs, double value) throws Exception {
    accepted(gauge(offsetMs, value));
    sent.add(point(startMs + offsetMs, value));
    assertStored();
  }

  private WriteRequest gauge(int offsetMs, double value) {
    return WireLabels.request(GAUGE, startMs + offsetMs, value);
  }

  private void add(TimeSeries.Builder series, long timestampMs, double value) {
    series.addSamples(WireLabels.sample(timestampMs, value));
    sent.add(point(timestampMs, value));
  }

  private static SamplePoint point(long timestampMs, double value) {
    return new SamplePoint(
        SamplePoint.series(GAUGE), timestampMs, Double.doubleToRawLongBits(value));
  }

  private void accepted(WriteRequest request) throws Exception {
    Answer answer = client.write(server.uri("/api/v1/write"), request);
    assertThat(answer.status()).as(answer.body()).isEqualTo(204);
  }

  private void assertStored() throws SQLException {
    assertThat(stored())
        .filteredOn(point -> point.series().contains("deployment_gauge"))
        .containsExactlyInAnyOrderElementsOf(sent);
  }

  private Set<SamplePoint> stored() throws SQLException {
    return new StoredSamples(postgres.dataSource(DATABASE)).all();
  }

  private int status(String path) throws Exception {
    return get(path).statusCode();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return HttpProbe.get(server.uri(path), Duration.ofSeconds(5));
  }

  private String text(String query) throws SQLException {
    try (Connection connection = postgres.connect(DATABASE);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      assertThat(row.next()).as(query).isTrue();
      String text = row.getString(1);
      assertThat(row.next()).as("one row only: " + query).isFalse();
      return text == null ? "" : text;
    }
  }

  private void seen(String what) {
    long now = System.nanoTime();
    System.out.printf(
        "%s: %s after %.1f s%n",
        server.getClass().getSimpleName(), what, (now - started) / 1_000_000_000.0);
    started = now;
  }

  private static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }
}
