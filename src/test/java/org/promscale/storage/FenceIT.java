package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseChanged;
import org.promscale.testbed.Poison;

/**
 * The fence against every order of events: a change of leader before, while and after another
 * connector stores. Replica A stores 1s, replica B 2s.
 */
class FenceIT {

  private static final long T0 = HaStage.T0;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private static HaStage stage;

  private final Gate gate = new Gate();
  private String name = "";
  private HaConnector slow;
  private HaConnector quick;
  private long cluster;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
    // A commit of a lane waits while somebody has locked the number of its cluster.
    stage.execute(
        """
        CREATE FUNCTION public.hold_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_advisory_xact_lock_shared(77, NEW.cluster_id::int);
          RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER hold_commit AFTER UPDATE ON _prom_catalog.ha_progress
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.commits <> NEW.commits)
          EXECUTE FUNCTION public.hold_commit();
        """);
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  @BeforeEach
  void elect() throws SQLException {
    name = "fence_" + NUMBERS.incrementAndGet();
    slow = stage.connector(name + "-slow", gate);
    quick = stage.connector(name + "-quick");
    cluster = quick.elect(name, "A");
    quick.commit(0, cluster, name, T0 + 100, 1);
  }

  @AfterEach
  void open() {
    gate.open();
  }

  private PendingBatch claimed(long offset, double author, UUID fence) {
    return Batches.unknown()
        .sample(name, T0 + offset, author)
        .pending(new LeaseClaim(cluster, fence, T0 + offset, 0));
  }

  private Future<Boolean> writing(HaConnector connector, int lane, PendingBatch... group) {
    return stage.async(
        () -> {
          connector.write(lane, group);
          return true;
        });
  }

  private ClusterState leadB() {
    assertThat(quick.store().takeOver(quick.read(cluster), LeaderChange.silent("B"))).isTrue();
    return quick.read(cluster);
  }

  private void assertLeaseChanged(PendingBatch pending) {
    assertThat(HaConnector.failure(pending.done()))
        .get()
        .isInstanceOfSatisfying(
            LeaseChanged.class, e -> assertThat(e.clusterIds()).containsExactly(cluster));
  }

  @Test
  @DisplayName("A transaction stopped after its rows stores nothing once another replica leads")
  void stoppedBeforeTheFence() throws Exception {
    UUID fence = quick.read(cluster).lease().fence();
    gate.shut();
    PendingBatch late = claimed(110, 1, fence);
    Future<Boolean> stopped = writing(slow, 0, late);
    gate.awaitSomebody();
    long since = System.nanoTime();
    ClusterState led = leadB();
    assertThat(Duration.ofNanos(System.nanoTime() - since))
        .as("nobody waits for it")
        .isLessThan(Duration.ofSeconds(2));
    assertThat(led.lease().startMs()).isEqualTo(T0 + 100);
    quick.commit(1, cluster, name, T0 + 105, 2);
    gate.open();
    HaStage.join(stopped);
    assertLeaseChanged(late);
    assertThat(stage.stored(name)).containsExactly("100=1", "105=2");
    assertThat(quick.read(cluster).progress().frontierMs()).isEqualTo(T0 + 105);
  }

  @Test
  @DisplayName("Of a group only the requests of clusters with a new leader come back")
  void neighboursOfAFencedRequestAreStored() throws Exception {
    String other = name + "_other";
    long otherCluster = quick.elect(other, "A");
    UUID fence = quick.read(cluster).lease().fence();
    UUID otherFence = quick.read(otherCluster).lease().fence();
    gate.shut();
    PendingBatch late = claimed(110, 1, fence);
    PendingBatch lateToo = claimed(111, 1, fence);
    PendingBatch neighbour =
        Batches.unknown()
            .sample(other, T0, 1)
            .pending(new LeaseClaim(otherCluster, otherFence, T0, 0));
    PendingBatch both =
        Batches.unknown()
            .sample(name, T0 + 112, 1)
            .sample(other, T0 + 1, 1)
            .pending(
                new LeaseClaim(cluster, fence, T0 + 112, 0),
                new LeaseClaim(otherCluster, otherFence, T0 + 1, 0));
    PendingBatch noCluster = Batches.unknown().sample(other, T0 + 2, 3).pending();
    Future<Boolean> stopped = writing(slow, 0, late, neighbour, both, lateToo, noCluster);
    gate.awaitSomebody();
    leadB();
    gate.open();
    HaStage.join(stopped);
    assertLeaseChanged(late);
    assertLeaseChanged(lateToo);
    assertLeaseChanged(both);
    assertThat(HaConnector.stored(neighbour)).isTrue();
    assertThat(HaConnector.stored(noCluster)).isTrue();
    assertThat(stage.stored(name)).containsExactly("100=1");
    assertThat(stage.stored(other)).containsExactly("0=1", "2=3");
    assertThat(quick.read(otherCluster).progress().commits()).isEqualTo(1);
  }

  @Test
  @DisplayName("Requests judged under two fences never share a transaction")
  void groupOfTwoFences() throws Exception {
    UUID old = quick.read(cluster).lease().fence();
    UUID now = leadB().lease().fence();
    for (int lateAt = 0; lateAt < 3; lateAt++) {
      PendingBatch[] group = {claimed(105, 2, now), claimed(106, 2, now), claimed(107, 2, now)};
      group[lateAt] = claimed(110, 1, old);
      quick.write(0, group);
      for (PendingBatch pending : group) {
        assertLeaseChanged(pending);
      }
      assertThat(stage.stored(name)).as("late at %d", lateAt).containsExactly("100=1");
    }
  }

  @Test
  @DisplayName("Through the whole pipeline: the request is judged again, its sender stands by now")
  void judgedAgain() throws Exception {
    slow.look();
    gate.shut();
    CompletableFuture<Void> late =
        slow.route(() -> Batches.unknown().from(name, "A").sample(name, T0 + 110, 1).build())
            .toCompletableFuture();
    gate.awaitSomebody();
    ClusterState led = leadB();
    quick.look();
    assertThat(
            quick.route(() -> Batches.unknown().from(name, "B").sample(name, T0 + 105, 2).build()))
        .succeedsWithin(PATIENCE);
    gate.open();
    assertThat(late).succeedsWithin(PATIENCE);
    assertThat(slow.fencesLost()).isEqualTo(1);
    assertThat(slow.hold().of(cluster))
        .singleElement()
        .satisfies(r -> assertThat(r.replica()).isEqualTo("A"));
    assertThat(stage.stored(name)).containsExactly("100=1", "105=2");
    assertThat(quick.read(cluster).lease().fence()).isEqualTo(led.lease().fence());
  }

  @Test
  @DisplayName("Through the whole pipeline: a connector that does not know yet stores for the new")
  void judgedAgainForTheNewLeader() throws Exception {
    slow.look();
    leadB();
    // The slow connector still believes in A, and takes B for a standby with nothing to store.
    CompletableFuture<Void> late =
        slow.route(
                () ->
                    Batches.unknown()
                        .from(name, "A")
                        .sample(name, T0 + 110, 1)
                        .from(name, "B")
                        .sample(name, T0 + 105, 2)
                        .build())
            .toCompletableFuture();
    assertThat(late).succeedsWithin(PATIENCE);
    assertThat(stage.stored(name)).containsExactly("100=1", "105=2");
    assertThat(slow.fencesLost()).isEqualTo(1);
    assertThat(slow.hold().of(cluster))
        .as("what was held of the new leader has given its place back")
        .singleElement()
        .satisfies(r -> assertThat(r.replica()).isEqualTo("A"));
    assertThat(slow.hold().items()).isEqualTo(1);
  }

  @Test
  @DisplayName("A lane that registers while the leader changes gets the new fence")
  void registeringAfterTheLeaseIsLocked() throws Exception {
    UUID old = quick.read(cluster).lease().fence();
    ClusterState seen = quick.read(cluster);
    Gate middle = new Gate();
    middle.shut();
    HaConnector changing =
        stage.connector(stage.database(), stage.transactions().before(middle), name + "-changing");
    Future<Boolean> takeover =
        stage.async(() -> changing.store().takeOver(seen, LeaderChange.silent("B")));
    middle.awaitSomebody();
    PendingBatch late = claimed(110, 1, old);
    Future<Boolean> registering = writing(quick, 7, late);
    stage.awaitBlockedOrDone("FOR SHARE", registering);
    middle.open();
    assertThat(HaStage.join(takeover)).isTrue();
    HaStage.join(registering);
    assertLeaseChanged(late);
    quick.commit(7, cluster, name, T0 + 105, 2);
    assertThat(stage.stored(name)).containsExactly("100=1", "105=2");
  }

  @Test
  @DisplayName("A change of leader waits for a lane that is registering, and fences it too")
  void registeringBeforeTheLeaseIsLocked() throws Exception {
    UUID old = quick.read(cluster).lease().fence();
    ClusterState seen = quick.read(cluster);
    PendingBatch late = claimed(110, 1, old);
    gate.shut();
    Future<Boolean> registering;
    Future<Boolean> takeover;
    try (Connection same = stage.database().getConnection();
        Statement statement = same.createStatement()) {
      // Holds up the lane's INSERT, after it has read the lease.
      same.setAutoCommit(false);
      statement.execute(
          "INSERT INTO _prom_catalog.ha_progress (cluster_id, lane, fence) VALUES ("
              + cluster
              + ", '"
              + name
              + "-slow-7', gen_random_uuid())");
      registering = writing(slow, 7, late);
      stage.awaitBlockedOrDone("INSERT INTO _prom_catalog.ha_progress", registering);
      takeover = stage.async(() -> quick.store().takeOver(seen, LeaderChange.silent("B")));
      stage.awaitBlockedOrDone("for no key update", takeover);
      same.rollback();
    }
    assertThat(HaStage.join(takeover)).isTrue();
    gate.open();
    HaStage.join(registering);
    assertLeaseChanged(late);
    assertThat(stage.stored(name)).containsExactly("100=1");
  }

  @Test
  @DisplayName("A change of leader waits for a commit in flight and sees what it stored")
  void commitInFlight() throws Exception {
    ClusterState seen = quick.read(cluster);
    Future<Boolean> takeover;
    Future<Boolean> storing;
    PendingBatch inFlight = claimed(120, 1, seen.lease().fence());
    try (Connection holder = stage.database().getConnection();
        Statement statement = holder.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(77, " + cluster + ")");
      storing = writing(quick, 0, inFlight);
      stage.awaitBlockedOrDone("COMMIT", storing);
      assertThat(storing).isNotDone();
      takeover = stage.async(() -> slow.store().takeOver(seen, LeaderChange.silent("B")));
      stage.awaitBlockedOrDone("ha_progress", takeover);
    }
    HaStage.join(storing);
    assertThat(HaConnector.stored(inFlight)).isTrue();
    assertThat(HaStage.join(takeover)).as("the leader lives").isFalse();
    assertThat(quick.read(cluster).lease()).isEqualTo(seen.lease());
    assertThat(quick.read(cluster).progress().frontierMs()).isEqualTo(T0 + 120);
    assertThat(leadB().lease().startMs()).isEqualTo(T0 + 120);
    assertThat(stage.stored(name)).containsExactly("100=1", "120=1");
  }

  @Test
  @DisplayName("What only exemplars moved is no sign of life, but is fenced as well")
  void exemplarsAreFenced() throws Exception {
    ClusterState seen = quick.read(cluster);
    gate.shut();
    PendingBatch late =
        Batches.unknown()
            .exemplar(name, T0 + 500)
            .pending(new LeaseClaim(cluster, seen.lease().fence(), Lease.NO_TIME, 0));
    PendingBatch before =
        Batches.unknown()
            .exemplar(name, T0 + 400)
            .pending(new LeaseClaim(cluster, seen.lease().fence(), Lease.NO_TIME, 0));
    quick.write(0, before);
    assertThat(HaConnector.stored(before)).isTrue();
    assertThat(quick.read(cluster).progress().commits()).isEqualTo(seen.progress().commits());
    Future<Boolean> stopped = writing(slow, 0, late);
    gate.awaitSomebody();
    assertThat(quick.store().takeOver(seen, LeaderChange.silent("B"))).isTrue();
    gate.open();
    HaStage.join(stopped);
    assertLeaseChanged(late);
    assertThat(quick.read(cluster).lease().startMs()).isEqualTo(T0 + 100);
    assertThat(stage.rows("SELECT count(*) FROM prom_data.exemplar")).containsExactly("1");
  }

  @Test
  @DisplayName("What a guard refused is gone before the next request of the group is stored")
  void refusedRowsAreNeverCommitted() throws Exception {
    stage.execute(Poison.SQL);
    AtomicInteger checks = new AtomicInteger();
    HaConnector guarded =
        stage.connector(
            name + "-guarded",
            (connection, group) -> {
              if (checks.incrementAndGet() == 1) {
                throw new IngestFailure(FailureKind.UNAVAILABLE, "not now");
              }
            });
    UUID fence = quick.read(cluster).lease().fence();
    PendingBatch poison = claimed(110, 666, fence);
    PendingBatch refused = claimed(111, 1, fence);
    PendingBatch next = claimed(112, 1, fence);
    PendingBatch last = claimed(113, 1, fence);
    guarded.write(0, poison, refused, next, last);
    assertThat(HaConnector.failure(refused.done()))
        .get()
        .isInstanceOfSatisfying(
            IngestFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE));
    assertThat(HaConnector.stored(next)).isTrue();
    assertThat(stage.stored(name)).containsExactly("100=1", "112=1", "113=1");
    stage.execute("DROP TRIGGER refuse ON prom_data.sample");
  }
}
