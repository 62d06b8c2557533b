package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.RealClients;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * Two connectors of an earlier build are replaced by this one, one after the other, while pairs of
 * replicas send; the first one migrates the schema under the other. One pair changes its leader
 * while the connectors differ. {@code ./mvnw verify -Plong -Dit.test=RollingUpgradeIT
 * -Dupgrade.before=…/target/promscale.jar}.
 */
@Tag("long")
class RollingUpgradeIT {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int SCRAPES = 20;

  /** Twice the shortest settle time: what was held when a phase began has found its place. */
  private static final Duration PHASE = Duration.ofSeconds(40);

  /** How long a backup reads on while the migration wants its table. */
  private static final long BACKUP_MS = 15_000;

  /** The migration gives up after one second; the machine may be slow. */
  private static final long LONGEST_WAIT_MS = 5_000;

  /** The newest migration that changes a table which {@link Backup} reads. */
  private static final int LAST_CHANGE_OF_TABLES = 10;

  private static final Pattern WORTH_A_LOOK =
      Pattern.compile("WARN|SEVERE|ERROR|migrat|schema|cluster \\S+: leader");

  @BeforeAll
  static void askForRealClients() {
    RealClients.require();
  }

  @Test
  void nothingIsLostAndOldConnectorsDoNotStartAfterwards() throws Exception {
    Path before = before();
    try (HaStand stand = new HaStand(before, 2, "30s");
        HaPair calm = new HaPair("calm", 0, 300, 1, () -> stand.balancer().writeUri());
        HaPair struck = new HaPair("struck", 1, 60, 1, () -> stand.balancer().writeUri())) {
      HaPair.startAll(stand, List.of(calm, struck));
      try (HaChaosPair real = HaChaosPair.start(stand)) {
        upgrade(stand, calm, struck);
        finish(stand, calm, struck, real);
        check(stand, calm, struck, real);
      } finally {
        print(stand);
      }
      wayBack(stand, before);
    }
  }

  private static Path before() {
    String jar = System.getProperty("upgrade.before", "");
    if (jar.isEmpty() || !Files.exists(Path.of(jar))) {
      throw new IllegalStateException(
          "-Dupgrade.before is to name the jar to upgrade from, and '"
              + jar
              + "' is none: make one with 'git worktree add ../before 42f47da', the last commit"
              + " with schema version 8, and there './mvnw package -DskipTests', which leaves"
              + " target/promscale.jar");
    }
    return Path.of(jar).toAbsolutePath();
  }

  private static void upgrade(HaStand stand, HaPair calm, HaPair struck) throws Exception {
    // Of a series with a handful of samples nobody can tell that one is missing.
    awaitAcknowledged(calm.first(), calm.first().current().firstMs() + SCRAPES * HaPair.STEP_MS);
    int oldVersion = schemaVersion(stand);
    try (LockWaits waits = LockWaits.watch(stand.dataSource());
        Backup backup = Backup.start(stand)) {
      replace(
          stand,
          0,
          () -> {
            awaitMigration(stand.connectors().get(0), oldVersion < LAST_CHANGE_OF_TABLES);
            awaitAcknowledged(calm.first(), System.currentTimeMillis() + BACKUP_MS);
            backup.end();
          });
      say("first one replaced: " + waits);
      assertThat(waits.longestOfOthersMs())
          .as("milliseconds that writes waited behind the migration")
          .isLessThan(LONGEST_WAIT_MS);
    }
    say(
        "schema version "
            + oldVersion
            + " -> "
            + schemaVersion(stand)
            + ", version|milliseconds "
            + Rows.of(
                stand.dataSource(),
                "SELECT version, execution_time FROM _prom_catalog.schema_history"
                    + " WHERE version::int > "
                    + oldVersion));
    assertThat(schemaVersion(stand)).as("version of the schema").isGreaterThan(oldVersion);

    double storedByOld = storedBy(stand.connectors().get(1));
    awaitPhase(calm);
    assertThat(storedBy(stand.connectors().get(1)))
        .as("samples stored by the old connector, which goes on serving")
        .isGreaterThan(storedByOld);
    assertThat(HttpProbe.isOk(stand.connectors().get(1).uri("/-/ready"))).isTrue();
    struck.first().kill();
    struck.awaitTakeover(stand);
    struck.first().start();
    awaitPhase(calm);

    try (LockWaits waits = LockWaits.watch(stand.dataSource())) {
      replace(stand, 1, () -> {});
      say("second one replaced: " + waits);
    }
    awaitPhase(calm);
  }

  /** Until it waits for the backup, or is through where it changes nothing that a backup reads. */
  private static void awaitMigration(ConnectorProcess connector, boolean waits) {
    String sentence = "the schema is not migrated yet, another session uses a table";
    Await.until(
        waits
            ? "the migration waits for the backup"
            : "the migration is through, beside the backup",
        PATIENCE,
        () ->
            waits
                ? HttpProbe.get(connector.uri("/-/ready"), PHASE).body().contains(sentence)
                : HttpProbe.isOk(connector.uri("/-/ready")));
    assertThat(connector.output())
        .filteredOn(line -> line.contains(sentence))
        .hasSize(waits ? 1 : 0);
  }

  /** Reads tables that migrations change, as pg_dump does: in one long transaction. */
  private record Backup(HaStand stand, Thread thread) implements AutoCloseable {

    private static final String TABLES = "_prom_catalog.ha_term, _prom_catalog.metric";

    static Backup start(HaStand stand) {
      // Not idle: connectors would take it for one of them that is frozen.
      String read =
          "DO $$ BEGIN LOCK TABLE "
              + TABLES
              + " IN ACCESS SHARE MODE; PERFORM pg_sleep(600); END $$";
      Thread thread =
          new Thread(
              () -> {
                try {
                  stand.postgres().execute(stand.database(), read);
                } catch (IllegalStateException e) {
                  say("the backup ended: " + e.getCause());
                }
              },
              "backup");
      thread.setDaemon(true);
      thread.start();
      Await.until("the backup reads", PATIENCE, () -> !sessions(stand).isEmpty());
      return new Backup(stand, thread);
    }

    private static List<String> sessions(HaStand stand) throws SQLException {
      return Rows.of(
          stand.dataSource(),
          "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%"
              + TABLES
              + "%'");
    }

    @Override
    public void close() {
      end();
    }

    void end() {
      stand
          .postgres()
          .execute(
              stand.database(),
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      Await.until("the backup has ended", PATIENCE, () -> !thread.isAlive());
    }
  }

  private static void replace(HaStand stand, int number, Runnable meanwhile) throws IOException {
    ConnectorProcess connector = stand.connectors().get(number);
    long stopNanos = System.nanoTime();
    connector.stop();
    long startNanos = System.nanoTime();
    connector.useJar(ConnectorProcess.packagedJar());
    connector.launch();
    meanwhile.run();
    connector.awaitReady();
    say(
        "connector %d stopped in %d ms, ready after %d ms"
            .formatted(
                number,
                (startNanos - stopNanos) / 1_000_000,
                (System.nanoTime() - startNanos) / 1_000_000));
    // Only what runs now knows it.
    assertThat(MetricsPage.of(connector.uri("/metrics")).find("promscale_ha_hold_bytes", Map.of()))
        .isNotEmpty();
  }

  private static int schemaVersion(HaStand stand) throws Exception {
    return Integer.parseInt(
        Rows.of(
                stand.dataSource(),
                "SELECT max(version::int) FROM _prom_catalog.schema_history WHERE success")
            .get(0));
  }

  private static double storedBy(ConnectorProcess connector) throws IOException {
    return MetricsPage.of(connector.uri("/metrics"))
        .sum("promscale_ha_samples_total", Map.of("verdict", "stored"));
  }

  private static void awaitPhase(HaPair pair) {
    awaitAcknowledged(pair.first(), System.currentTimeMillis() + PHASE.toMillis());
  }

  private static void awaitAcknowledged(HaReplica replica, long untilMs) {
    Await.until(
        replica.name() + " has delivered: " + replica.current().lastTrouble(),
        PATIENCE,
        () -> replica.current().acknowledgedUntilMs() >= untilMs);
  }

  private static void finish(HaStand stand, HaPair calm, HaPair struck, HaChaosPair real)
      throws Exception {
    real.finish(PHASE);
    for (HaPair pair : List.of(calm, struck)) {
      String name = stand.watch().latest(pair.cluster()).orElseThrow().leader();
      HaReplica leader = name.equals(pair.first().name()) ? pair.first() : pair.second();
      HaReplica other = leader == pair.first() ? pair.second() : pair.first();
      HaPair.awaitDelivered(leader, PATIENCE);
      other.current().stopScraping();
      other.finish(PATIENCE);
      Await.until(
          "nothing of " + pair + " is held",
          PATIENCE,
          () -> stand.heldItems(Map.of("cluster", pair.cluster())) == 0);
      leader.finish(PATIENCE);
    }
  }

  private static void check(HaStand stand, HaPair calm, HaPair struck, HaChaosPair real)
      throws Exception {
    for (HaPair pair : List.of(calm, struck)) {
      say(
          "%s: %s, largest distance %s, answers but success: %s %s%s"
              .formatted(
                  pair,
                  pair.evidence(stand),
                  pair.evidence(stand).largestDistance(),
                  pair.first().refusals(),
                  pair.second().refusals(),
                  pair.evidence(stand).history()));
    }
    for (HaPair pair : List.of(calm, struck)) {
      pair.evidence(stand).assertInvariants();
      pair.assertNothingWasDropped();
      assertThat(pair.evidence(stand).largestDistanceMs()).isLessThan(2 * HaPair.STEP_MS);
    }
    assertThat(calm.evidence(stand).history().terms())
        .as("an upgrade changes no leader")
        .hasSize(1);
    assertThat(struck.evidence(stand).history().terms()).hasSize(2);
    assertThat(real.violations()).as("the pair of real Prometheus").isEmpty();
    assertThat(Rows.of(stand.dataSource(), "SELECT count(*) FROM _prom_catalog.ha_held"))
        .as("held samples left behind")
        .containsExactly("0");
  }

  /** Prints what an operator may read in the logs, each kind of line once. */
  private static void print(HaStand stand) {
    for (ConnectorProcess connector : stand.connectors()) {
      connector.output().stream()
          .filter(line -> WORTH_A_LOOK.matcher(line).find())
          .limit(60)
          .forEach(line -> say("log of " + stand.connectors().indexOf(connector) + ": " + line));
    }
  }

  private static void wayBack(HaStand stand, Path before) throws Exception {
    ConnectorProcess connector = stand.connectors().get(0);
    connector.stop();
    connector.useJar(before);
    connector.launch();
    String sentence =
        "The database has schema version %d, this Promscale knows versions up to"
            .formatted(schemaVersion(stand));
    Await.until(
        "the old connector says why it does not serve",
        PATIENCE,
        () -> HttpProbe.get(connector.uri("/-/ready"), PHASE).body().contains(sentence));
    assertThat(new RemoteWriteClient().write(connector.writeUri(), anything()).status())
        .as("senders keep their data")
        .isEqualTo(503);
    List<String> lines =
        connector.output().stream().filter(line -> line.contains(sentence)).toList();
    lines.forEach(RollingUpgradeIT::say);
    assertThat(lines).as("one clear line").hasSize(1);
    assertThat(HttpProbe.isOk(stand.connectors().get(1).uri("/-/ready"))).isTrue();
  }

  private static WriteRequest anything() {
    return WireLabels.request(
        Map.of("__name__", "up", "cluster", "calm", "__replica__", "calm-a"),
        System.currentTimeMillis(),
        1);
  }

  private static void say(String what) {
    System.out.println("RollingUpgradeIT: " + what);
  }
}
