package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/** A replica scrapes in wall time whatever happens, and loses its queue only when it is killed. */
class HaReplicaTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int STEP_MS = 100;

  private final List<WriteRequest> accepted = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile int status = 204;
  private HttpServer receiver;
  private HaReplica replica;

  @BeforeEach
  void start() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.setExecutor(threads);
    receiver.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          int answer = status;
          if (answer == 204) {
            accepted.add(WriteRequest.parseFrom(Snappy.uncompress(body)));
          }
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
    receiver.start();
    URI address = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
    SyntheticPlan plan =
        SyntheticPlan.ofReplica("c", "a", 5, System.currentTimeMillis())
            .withShape(6, 3, 1)
            .withPace(STEP_MS, Duration.ofMillis(STEP_MS))
            .withLongestBackoff(Duration.ofMillis(100));
    replica = new HaReplica(plan, () -> address);
    replica.start();
    awaitAcknowledged(5);
  }

  @AfterEach
  void stop() {
    replica.close();
    receiver.stop(0);
    threads.shutdownNow();
  }

  @Test
  void theReplicaLabelIsSentAndNotExpectedInSql() throws Exception {
    assertThat(WireLabels.decode(accepted.get(0).getTimeseries(0).getLabelsList()))
        .containsAllEntriesOf(Map.of("cluster", "c", "__replica__", "a"));
    assertThat(replica.acknowledged())
        .allMatch(point -> point.series().contains("cluster=\"c\""))
        .noneMatch(point -> point.series().contains("__replica__"))
        .allMatch(point -> SyntheticPlan.authorOf(Double.longBitsToDouble(point.valueBits())) == 5);
  }

  @Test
  void aCutOffReplicaSendsItsBacklogInFewRequestsAndInOrder() {
    replica.current().cutOff();
    awaitScraped(10);
    long before = replica.current().requestsAcknowledged();
    replica.current().reconnect();
    replica.finish(PATIENCE);

    assertThat(replica.acknowledged()).isEqualTo(replica.scraped());
    assertThat(replica.current().requestsAcknowledged() - before).isLessThan(6L * 3);
    assertThat(accepted.stream().mapToInt(WriteRequest::getTimeseriesCount).max().orElse(0))
        .isGreaterThan(2 * 3);
    assertOrder();
  }

  @Test
  void aFailingReceiverDelaysAndLosesNothing() {
    status = 503;
    awaitScraped(5);
    status = 204;
    replica.finish(PATIENCE);

    assertThat(replica.current().retries()).isPositive();
    assertThat(replica.requestsDropped()).isZero();
    assertThat(replica.acknowledged()).isEqualTo(replica.scraped());
  }

  @Test
  void aRequestAnswered400IsDropped() {
    status = 400;
    Await.until("drops", PATIENCE, () -> replica.requestsDropped() >= 3);
    status = 204;
    replica.finish(PATIENCE);

    assertThat(replica.lastDrop()).startsWith("400");
    assertThat(replica.scraped()).hasSizeGreaterThan(replica.acknowledged().size());
  }

  @Test
  void aKilledReplicaLosesItsQueueAndStartsWithTheNextRoundInItsPhase() {
    replica.current().cutOff();
    awaitScraped(5);
    replica.kill();
    long killedAt = System.currentTimeMillis();
    Set<SamplePoint> first = replica.scraped();
    Await.until(
        "some rounds pass", PATIENCE, () -> System.currentTimeMillis() > killedAt + 3 * STEP_MS);
    replica.start();
    long before = replica.current().firstMs();
    Await.until("again", PATIENCE, () -> replica.current().acknowledgedUntilMs() > before);
    replica.finish(PATIENCE);

    Set<SamplePoint> lost = new HashSet<>(replica.scraped());
    lost.removeAll(replica.acknowledged());
    assertThat(lost).isNotEmpty().isSubsetOf(first);
    assertThat(before).isGreaterThan(killedAt);
    assertThat(
            (before - first.stream().mapToLong(SamplePoint::timestampMs).max().orElseThrow())
                % STEP_MS)
        .isZero();
    assertThat(lost).allMatch(point -> point.timestampMs() < before);
  }

  @Test
  void aStalledShardKeepsItsQueueWhileTheOthersGoOn() {
    replica.current().stall(1);
    long stalledAt = System.currentTimeMillis();
    awaitScraped(8);
    assertThat(replica.current().acknowledgedUntilMs()).isLessThan(stalledAt + STEP_MS);
    assertThat(newestAcknowledged()).isGreaterThan(stalledAt + 4 * STEP_MS);
    replica.current().unstall(1);
    replica.finish(PATIENCE);

    assertThat(replica.acknowledged()).isEqualTo(replica.scraped());
    assertOrder();
  }

  private long newestAcknowledged() {
    return replica.acknowledged().stream().mapToLong(SamplePoint::timestampMs).max().orElseThrow();
  }

  /** Order per series is kept over all requests. */
  private void assertOrder() {
    Map<String, Long> newest = new HashMap<>();
    for (WriteRequest request : accepted) {
      for (TimeSeries series : request.getTimeseriesList()) {
        long time = series.getSamples(0).getTimestamp();
        Long last = newest.put(SamplePoint.series(WireLabels.decode(series.getLabelsList())), time);
        assertThat(last == null || last < time).isTrue();
      }
    }
  }

  private void awaitAcknowledged(int rounds) {
    long untilMs = System.currentTimeMillis() + (long) rounds * STEP_MS;
    Await.until("acknowledged", PATIENCE, () -> replica.current().acknowledgedUntilMs() >= untilMs);
  }

  private static void awaitScraped(int rounds) {
    long untilMs = System.currentTimeMillis() + (long) rounds * STEP_MS;
    Await.until("rounds pass", PATIENCE, () -> System.currentTimeMillis() > untilMs);
  }
}
