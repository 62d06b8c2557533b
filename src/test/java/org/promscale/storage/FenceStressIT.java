package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Standing;
import org.promscale.ha.Verdict;
import org.promscale.ingest.IngestFailure;

/**
 * Storers on several lanes of several connectors, leaders that change at random, lanes that are
 * forgotten and register again. The value of a sample names its author. Afterwards every sample is
 * one of the leader of its term, and everything acknowledged is there.
 */
class FenceStressIT {

  private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("stress.seconds", 8));
  private static final long SEED = Long.getLong("stress.seed", System.nanoTime());
  private static final int CLUSTERS = 4;
  private static final int STORERS = 8;
  private static final int CONNECTORS = 3;
  private static final List<String> REPLICAS = List.of("1", "2", "3");

  private final AtomicInteger stored = new AtomicInteger();
  private final AtomicInteger fenced = new AtomicInteger();
  private final AtomicInteger takeovers = new AtomicInteger();
  private final AtomicInteger folded = new AtomicInteger();
  private final AtomicInteger timeouts = new AtomicInteger();
  private final AtomicLong longestMs = new AtomicLong();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final List<HaConnector> connectors = new ArrayList<>();
  private final long[] clusters = new long[CLUSTERS];
  private final List<AtomicLong> clocks = new ArrayList<>();

  /** Clusters in a lull: a leader that commits all the time is never replaced. */
  private final Set<Integer> quiet = ConcurrentHashMap.newKeySet();

  @Test
  @DisplayName("No order of stores and changes of leader lets two replicas into one term")
  void storersAgainstChangesOfLeader() throws Exception {
    System.out.println("FenceStressIT: seed " + SEED);
    try (HaStage stage = new HaStage(true)) {
      for (int i = 0; i < CONNECTORS; i++) {
        connectors.add(stage.connector("stress-" + i));
      }
      for (int i = 0; i < CLUSTERS; i++) {
        clusters[i] = connectors.get(0).elect("stress_" + i, REPLICAS.get(0));
        clocks.add(new AtomicLong());
      }
      long end = System.nanoTime() + TIME.toNanos();
      List<Future<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < STORERS; i++) {
        int number = i;
        work.add(stage.async(() -> store(number, end)));
      }
      for (int i = 0; i < 2; i++) {
        int number = i;
        work.add(stage.async(() -> change(number, end)));
      }
      work.add(stage.async(() -> forgetLanes(stage, end)));
      for (Future<Boolean> one : work) {
        HaStage.join(one);
      }
      System.out.printf(
          "FenceStressIT: %d stored, %d fenced off, %d takeovers, longest %d ms, %d lock"
              + " time-outs, %d lanes forgotten%n",
          stored.get(),
          fenced.get(),
          takeovers.get(),
          longestMs.get(),
          timeouts.get(),
          folded.get());
      assertThat(stored).hasValueGreaterThan(50);
      assertThat(takeovers).hasValueGreaterThan(10);
      assertThat(fenced).hasValueGreaterThan(0);
      check(stage);
    }
  }

  private boolean store(int number, long end) {
    Random random = new Random(SEED + number);
    HaConnector connector = connectors.get(number % CONNECTORS);
    int lane = number / CONNECTORS;
    ClusterState[] views = new ClusterState[CLUSTERS];
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(random.nextInt(4_000_000));
      int first = random.nextInt(CLUSTERS);
      if (quiet.contains(first) && random.nextInt(8) > 0) {
        continue;
      }
      Set<Integer> chosen =
          random.nextInt(4) == 0 ? Set.of(first, (first + 1) % CLUSTERS) : Set.of(first);
      Batches batch = Batches.unknown();
      List<LeaseClaim> claims = new ArrayList<>();
      List<String> samples = new ArrayList<>();
      for (int c : chosen) {
        if (views[c] == null || random.nextInt(50) == 0) {
          views[c] = connector.read(clusters[c]);
        }
        add(batch, claims, samples, c, views[c], random);
      }
      if (samples.isEmpty()) {
        chosen.forEach(c -> views[c] = connector.read(clusters[c]));
        continue;
      }
      PendingBatch pending = batch.pending(claims.toArray(new LeaseClaim[0]));
      connector.write(lane, pending);
      if (isStored(pending)) {
        stored.incrementAndGet();
        acknowledged.addAll(samples);
      } else {
        fenced.incrementAndGet();
        chosen.forEach(c -> views[c] = connector.read(clusters[c]));
      }
    }
    return true;
  }

  /** Adds what the leader has scraped since; nobody else has the same series and time. */
  private void add(
      Batches batch,
      List<LeaseClaim> claims,
      List<String> samples,
      int c,
      ClusterState view,
      Random random) {
    Standing leader = new Standing(view, view.lease().leader(), true, view.nowMs());
    long newest = Long.MIN_VALUE;
    for (int i = random.nextInt(3); i >= 0; i--) {
      long offset = clocks.get(c).addAndGet(1 + random.nextInt(3));
      if (leader.verdict(HaStage.T0 + offset) == Verdict.STORE) {
        String metric = "stress_" + c + "_" + random.nextInt(3);
        batch.sample(metric, HaStage.T0 + offset, Integer.parseInt(view.lease().leader()));
        samples.add(metric + "|" + offset + "|" + view.lease().leader());
        newest = HaStage.T0 + offset;
      }
    }
    if (newest != Long.MIN_VALUE) {
      claims.add(new LeaseClaim(clusters[c], view.lease().fence(), newest, 0));
    }
  }

  private boolean isStored(PendingBatch pending) {
    if (HaConnector.failure(pending.done()).orElse(null) instanceof IngestFailure) {
      timeouts.incrementAndGet(); // a lane did not get the lease in time to register
      return false;
    }
    return HaConnector.stored(pending);
  }

  private boolean change(int number, long end) {
    Random random = new Random(SEED + 1_000 + number);
    HaConnector connector = connectors.get(number % CONNECTORS);
    while (System.nanoTime() < end) {
      int c = random.nextInt(CLUSTERS);
      quiet.add(c);
      while (System.nanoTime() < end && !takeOver(connector, c, random)) {
        // The leader has committed meanwhile, or somebody else was faster.
      }
      quiet.remove(c);
    }
    return true;
  }

  private boolean takeOver(HaConnector connector, int c, Random random) {
    ClusterState seen = connector.read(clusters[c]);
    int leader = REPLICAS.indexOf(seen.lease().leader());
    String winner = REPLICAS.get((leader + 1 + random.nextInt(2)) % REPLICAS.size());
    long since = System.nanoTime();
    try {
      if (!connector.store().takeOver(seen, LeaderChange.silent(winner))) {
        return false;
      }
      takeovers.incrementAndGet();
    } catch (IngestFailure e) {
      timeouts.incrementAndGet();
    }
    longestMs.accumulateAndGet((System.nanoTime() - since) / 1_000_000, Math::max);
    return true;
  }

  private boolean forgetLanes(HaStage stage, long end) throws SQLException {
    Random random = new Random(SEED + 2_000);
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(50_000_000);
      long cluster = clusters[random.nextInt(CLUSTERS)];
      stage.execute(
          "SELECT FROM _prom_catalog.ha_lease WHERE cluster_id = "
              + cluster
              + " FOR NO KEY UPDATE; UPDATE _prom_catalog.ha_progress SET registered_at = '-infinity', committed_at ="
              + " '-infinity' WHERE random() < 0.3 AND cluster_id = "
              + cluster);
      int before = lanes(stage, cluster);
      try {
        connectors.get(2).store().foldLanes(cluster);
      } catch (IngestFailure e) {
        timeouts.incrementAndGet();
      }
      folded.addAndGet(Math.max(0, before - lanes(stage, cluster)));
    }
    return true;
  }

  private static int lanes(HaStage stage, long cluster) throws SQLException {
    return Integer.parseInt(
        stage
            .rows("SELECT count(*) FROM _prom_catalog.ha_progress WHERE cluster_id = " + cluster)
            .get(0));
  }

  private void check(HaStage stage) throws SQLException {
    String samples =
        "SELECT c.cluster_id, c.cluster, s.time, s.value::int::text AS author,"
            + " r.labels->>'__name__' AS metric FROM prom_data.sample s JOIN _prom_catalog.series r"
            + " ON r.id = s.series_id JOIN _prom_catalog.ha_cluster c ON r.labels->>'__name__' LIKE"
            + " c.cluster || '\\__%'";
    assertThat(
            stage.rows(
                "SELECT t.term, t.leader, s.* FROM ("
                    + samples
                    + ") s JOIN _prom_catalog.ha_term t ON t.cluster_id = s.cluster_id AND s.time >"
                    + " coalesce(t.starts, '-infinity') AND s.time <= coalesce(t.ends, 'infinity')"
                    + " WHERE t.leader <> s.author"))
        .as("samples of replicas outside their terms, seed %d", SEED)
        .isEmpty();
    assertThat(
            stage.rows(
                "SELECT * FROM (SELECT cluster_id, term, leader, starts, ends, lead(term) OVER w AS"
                    + " next, lead(starts) OVER w AS next_starts, lag(term) OVER w AS before FROM"
                    + " _prom_catalog.ha_term WINDOW w AS (PARTITION BY cluster_id ORDER BY term))"
                    + " t WHERE (before IS NULL AND (term <> 1 OR starts IS NOT NULL)) OR (next IS"
                    + " NULL AND ends IS NOT NULL) OR (next IS NOT NULL AND (next <> term + 1 OR"
                    + " ends IS NULL OR coalesce(next_starts, '-infinity') <> ends))"))
        .as("terms that do not partition time, seed %d", SEED)
        .isEmpty();
    assertThat(
            stage.rows(
                "SELECT i.cluster, i.stored_until, m.newest FROM prom_info.ha_clusters i LEFT JOIN"
                    + " (SELECT cluster, max(time) AS newest FROM ("
                    + samples
                    + ") s GROUP BY 1) m USING (cluster) WHERE i.stored_until > m.newest"))
        .as("frontiers beyond what is stored, seed %d", SEED)
        .isEmpty();
    assertThat(
            stage.rows(
                "SELECT metric, _prom_catalog.data_ms(time) - "
                    + HaStage.T0
                    + ", author FROM ("
                    + samples
                    + ") s"))
        .as("stored is what was acknowledged, seed %d", SEED)
        .containsExactlyInAnyOrderElementsOf(acknowledged);
    assertThat(
            stage.rows(
                "SELECT sum(l.base_commits) + sum((SELECT sum(commits) FROM"
                    + " _prom_catalog.ha_progress p WHERE p.cluster_id = l.cluster_id)) >= "
                    + stored.get()
                    + " FROM _prom_catalog.ha_lease l"))
        .as("no commit is forgotten, seed %d", SEED)
        .containsExactly("t");
  }
}
