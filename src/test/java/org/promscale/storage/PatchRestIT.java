package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;

/** How long a patch stays open. The leader A stored every ten seconds, B fills what is missing. */
class PatchRestIT {

  private static final long T0 = HaStage.T0;

  @Test
  @DisplayName("Only what is filled keeps a patch open, not what fits nowhere")
  void onlyWhatIsFilledKeepsItOpen() throws SQLException {
    try (HaStage stage = new HaStage()) {
      HaConnector one = stage.connector("one");
      long cluster = one.elect("rest", "A");
      one.commit(0, cluster, "rest_end", T0 + 1_000_000, 1);
      store(one, 0, 10, 20, 30, 50);
      one.store().takeOver(one.read(cluster), LeaderChange.silent("B"));
      ClusterState led = one.read(cluster);
      long patch = led.openPatches().get(0).id();
      FillOrder order = new FillOrder(cluster, led.lease().fence(), patch, false);

      fill(one, order, 15, 25);
      assertThat(filled(stage, patch)).as("nothing fits").isEqualTo("0 at never");
      fill(one, order, 25, 40);
      String once = filled(stage, patch);
      assertThat(once).startsWith("1 at 2");
      fill(one, order, 25, 40);
      assertThat(filled(stage, patch)).as("it is there already").isEqualTo(once);
    }
  }

  private static void store(HaConnector connector, long... seconds) {
    Batches batch = samples(seconds);
    PendingBatch pending = batch.pending();
    connector.write(0, pending);
    assertThat(HaConnector.stored(pending)).isTrue();
  }

  private static void fill(HaConnector connector, FillOrder order, long... seconds) {
    PendingBatch pending = samples(seconds).filling(order);
    connector.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
  }

  private static Batches samples(long... seconds) {
    Batches batch = Batches.unknown();
    for (long second : seconds) {
      batch.sample("rest", T0 + Duration.ofSeconds(second).toMillis(), 1);
    }
    return batch;
  }

  private static String filled(HaStage stage, long patch) throws SQLException {
    return stage
        .rows(
            "SELECT samples_filled || ' at ' || coalesce(filled_at::text, 'never') FROM"
                + " _prom_catalog.ha_patch WHERE patch_id = "
                + patch)
        .get(0);
  }
}
