package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.Await;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrometheusConfig;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.RealClients;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.WildFlyServer;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** The server's own security in the place of files of users, as {@code docs/security.md} has it. */
@Tag("long")
class ServerSecurityIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ALICE = "alice:S3cret-horse";
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private PostgresServer postgres;

  @BeforeEach
  void startDatabase() {
    postgres = OperatorGuide.startDatabase(Map.of());
  }

  @AfterEach
  void stopDatabase() {
    postgres.close();
  }

  @Test
  void wildFlyAsksForAUser() throws Exception {
    try (ApplicationServer server = WildFlyServer.start(postgres, settings())) {
      onlyUsersOfTheServerAreLetIn(server);
      // The overlay is for later versions too.
      server.redeploy();
      ready(server);
      assertThat(get(server, "/", null)).isEqualTo(401);
    }
  }

  @Test
  void payaraServerAsksForAUser() throws Exception {
    try (ApplicationServer server = PayaraServer.start(postgres, settings())) {
      onlyUsersOfTheServerAreLetIn(server);
      // As the page warns: without the descriptor it is open again.
      server.redeploy();
      ready(server);
      assertThat(get(server, "/", null)).isEqualTo(200);
    }
  }

  private static Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>(ApplicationServer.SETTINGS);
    settings.put("PROMSCALE_WEB_ENABLE_ADMIN_API", "true");
    return settings;
  }

  private void onlyUsersOfTheServerAreLetIn(ApplicationServer server) throws Exception {
    server.deploy();
    ready(server);
    assertThat(write(server, null, "open").statusCode()).isEqualTo(204);

    server.secure();
    ready(server);
    for (String path : new String[] {"/", "/metrics", HaStatus.PATH}) {
      assertThat(get(server, path, null)).as(path).isEqualTo(401);
      assertThat(get(server, path, "alice:wrong-horse")).as(path).isEqualTo(401);
      assertThat(get(server, path, ALICE)).as(path).isEqualTo(200);
    }
    for (String probe : new String[] {"/-/ready", "/-/healthy", "/healthz"}) {
      assertThat(get(server, probe, null)).as(probe).isEqualTo(200);
    }
    HttpResponse<String> refused = write(server, null, "nobody");
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Basic ");
    assertThat(write(server, "alice:wrong-horse", "wrong").statusCode()).isEqualTo(401);
    assertThat(write(server, ALICE, "alice").statusCode()).isEqualTo(204);
    assertThat(stored("secured")).containsExactlyInAnyOrder("open", "alice");

    ordersAreInTheUsersName(server);
    aRealSenderIsLetIn(server);
    assertThat(server.errors()).isEmpty();
  }

  private static void ordersAreInTheUsersName(ApplicationServer server) throws Exception {
    String cluster = HaStatus.PATH + "/secured";
    byte[] order = "{\"replica\": \"a\", \"reason\": \"test\"}".getBytes(StandardCharsets.UTF_8);
    HttpRequest.Builder pin = post(server.uri(cluster + "/pin"), order, ALICE);
    HttpResponse<String> answer = send(pin.header("Content-Type", "application/json"));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    HttpResponse<String> history = send(request(server.uri(cluster + "/actions"), ALICE));
    assertThat(history.body()).contains("\"actor\":\"alice\"");
  }

  private void aRealSenderIsLetIn(ApplicationServer server) throws Exception {
    RealClients.require();
    URI address =
        URI.create(server.uri("/api/v1/write").toString().replace("//", "//" + ALICE + "@"));
    PrometheusConfig configuration =
        PrometheusConfig.empty()
            .withExternalLabel("cluster", "real")
            .withExternalLabel("__replica__", "a")
            .withTarget("prometheus", PrometheusConfig.ITSELF)
            .withRemoteWrite(address);
    try (PrometheusServer prometheus = PrometheusServer.startNew(configuration)) {
      Await.until(prometheus.address() + " is stored", PATIENCE, () -> !stored("real").isEmpty());
    }
  }

  /** Returns the metric of each stored sample of a cluster. */
  private List<String> stored(String cluster) throws Exception {
    return new StoredSamples(postgres.dataSource(DeploymentScenario.DATABASE))
        .all().stream()
            .map(SamplePoint::series)
            .filter(series -> series.contains("cluster=\"" + cluster + "\""))
            .map(series -> series.replaceFirst(".*__name__=\"([^\"]*)\".*", "$1"))
            .toList();
  }

  private static void ready(ApplicationServer server) {
    Await.until("ready", PATIENCE, () -> get(server, "/-/ready", null) == 200);
  }

  private static int get(ApplicationServer server, String path, @Nullable String user)
      throws Exception {
    return send(request(server.uri(path), user)).statusCode();
  }

  private static HttpResponse<String> write(
      ApplicationServer server, @Nullable String user, String metric) throws Exception {
    Map<String, String> labels =
        Map.of("__name__", metric, "cluster", "secured", "__replica__", "a");
    WriteRequest request = WireLabels.request(labels, System.currentTimeMillis(), 1);
    byte[] body = RemoteWriteClient.encode(request);
    return send(
        post(server.uri("/api/v1/write"), body, user)
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy"));
  }

  private static HttpRequest.Builder post(URI address, byte[] body, @Nullable String user) {
    return request(address, user).POST(HttpRequest.BodyPublishers.ofByteArray(body));
  }

  private static HttpRequest.Builder request(URI address, @Nullable String user) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10));
    if (user != null) {
      byte[] text = user.getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(text));
    }
    return request;
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
