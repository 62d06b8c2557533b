package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Filling of holes in a partition that somebody works on. */
class LateFillIT {

  private static final long T0 = HaStage.T0;

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void leaseIsNotLockedWhileAPartitionKeepsOut() throws SQLException {
    try (HaStage stage = new HaStage()) {
      HaConnector connector = stage.connector("one");
      long cluster = connector.elect("c", "A");
      connector.commit(0, cluster, "m", T0, 1);
      assertThat(connector.store().takeOver(connector.read(cluster), LeaderChange.silent("B")))
          .isTrue();
      ClusterState led = connector.read(cluster);
      FillOrder order =
          new FillOrder(cluster, led.lease().fence(), led.openPatches().get(0).id(), false);
      Partitions partitions = Partitions.load(stage.database());
      partitions.ensureAhead(Instant.ofEpochMilli(T0).plus(Duration.ofDays(2)));
      BatchPreparation preparation =
          new BatchPreparation(
              new SeriesCatalog(),
              new SeriesCache(10),
              partitions,
              new MetadataStore(),
              BatchListener.NONE);
      FillWriter filler =
          new FillWriter(stage.database(), preparation, new LaneFence("late"), List.of(), 0);
      PendingBatch kept = Batches.unknown().sample("n", T0 - 1_000, 2).filling(order);
      try (Connection worker = stage.database().getConnection();
          Statement statement = worker.createStatement()) {
        worker.setAutoCommit(false);
        statement.execute(
            "DO $$ BEGIN EXECUTE format('LOCK TABLE %s IN EXCLUSIVE MODE', (SELECT partition FROM"
                + " _prom_catalog.partitions() WHERE table_name = 'sample' AND '"
                + Instant.ofEpochMilli(T0 - 1_000)
                + "' BETWEEN starts AND ends)); END $$");
        // Who asks for the lease now waits two seconds, and fails for another reason.
        statement.execute("SELECT FROM _prom_catalog.ha_lease FOR UPDATE");
        filler.write(0, List.of(kept));
        worker.rollback();
      }
      assertThat(HaConnector.failure(kept.done()).orElseThrow())
          .isInstanceOfSatisfying(
              IngestFailure.class,
              e -> {
                assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE);
                assertThat(e).hasNoCause();
              });
      PendingBatch again = Batches.unknown().sample("n", T0 - 1_000, 2).filling(order);
      filler.write(0, List.of(again));
      assertThat(HaConnector.stored(again)).isTrue();
      assertThat(stage.stored("n")).containsExactly("-1000=2");
    }
  }
}
