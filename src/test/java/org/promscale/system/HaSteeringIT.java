package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaHistory;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.MetricsPage;

/**
 * Operators steer pairs under load, behind a load balancer over two connectors. Everything happens
 * once, then each test looks at it.
 */
class HaSteeringIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration AT_ONCE = Duration.ofSeconds(5);
  private static final String TOKEN = "0123456789abcdef0123";
  private static final String NEXT_TOKEN = "fedcba9876543210fedc";

  @TempDir private static Path directory;
  private static HaStand stand;
  private static SteeringClient one;
  private static SteeringClient two;

  private static HaPair handed;
  private static HaPair drained;
  private static HaPair pinned;
  private static final List<SteeringClient.Answer> DONE = new ArrayList<>();
  private static SteeringClient.Answer late;
  private static double pinnedShown;
  private static double drainedShown;

  @BeforeAll
  static void steer() throws Exception {
    Path tokens = Files.writeString(directory.resolve("tokens"), "ops " + TOKEN + "\n");
    String flags = "-web.enable-admin-api -web.auth.ignore-path=/** -web.auth.bearer-token-file=";
    stand = new HaStand(2, "15s", (flags + tokens).split(" "));
    one = new SteeringClient(stand.connectors().get(0), TOKEN);
    two = new SteeringClient(stand.connectors().get(1), TOKEN);
    handed = pair("handed", 0);
    drained = pair("drained", 1);
    pinned = pair("pinned", 2);
    HaPair.startAll(stand, all().toList());

    String fence = text(one.read("handed", ""), "fence");
    done(one.order("handed", "hand-over", "handed-b", ""));
    done(two.order("pinned", "pin", "pinned-a", ", \"expires\": \"2h\""));
    done(two.order("drained", "drain", "drained-a", ""));
    late =
        two.send(
            "handed",
            "hand-over",
            "{\"replica\":\"handed-a\",\"reason\":\"r\"}",
            Map.of("If-Match", "\"" + fence + "\""));
    pinnedShown =
        MetricsPage.of(two.connector().uri("/metrics"))
            .sum("promscale_ha_cluster_pinned", Map.of("replica", "pinned-a"));
    drainedShown =
        MetricsPage.of(two.connector().uri("/metrics"))
            .sum("promscale_ha_replica_drained", Map.of("replica", "drained-a"));
    handed.awaitTakeover(stand);
    drained.awaitTakeover(stand);

    pinned.first().kill();
    pinned.awaitTakeover(stand);
    pinned.first().start();
    awaitSeamsFilled(handed, drained);
    // Back again, through the other connector, on the fence that it shows.
    done(
        two.send(
            "handed",
            "hand-over",
            "{\"replica\":\"handed-a\",\"reason\":\"done\"}",
            Map.of("If-Match", two.read("handed", "").tag())));
    drained.second().kill();
    awaitLeader(drained, drained.first());
    awaitLeader(pinned, pinned.first());
    awaitLeader(handed, handed.first());
    awaitSeamsFilled(handed, drained, pinned);

    all().forEach(pair -> HaPair.awaitDelivered(pair.first()));
    Stream.of(handed, pinned).forEach(pair -> pair.second().kill());
    Stream.of(handed, pinned).forEach(pair -> HaPair.awaitOutlived(pair.first()));
    all().forEach(pair -> pair.first().finish(HaPair.PATIENCE));
  }

  @AfterAll
  static void stop() {
    all().forEach(HaPair::close);
    if (stand != null) {
      stand.close();
    }
  }

  private static HaPair pair(String cluster, int number) {
    return new HaPair(cluster, number, 60, 1, () -> stand.balancer().writeUri());
  }

  static Stream<HaPair> all() {
    return Stream.of(handed, drained, pinned).filter(pair -> pair != null);
  }

  private static void done(SteeringClient.Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    DONE.add(answer);
  }

  private static void awaitLeader(HaPair pair, HaReplica replica) {
    Await.until(
        replica.name() + " leads",
        PATIENCE,
        () -> stand.watch().allName(pair.cluster(), replica.name()));
  }

  /** The seam of a hand-over is filled a settle time later: until then nothing may end. */
  private static void awaitSeamsFilled(HaPair... pairs) {
    for (HaPair pair : pairs) {
      Await.until(
          "the patches of " + pair + " are closed",
          PATIENCE,
          () -> Objects.equals(one.read(pair.cluster(), "").get("open_patches"), 0.0));
    }
  }

  private static String text(SteeringClient.Answer answer, String field) {
    return String.valueOf(answer.get(field));
  }

  @ParameterizedTest
  @MethodSource("all")
  void oneAuthorAndNoHole(HaPair pair) throws Exception {
    pair.assertNothingIsMissing(stand);
  }

  private static List<String> changes(HaPair pair) throws Exception {
    return pair.evidence(stand).history().terms().stream()
        .map(t -> t.leader().replace(pair.cluster() + "-", "") + " " + t.cause())
        .toList();
  }

  @Test
  void leadershipWentWhereItWasSent() throws Exception {
    assertThat(changes(handed)).containsExactly("a first", "b handed over", "a handed over");
    assertThat(changes(drained)).containsExactly("a first", "b drained", "a silent");
    assertThat(changes(pinned)).containsExactly("a first", "b silent", "a pinned");
  }

  @Test
  void theAnswerIsTheNewState() {
    assertThat(DONE)
        .extracting(answer -> text(answer, "leader"))
        .containsExactly("handed-b", "pinned-a", "drained-b", "handed-a");
    assertThat(Instant.parse(text(DONE.get(1), "pinned_until")))
        .isBetween(Instant.now().plusSeconds(6_000), Instant.now().plusSeconds(7_200));
    assertThat(text(DONE.get(1), "pinned")).isEqualTo("pinned-a");
    assertThat(DONE.get(0).get("pinned")).isNull();
    assertThat(DONE.get(0).tag()).isEqualTo("\"" + text(DONE.get(0), "fence") + "\"");
    assertThat(DONE.get(2).list("replicas"))
        .extracting(r -> r.get("replica") + " " + r.get("drained"))
        .containsExactly("drained-a true", "drained-b false");
    assertThat(pinnedShown).isEqualTo(1);
    assertThat(drainedShown).isEqualTo(1);
  }

  @Test
  void whoSawAnOlderStateIsToldSo() {
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.error()).contains("handed-b leads in term 2, fence ", "look again");
  }

  @Test
  void allConnectorsFollowAtOnce() {
    for (HaPair pair : List.of(handed, drained)) {
      assertThat(stand.watch().disagreement(pair.cluster(), 2)).isLessThan(AT_ONCE);
    }
  }

  @Test
  void historyAsJson() throws Exception {
    assertThat(one.read("handed", "/terms").list("terms"))
        .extracting(t -> t.get("term") + " " + t.get("leader") + " " + t.get("actor"))
        .containsExactly("3.0 handed-a ops", "2.0 handed-b ops", "1.0 handed-a null");
    SteeringClient.Answer latest = two.read("handed", "/terms?limit=1");
    assertThat(latest.get("cluster")).isEqualTo("handed");
    Map<?, ?> term = latest.list("terms").get(0);
    assertThat(term.get("reason")).isEqualTo("done");
    assertThat(term.get("ends")).isNull();
    assertThat(Instant.parse(String.valueOf(term.get("starts"))))
        .isBefore(Instant.parse(String.valueOf(term.get("decided_at"))).plusSeconds(1));
    Map<?, ?> back = one.read("pinned", "/terms").list("terms").get(0);
    assertThat(back.get("cause") + " " + back.get("actor") + " " + back.get("reason"))
        .as("in the name of whoever pinned it")
        .isEqualTo("pinned ops upgrade");
    assertThat(one.read("handed", "/actions").list("actions"))
        .extracting(a -> a.get("action") + " " + a.get("replica") + " " + a.get("term"))
        .containsExactly("hand-over handed-a 3.0", "hand-over handed-b 2.0");
    assertThat(one.read("pinned", "/actions").list("actions").get(0).get("expires")).isNotNull();
    List<HaHistory.Patch> patches = handed.evidence(stand).history().patches();
    assertThat(one.read("handed", "/patches").list("patches"))
        .hasSameSizeAs(patches)
        .extracting(p -> String.valueOf(p.get("cause")))
        .contains("hand-over");
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyChangeIsMeasuredAndToldOnce(HaPair pair) throws Exception {
    Await.until(
        "the changes of " + pair + " are measured",
        PATIENCE,
        () -> measured(one.read(pair.cluster(), "/terms").list("terms")));
    for (Map<?, ?> term : one.read(pair.cluster(), "/terms").list("terms")) {
      if (!Objects.equals(term.get("term"), 1.0)) {
        assertThat(term.get("hole_ms")).as("hole in " + term).isEqualTo(0.0);
        assertThat((Double) term.get("failover_ms")).as("duration in " + term).isPositive();
        assertThat((Double) term.get("silence_ms")).as("silence in " + term).isNotNegative();
      }
    }
    String told = "cluster " + pair.cluster() + ": leader " + pair.cluster() + "-";
    List<String> lines = new ArrayList<>();
    for (SteeringClient client : List.of(one, two)) {
      client.connector().output().stream().filter(l -> l.contains(told)).forEach(lines::add);
    }
    assertThat(lines).hasSize(2).allMatch(line -> line.endsWith("no hole is left"));
    String second = "term 2, " + changes(pair).get(1).substring(2);
    assertThat(lines).anyMatch(line -> line.contains(second));
    double counted = 0;
    for (SteeringClient client : List.of(one, two)) {
      MetricsPage page = MetricsPage.of(client.connector().uri("/metrics"));
      counted += page.sum("promscale_ha_failover_duration_seconds_count", Map.of());
      assertThat(
              page.sum(
                  "promscale_ha_cluster_hole_seconds_total", Map.of("cluster", pair.cluster())))
          .isZero();
    }
    assertThat(counted).as("changes of all clusters").isLessThanOrEqualTo(6);
  }

  private static boolean measured(List<Map<?, ?>> terms) {
    return terms.stream()
        .allMatch(t -> Objects.equals(t.get("term"), 1.0) || t.get("hole_ms") != null);
  }

  @Test
  void historyOfWhatIsNotThere() throws Exception {
    for (String what : List.of("", "/terms", "/patches", "/actions")) {
      assertThat(one.read("nowhere", what).status()).as(what).isEqualTo(404);
    }
    assertThat(one.read("a%2Fb", "/terms").error()).startsWith("no cluster a/b;");
    assertThat(one.read("handed", "/terms?tenant=1").status()).isEqualTo(404);
    assertThat(one.read("handed", "/terms?limit=0").status()).isEqualTo(400);
    assertThat(one.read("handed", "/terms?limit=1001").status()).isEqualTo(400);
    assertThat(one.read("handed", "/terms?limit=many").status()).isEqualTo(400);
  }

  @Test
  void withoutATokenNothingIsDone() throws Exception {
    for (String wrong : new String[] {null, "", TOKEN + "x", "ops"}) {
      SteeringClient.Answer answer =
          new SteeringClient(one.connector(), wrong).order("handed", "drain", "handed-a", "");
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.authenticate()).isEqualTo("Bearer");
      assertThat(answer.error()).contains("-web.auth.bearer-token-file");
    }
    assertThat(one.read("handed", "/actions").list("actions")).hasSize(2);
  }

  @Test
  void unusableOrdersAreAnsweredInOneSentence() throws Exception {
    assertThat(one.send("handed", "drain", "{\"replica\":\"handed-a\"}", Map.of()))
        .satisfies(a -> assertThat(a.status()).isEqualTo(400))
        .satisfies(a -> assertThat(a.error()).startsWith("\"reason\" is missing"));
    assertThat(one.order("handed", "drain", "handed-a", ", \"actor\": \"root\""))
        .satisfies(a -> assertThat(a.status()).isEqualTo(400))
        .satisfies(a -> assertThat(a.error()).startsWith("unknown field \"actor\""));
    for (String body : List.of("", "[]", "replica=b", "[".repeat(16_000), "{\"a")) {
      assertThat(one.send("handed", "drain", body, Map.of()))
          .satisfies(a -> assertThat(a.status()).isEqualTo(400))
          .satisfies(a -> assertThat(a.error()).startsWith("the body is no JSON object: send"));
    }
    String order = "{\"replica\":\"handed-a\",\"reason\":\"r\"}";
    for (String more : List.of(order, " x", "]", ", {}", " null")) {
      assertThat(one.send("handed", "drain", order + more, Map.of()))
          .as(more)
          .satisfies(a -> assertThat(a.status()).isEqualTo(400));
    }
    assertThat(one.send("handed", "drain", " ".repeat(20_000), Map.of()).error())
        .startsWith("the body has more than 16384 bytes");
    assertThat(one.send("handed", "drain", "{}", Map.of("If-Match", "\"1\"")).error())
        .startsWith("If-Match is no fence");
    assertThat(
            one.send(
                    "handed",
                    "drain",
                    "replica=handed-a",
                    Map.of("Content-Type", "application/x-www-form-urlencoded"))
                .status())
        .isEqualTo(415);
    assertThat(one.order("nowhere", "drain", "a", "").status()).isEqualTo(404);
    SteeringClient.Answer nobody = one.order("handed", "hand-over", "nobody", "");
    assertThat(nobody.status()).isEqualTo(404);
    assertThat(nobody.error()).contains("no replica nobody in cluster handed, only handed-a");
    SteeringClient.Answer against = one.order("pinned", "drain", "pinned-a", "");
    assertThat(against.status()).isEqualTo(409);
    assertThat(against.error()).isEqualTo("pinned-a is pinned: unpin it first");
  }

  @Test
  void tokensAreReplacedWithoutARestart() throws IOException {
    Path tokens = directory.resolve("tokens");
    SteeringClient next = new SteeringClient(one.connector(), NEXT_TOKEN);
    assertThat(next.order("nowhere", "drain", "a", "").status()).isEqualTo(401);
    Files.writeString(tokens, "ops " + TOKEN + "\n" + NEXT_TOKEN + "\n");
    assertThat(next.order("nowhere", "drain", "a", "").status()).isEqualTo(404);
    assertThat(one.order("nowhere", "drain", "a", "").status()).isEqualTo(404);
    Files.writeString(tokens, "ops " + TOKEN + "\n");
    assertThat(next.order("nowhere", "drain", "a", "").status()).isEqualTo(401);
  }

  @Test
  void withoutTheDatabaseNothingIsPromised() throws Exception {
    stand.postgres().stop();
    try {
      for (String what : List.of("/terms", "/patches", "/actions")) {
        assertThat(one.read("handed", what).status()).as(what).isEqualTo(503);
      }
      SteeringClient.Answer answer = one.order("handed", "drain", "handed-b", "");
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.error()).contains("the database is not available");
      assertThat(text(one.read("handed", ""), "leader")).as("from memory").isEqualTo("handed-a");
    } finally {
      stand.postgres().start();
    }
    Await.until("history is back", PATIENCE, () -> one.read("handed", "/terms").status() == 200);
    assertThat(one.read("handed", "/actions").list("actions")).hasSize(2);
  }

  @Test
  void everyOrderIsLogged() {
    assertThat(one.connector().output())
        .filteredOn(line -> line.contains("hand-over handed-b by ops (upgrade): done: "))
        .hasSize(1);
    assertThat(two.connector().output())
        .filteredOn(line -> line.contains("hand-over handed-a by ops (r): refused: leadership has"))
        .hasSize(1);
  }

  @Test
  void aConnectorWithoutTheAdminApiTakesNoOrders() throws Exception {
    try (ConnectorProcess plain =
        ConnectorProcess.start(stand.postgres(), stand.database(), "-metrics.high-availability")) {
      SteeringClient client = new SteeringClient(plain, TOKEN);
      SteeringClient.Answer answer = client.order("handed", "drain", "handed-a", "");
      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.error()).contains("-web.enable-admin-api");
      assertThat(client.read("handed", "/terms").list("terms")).hasSize(3);
    }
  }
}
