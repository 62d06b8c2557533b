package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.Await;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrefixProxy;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.WildFlyServer;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** The WAR twice in one server: each with a context root, a database, leaders and settings. */
@Tag("long")
class SeveralApplicationsIT {

  private static final String SECOND = "second";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Those of the server win over an application's own, so only what both need. */
  private static final Map<String, String> SETTINGS =
      Map.of("PROMSCALE_METRICS_HIGH_AVAILABILITY", "true");

  private final RemoteWriteClient client = new RemoteWriteClient();
  private PostgresServer postgres;

  @BeforeEach
  void startDatabase() {
    postgres = OperatorGuide.startDatabase(Map.of());
    postgres.execute("postgres", "CREATE DATABASE second OWNER promscale");
  }

  @AfterEach
  void stopDatabase() {
    postgres.close();
  }

  @Test
  void twoOnWildFlyKeepApart() throws Exception {
    try (ApplicationServer server = WildFlyServer.start(postgres, SETTINGS)) {
      keepApart(server);
    }
  }

  @Test
  void twoOnPayaraServerKeepApart() throws Exception {
    try (ApplicationServer server = PayaraServer.start(postgres, SETTINGS)) {
      keepApart(server);
    }
  }

  private void keepApart(ApplicationServer server) throws Exception {
    server.deploy();
    server.deploySecond();
    for (String root : List.of("", "/second")) {
      Await.until(
          "ready at " + root + "/", PATIENCE, () -> HttpProbe.isOk(server.uri(root + "/-/ready")));
    }
    write(server.uri("/api/v1/write"), "first");
    write(server.uri("/second/api/v1/write"), SECOND);
    assertThat(names(DeploymentScenario.DATABASE)).containsExactly("first");
    assertThat(names(SECOND)).containsExactly(SECOND);
    // A transition through the container's persistence, in the right database.
    assertThat(leader(server.uri(HaStatus.PATH), "first")).isEqualTo("a");
    assertThat(leader(server.uri("/second" + HaStatus.PATH), SECOND)).isEqualTo("a");
    assertThat(leader(server.uri(HaStatus.PATH), SECOND)).isEmpty();

    settingsAreTheirOwn(server);
    try (PrefixProxy proxy = PrefixProxy.startNew(server.uri("/").getPort())) {
      write(proxy.uri("/api/v1/write"), "through");
      assertThat(names(SECOND)).contains("through");
      String page = HttpProbe.get(proxy.uri("/"), Duration.ofSeconds(5)).body();
      assertThat(page)
          .contains("database second", "href=\"metrics\"", "new URL(\"api/v1/write\", document");
      assertThat(page).doesNotContain("href=\"/");
    }
    assertThat(server.errors()).isEmpty();
  }

  /** The guide's second application has settings of its own, the first one the defaults. */
  private void settingsAreTheirOwn(ApplicationServer server) throws Exception {
    assertThat(timeout(server.uri("/second" + HaStatus.PATH), SECOND)).isEqualTo(60.0);
    assertThat(timeout(server.uri(HaStatus.PATH), "first")).isNotEqualTo(60.0);

    Map<String, String> labels = Map.of("__name__", "several", "cluster", "no replica");
    assertThat(send(server.uri("/api/v1/write"), labels).status()).isEqualTo(400);
    assertThat(send(server.uri("/second/api/v1/write"), labels).status()).isEqualTo(204);
    assertThat(names(DeploymentScenario.DATABASE)).containsExactly("first");
    assertThat(names(SECOND)).containsExactlyInAnyOrder(SECOND, "no replica");
  }

  private List<String> names(String database) throws Exception {
    return new StoredSamples(postgres.dataSource(database))
        .all().stream().map(SamplePoint::series).map(SeveralApplicationsIT::cluster).toList();
  }

  private static String cluster(String series) {
    return series.replaceFirst(".*cluster=\"", "").replaceFirst("\".*", "");
  }

  private static String leader(URI page, String cluster) throws Exception {
    return HaStatus.of(page).leader(cluster);
  }

  private static double timeout(URI page, String cluster) throws Exception {
    return HaStatus.of(page).cluster(cluster).orElseThrow().timeoutSeconds();
  }

  private void write(URI address, String cluster) throws Exception {
    Answer answer =
        send(address, Map.of("__name__", "several", "cluster", cluster, "__replica__", "a"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(204);
  }

  private Answer send(URI address, Map<String, String> labels) throws Exception {
    WriteRequest request = WireLabels.request(labels, System.currentTimeMillis(), 1);
    return client.write(address, request);
  }
}
