package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.promscale.testbed.Await;
import org.promscale.testbed.HaEvidence;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.SyntheticPlan;

/** A cluster of two replicas: the first one leads, the second one stands by. */
final class HaPair implements AutoCloseable {

  static final long STEP_MS = 1_000;
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String cluster;
  private final HaReplica first;
  private final HaReplica second;

  /**
   * Plans a pair; nothing is sent yet.
   *
   * @param number of the pair; the authors are numbered by it
   * @param roundsPerRequest scrapes that the senders gather before they send
   * @param series number of series, in three shards
   */
  HaPair(String cluster, int number, int series, int roundsPerRequest, Supplier<URI> address) {
    this.cluster = cluster;
    long startMs = System.currentTimeMillis();
    // Every pair in phases of its own, and the two of a pair never close together.
    long firstMs = startMs + 137L * number % STEP_MS;
    long secondMs = firstMs + 350 + 53L * number % 300;
    first = replica("a", 2 * number + 1, firstMs, series, roundsPerRequest, address);
    second = replica("b", 2 * number + 2, secondMs, series, roundsPerRequest, address);
  }

  private HaReplica replica(
      String suffix,
      int author,
      long startMs,
      int series,
      int roundsPerRequest,
      Supplier<URI> address) {
    return new HaReplica(
        SyntheticPlan.ofReplica(cluster, cluster + "-" + suffix, author, startMs)
            .withShape(series, 3, roundsPerRequest),
        address);
  }

  String cluster() {
    return cluster;
  }

  HaReplica first() {
    return first;
  }

  HaReplica second() {
    return second;
  }

  /** Starts pairs, each first replica first, and waits until the standbys are told "covered". */
  static void startAll(HaStand stand, List<HaPair> pairs) {
    pairs.forEach(pair -> pair.first.start());
    for (HaPair pair : pairs) {
      Await.until(
          pair.first.name() + " leads",
          PATIENCE,
          () -> stand.watch().allName(pair.cluster, pair.first.name()));
    }
    pairs.forEach(pair -> pair.second.start());
    for (HaPair pair : pairs) {
      long startMs = pair.second.current().firstMs();
      Await.until(
          pair.second.name() + " is told that its first samples are covered",
          Duration.ofSeconds(90),
          () -> pair.second.current().acknowledgedUntilMs() >= startMs);
    }
  }

  /** Waits until every connector names the second replica. */
  void awaitTakeover(HaStand stand) {
    Await.until(
        second.name() + " leads", PATIENCE, () -> stand.watch().allName(cluster, second.name()));
  }

  /** Waits until a replica has everything acknowledged that it has scraped so far. */
  static void awaitDelivered(HaReplica replica) {
    awaitDelivered(replica, PATIENCE);
  }

  /** Waits so long until a replica has everything acknowledged that it has scraped so far. */
  static void awaitDelivered(HaReplica replica, Duration atMost) {
    long nowMs = System.currentTimeMillis() - STEP_MS;
    Await.until(
        replica.name() + " has delivered: " + replica.current().lastTrouble(),
        atMost,
        () -> replica.current().acknowledgedUntilMs() >= nowMs);
  }

  /**
   * Waits until a leader has stored more than a standby that was killed just now can have sent: one
   * that was seen later than the leader would take over when the leader ends.
   */
  static void awaitOutlived(HaReplica leader) {
    long untilMs = System.currentTimeMillis() + 3 * STEP_MS;
    Await.until(
        leader.name() + " goes on alone",
        PATIENCE,
        () -> leader.current().acknowledgedUntilMs() >= untilMs);
  }

  /** Fails unless the pair left one author, no hole, and everything that it was told is stored. */
  void assertNothingIsMissing(HaStand stand) throws SQLException {
    HaEvidence evidence = evidence(stand);
    System.out.printf(
        "%s: %s, largest distance %s%s%n",
        this, evidence, evidence.largestDistance(), evidence.history());
    evidence.assertInvariants();
    assertThat(evidence.largestDistanceMs()).isLessThan(2 * STEP_MS);
    assertThat(evidence.stored()).hasSize(60);
    assertNothingWasDropped();
  }

  /** Fails if one of the two was told to give a request up. */
  void assertNothingWasDropped() {
    for (HaReplica replica : List.of(first, second)) {
      assertThat(replica.requestsDropped()).as(replica.lastDrop()).isZero();
    }
  }

  HaEvidence evidence(HaStand stand) throws SQLException {
    return HaEvidence.of(stand.dataSource(), cluster, STEP_MS, List.of(first, second));
  }

  @Override
  public String toString() {
    return cluster;
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
