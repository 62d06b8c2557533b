package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;

/** The running file lets in its users and nobody else, while their files change. */
class AccessIT {

  private static final String TOKEN = "0123456789abcdef";
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @TempDir static Path directory;
  private static PostgresServer postgres;
  private static ConnectorProcess connector;
  private static Path passwords;

  @BeforeAll
  static void start() throws Exception {
    postgres = PostgresServer.start(Map.of());
    Path tokens = Files.writeString(directory.resolve("tokens"), "ops " + TOKEN + "\n");
    passwords = Files.writeString(directory.resolve("users"), "alice:s3cret:pw\nbob:12345678\n");
    connector =
        ConnectorProcess.start(
            postgres,
            postgres.createDatabase(),
            "-web.auth.bearer-token-file=" + tokens,
            "-web.auth.basic-file=" + passwords,
            "-web.auth.ignore-path=/metrics");
  }

  @AfterAll
  static void stop() {
    connector.close();
    postgres.close();
  }

  private static HttpResponse<String> send(String method, String path, @Nullable String who)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(connector.uri(path).toString()))
            .timeout(Duration.ofSeconds(10))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (who != null) {
      request.header("Authorization", who);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String basic(String text) {
    return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void onlyUsersAreLetIn() throws Exception {
    for (String path : new String[] {"/write", "/api/v1/write", "/api/v1/ha/clusters", "/"}) {
      for (String who : new String[] {null, "Bearer " + TOKEN + "x", basic("alice:12345678")}) {
        HttpResponse<String> answer = send(path.endsWith("write") ? "POST" : "GET", path, who);
        assertThat(answer.statusCode()).as(path + " " + who).isEqualTo(401);
        assertThat(answer.headers().allValues("WWW-Authenticate")).hasSize(2);
        assertThat(answer.body()).isEqualTo("user unknown, or wrong password or token\n");
      }
    }
    for (String who : new String[] {"Bearer " + TOKEN, basic("alice:s3cret:pw")}) {
      assertThat(send("GET", "/", who).statusCode()).isEqualTo(200);
      // Let in, and then refused for what it is: a request without a body.
      assertThat(send("POST", "/api/v1/write", who).statusCode()).isIn(204, 400, 415);
    }
    for (String open : new String[] {"/-/ready", "/-/healthy", "/healthz", "/metrics"}) {
      assertThat(send("GET", open, null).statusCode()).as(open).isEqualTo(200);
    }
  }

  /** Whoever is not known does not get his body collected. */
  @Test
  void nobodyWaitsForAStrangersBody() throws Exception {
    for (String path : new String[] {"/write", "/api/v1/write"}) {
      RawHttp.Answer answer =
          RawHttp.send(
              connector.uri("/"), "POST " + path, "Content-Length: 1000000\n", new byte[10]);
      assertThat(answer.status()).isEqualTo(401);
    }
    assertThat(
            MetricsPage.of(connector.uri("/metrics"))
                .sum("promscale_ingest_arriving_bodies", Map.of()))
        .isZero();
  }

  @Test
  void noSpellingOfAPathGetsRoundIt() throws Exception {
    for (String path :
        new String[] {
          "/healthz/../write",
          "/-/ready/..;/../write",
          "//write",
          "/write;x=/metrics",
          "/metrics/../write",
          "/metrics%2F..%2Fwrite",
          "/metrics/..%2fwrite",
          "/%77rite"
        }) {
      assertThat(send("POST", path, null).statusCode()).as(path).isIn(400, 401, 404);
    }
  }

  @Test
  void usersChangeWithoutARestart() throws Exception {
    String before = Files.readString(passwords);
    Files.writeString(passwords, "carol:abcdefgh\n");
    Await.until(
        "the new user is let in",
        Duration.ofSeconds(10),
        () -> send("GET", "/", basic("carol:abcdefgh")).statusCode() == 200);
    assertThat(send("GET", "/", basic("bob:12345678")).statusCode()).isEqualTo(401);

    Files.delete(passwords);
    Await.until(
        "nobody can be judged",
        Duration.ofSeconds(10),
        () -> send("GET", "/", basic("carol:abcdefgh")).statusCode() == 503);
    HttpResponse<String> answer = send("POST", "/write", null);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("5");
    assertThat(send("GET", "/", "Bearer " + TOKEN).statusCode()).isEqualTo(200);

    Files.writeString(passwords, before);
    Await.until(
        "the old user is let in again",
        Duration.ofSeconds(10),
        () -> send("GET", "/", basic("bob:12345678")).statusCode() == 200);
  }
}
