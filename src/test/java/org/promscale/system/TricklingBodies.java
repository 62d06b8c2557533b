package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.promscale.testbed.Await;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.RemoteWriteClient;

/**
 * Bodies that trickle, in every way a body can: nobody has to wait for them, and they are ended in
 * time. What any server has to do, told once.
 */
final class TricklingBodies {

  private static final Duration QUICKLY = Duration.ofSeconds(5);
  private static final byte[] CORRUPT = {4, 0, 'x'};

  /** Ten seconds of grace, and a busy machine. */
  private static final Duration ANSWERED = Duration.ofSeconds(25);

  /** The servers have time-outs of 30 s for what comes after an answer. */
  private static final Duration CLOSED = Duration.ofSeconds(60);

  private final Function<String, URI> server;
  private final int each;

  /**
   * Aims.
   *
   * @param server the address of a path
   * @param each bodies of a kind; there are three
   */
  TricklingBodies(Function<String, URI> server, int each) {
    this.server = server;
    this.each = each;
  }

  void holdUpNobody() throws Exception {
    double slowBefore = sum("promscale_ingest_slow_bodies_total");
    byte[] chunk = "5\r\nhello\r\n".getBytes(StandardCharsets.US_ASCII);
    try (Crowd declared = crowd("/api/v1/write", "Content-Length: 100000\r\n", new byte[20]);
        Crowd chunked = crowd("/write/", "Transfer-Encoding: chunked\r\n", chunk);
        Crowd silent = crowd("/write", "Content-Length: 500\r\n", new byte[0])) {
      Await.until("all have begun", ANSWERED, () -> arriving() >= 3 * each);
      RemoteWriteClient client = new RemoteWriteClient(QUICKLY);
      for (int i = 0; i < 20; i++) {
        assertThat(client.post(server.apply("/api/v1/write"), CORRUPT).status()).isEqualTo(400);
      }
      List<Crowd> crowds = List.of(declared, chunked, silent);
      Await.until("all were answered", ANSWERED, () -> crowds.stream().allMatch(this::isAnswered));
      Await.until(
          "all were closed",
          CLOSED,
          () -> crowds.stream().allMatch(crowd -> crowd.closed() >= each));
      for (Crowd crowd : crowds) {
        System.out.println("TricklingBodies: " + crowd.answers() + ", " + crowd.longest());
        assertThat(crowd.answers().keySet()).isSubsetOf(Set.of("503", Crowd.NO_ANSWER));
      }
      assertThat(sum("promscale_ingest_slow_bodies_total") - slowBefore)
          .isGreaterThanOrEqualTo(3 * each);
    }
    Await.until("nothing is left", ANSWERED, () -> arriving() == 0);
    assertThat(sum("promscale_ingest_arriving_bytes")).isZero();
  }

  private Crowd crowd(String path, String framing, byte[] piece) throws Exception {
    URI uri = server.apply(path);
    return Crowd.trickling(uri, each, uri.getPath(), framing, piece);
  }

  private boolean isAnswered(Crowd crowd) {
    return crowd.answers().values().stream().mapToLong(Long::longValue).sum() >= each;
  }

  private double arriving() throws Exception {
    return sum("promscale_ingest_arriving_bodies");
  }

  private double sum(String name) throws Exception {
    return MetricsPage.of(server.apply("/metrics")).sum(name, Map.of());
  }
}
