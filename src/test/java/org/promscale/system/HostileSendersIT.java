package org.promscale.system;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/**
 * Each kind of hostile sender beside a steady one, at a connector with a small heap: the steady one
 * keeps at least half of its rate, and nothing that it was told is stored is missing.
 */
@Tag("long")
class HostileSendersIT {

  private static final int HEAP_MIB = 512;
  private static final Duration WINDOW = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int CAP = 32 << 20;
  private static final int LABELS = 64;
  private static final int MILLION = 1_000_000;

  /** Before everything that the steady sender sends. */
  private static final long PAST_MS = System.currentTimeMillis() - Duration.ofHours(2).toMillis();

  private static PostgresServer postgres;
  private static String database;
  private static ConnectorProcess connector;

  /** A kind of hostile senders at work. */
  private record Attack(
      String name, Set<String> allowed, Supplier<Map<String, Long>> answers, Runnable end) {}

  /** Begins to attack. */
  @FunctionalInterface
  private interface Begin {
    Attack begin() throws IOException;
  }

  private final RemoteWriteClient client = new RemoteWriteClient();
  private final SoftAssertions softly = new SoftAssertions();
  private double mostHeap;

  @BeforeAll
  static void start() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    connector =
        ConnectorProcess.startWith(
            List.of("-Xmx" + HEAP_MIB + "m"), ConnectorProcess.onDatabase(postgres, database));
  }

  @AfterAll
  static void stop() {
    connector.close();
    postgres.close();
  }

  @Test
  void othersKeepHalfOfTheirRate() throws Exception {
    SyntheticPlan plan =
        SyntheticPlan.of(1, System.currentTimeMillis())
            .withShape(200, 4, 2)
            .withLongestBackoff(Duration.ofMillis(500));
    try (SyntheticReplica steady = SyntheticReplica.start(plan, connector::writeUri)) {
      Await.until("it is warm", PATIENCE, () -> steady.requestsAcknowledged() > 400);
      long alone = window(steady);
      System.out.printf("HostileSendersIT: alone %d requests%n", alone);
      for (Begin begin : attacks()) {
        Attack attack = begin.begin();
        long beside;
        try {
          beside = window(steady);
        } finally {
          attack.end().run();
        }
        Map<String, Long> answers = attack.answers().get();
        System.out.printf(
            "HostileSendersIT: %s: beside it %d requests (%.0f %%); it was answered %s; heap at"
                + " most %.0f MiB; the steady sender %d retries %s%n",
            attack.name(),
            beside,
            100.0 * beside / alone,
            new TreeMap<>(answers),
            mostHeap / (1 << 20),
            steady.retries(),
            steady.refusals());
        softly.assertThat(beside).as(attack.name()).isGreaterThanOrEqualTo(alone / 2);
        softly.assertThat(answers.keySet()).as(attack.name()).isSubsetOf(attack.allowed());
        Await.until("ready", PATIENCE, () -> HttpProbe.isOk(connector.uri("/-/ready")));
      }
      steady.finish(PATIENCE);
      softly.assertThat(steady.requestsDropped()).as(steady.lastDrop()).isZero();
      SampleComparison comparison =
          SampleComparison.of(
              steady.acknowledged(),
              new StoredSamples(postgres.dataSource(database))
                  .between(plan.startMs(), plan.startMs() + Duration.ofDays(1).toMillis()));
      System.out.println("HostileSendersIT: " + comparison);
      comparison.assertNothingMissing();
    }
    softly.assertThat(mostHeap).as("heap").isBetween(1e6, HEAP_MIB * 1024.0 * 1024);
    softly.assertThat(connector.output()).noneMatch(line -> line.contains("OutOfMemoryError"));
    softly.assertThat(connector.isAlive()).isTrue();
    softly.assertAll();
  }

  /** Returns how many requests of the steady sender were acknowledged in a window. */
  private long window(SyntheticReplica steady) throws Exception {
    long end = System.nanoTime() + WINDOW.toNanos();
    long before = steady.requestsAcknowledged();
    while (System.nanoTime() - end < 0) {
      long look = Math.min(end, System.nanoTime() + Duration.ofSeconds(2).toNanos());
      Await.until("time passes", PATIENCE, () -> System.nanoTime() - look >= 0);
      mostHeap = Math.max(mostHeap, heap());
    }
    return steady.requestsAcknowledged() - before;
  }

  private static double heap() throws IOException {
    return MetricsPage.of(connector.uri("/metrics"))
        .sum("jvm_memory_used_bytes", Map.of("area", "heap"));
  }

  private List<Begin> attacks() throws IOException {
    URI server = connector.uri("/");
    List<Begin> attacks = new ArrayList<>();
    attacks.add(
        () -> {
          Crowd crowd =
              Crowd.trickling(
                  server, 300, "/api/v1/write", "Content-Length: 100000\r\n", new byte[20]);
          return new Attack(
              "300 bodies that trickle",
              Set.of("503", Crowd.NO_ANSWER),
              crowd::answers,
              crowd::close);
        });
    attacks.add(
        () -> {
          Crowd crowd = Crowd.idle(server, 10_000);
          Await.until("10,000 connections", PATIENCE, () -> crowd.open() == 10_000);
          return new Attack(
              "10,000 idle connections", Set.of(Crowd.NO_ANSWER), crowd::answers, crowd::close);
        });
    attacks.add(
        barrage(
            "snappy bombs",
            Set.of("400", "503"),
            Snappy.compress(new byte[CAP + 1]),
            Snappy.compress(new byte[CAP]),
            new byte[] {-1, -1, -1, -1, 15, 0, 1}));
    byte[] endless = RawHttp.chunked(new byte[CAP + (1 << 20)], 1 << 16);
    attacks.add(
        () ->
            attack(
                "huge and endless bodies",
                Set.of("413", "503", Crowd.NO_ANSWER),
                number ->
                    number % 2 == 0
                        ? RawHttp.send(
                                server,
                                "POST /write",
                                "Content-Length: 10000000000\n",
                                new byte[100_000])
                            .status()
                        : RawHttp.send(
                                server, "POST /write", "Transfer-Encoding: chunked\n", endless)
                            .status()));
    attacks.add(
        barrage("a million label names", Set.of("400", "503"), labels(1, MILLION), labels(20, 65)));
    attacks.add(
        () ->
            attack(
                LABELS + " new label names in each series",
                Set.of("204", "503"),
                number -> client.post(connector.writeUri(), newLabels(number)).status()));
    attacks.add(
        () ->
            attack(
                "a new metric in each request",
                Set.of("204", "503"),
                number ->
                    client
                        .write(
                            connector.writeUri(),
                            WireLabels.request(
                                Map.of("__name__", "hostile_" + number), PAST_MS, (double) number))
                        .status()));
    return attacks;
  }

  private Begin barrage(String name, Set<String> allowed, byte[]... bodies) {
    return () ->
        attack(
            name,
            allowed,
            number ->
                client.post(connector.writeUri(), bodies[(int) (number % bodies.length)]).status());
  }

  private static Attack attack(String name, Set<String> allowed, Barrage.Shot shot) {
    Barrage barrage = new Barrage(4, shot);
    return new Attack(name, allowed, barrage::answers, barrage::close);
  }

  /** Returns a body of series that have so many labels each, none of which another one has. */
  private static byte[] labels(int series, int each) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < series; i++) {
      Map<String, String> labels = new TreeMap<>();
      for (int label = 0; label < each; label++) {
        labels.put("l" + (i * each + label), "v");
      }
      labels.put("__name__", "million");
      request.addTimeseries(WireLabels.encode(labels).addSamples(WireLabels.sample(PAST_MS, i)));
    }
    return RemoteWriteClient.encode(request.build());
  }

  private static byte[] newLabels(long number) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < 10; i++) {
      Map<String, String> labels = new TreeMap<>();
      labels.put("__name__", "labels");
      for (int label = 1; label < LABELS; label++) {
        labels.put("n" + number + "_" + i + "_" + label, "v");
      }
      request.addTimeseries(WireLabels.encode(labels).addSamples(WireLabels.sample(PAST_MS, i)));
    }
    return RemoteWriteClient.encode(request.build());
  }
}
