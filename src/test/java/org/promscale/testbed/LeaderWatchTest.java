package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A watch sees who leads, when it changes, and that connectors differ. */
class LeaderWatchTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<HttpServer> connectors = new ArrayList<>();

  @AfterEach
  void stop() {
    connectors.forEach(connector -> connector.stop(0));
  }

  @Test
  void aChangeIsSeenAtEachConnector() throws IOException {
    AtomicReference<String> one = new AtomicReference<>(page(1, "a"));
    AtomicReference<String> two = new AtomicReference<>(page(1, "a"));
    try (LeaderWatch watch = LeaderWatch.start(List.of(connector(one), connector(two)))) {
      Await.until("both name a", PATIENCE, () -> watch.allName("c", "a"));
      assertThat(watch.firstNamed("c", 2)).isEmpty();

      one.set(page(2, "b"));
      Await.until("one names b", PATIENCE, () -> watch.leaders("c").equals(List.of("b", "a")));
      assertThat(watch.latest("c").orElseThrow().term()).isEqualTo(2);
      long since = System.nanoTime();
      Await.until("a while", PATIENCE, () -> System.nanoTime() - since > 300_000_000L);
      two.set(page(2, "b"));
      Await.until("both name b", PATIENCE, () -> watch.allName("c", "b"));

      assertThat(watch.disagreement("c", 2)).isGreaterThan(Duration.ofMillis(250));
      assertThat(watch.everNamed("c")).containsExactly("1 a", "2 b");
      assertThat(watch.leaders("d")).containsExactly("", "");
    }
  }

  @Test
  void aConnectorThatDoesNotAnswerNamesNobody() throws IOException {
    AtomicReference<String> one = new AtomicReference<>(page(1, "a"));
    try (LeaderWatch watch = LeaderWatch.start(List.of(connector(one)))) {
      Await.until("a", PATIENCE, () -> watch.allName("c", "a"));
      one.set("");
      Await.until("nobody", PATIENCE, () -> watch.allName("c", ""));
      assertThat(watch.latest("c")).isEmpty();
    }
  }

  private static String page(int term, String leader) {
    return """
        {"clusters":[{"tenant":0,"cluster":"c","leader":"%s","term":%d,"term_start":null,
        "frontier":null,"seal":null,"silence_seconds":0,"timeout_seconds":15,"settle_seconds":20,
        "view_age_seconds":0,"replicas":[]}]}
        """
        .formatted(leader, term);
  }

  /** An empty page is answered with 503. */
  private URI connector(AtomicReference<String> page) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        HaStatus.PATH,
        exchange -> {
          byte[] body = Objects.requireNonNull(page.get()).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.length == 0 ? 503 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    connectors.add(server);
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + HaStatus.PATH);
  }
}
