package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.Authorship;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;

/** Where the author of a cluster's samples may change, and what that means for whoever fills. */
class AuthorRowsIT {

  private static final long T0 = HaStage.T0;

  private static HaStage stage;
  private static HaConnector connector;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
    connector = stage.connector("one");
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  private static void patch(long cluster, String starts, String filled) throws SQLException {
    stage.execute(
        "INSERT INTO _prom_catalog.ha_patch (cluster_id, replica, starts, ends, cause,"
            + " samples_filled, open_until) VALUES ("
            + cluster
            + ", 'C', "
            + starts
            + ", _prom_catalog.data_time("
            + (T0 + 40_000)
            + "), 'hole', "
            + filled
            + ")");
  }

  @Test
  @DisplayName("At boundaries, and in patches that have filled something")
  void borders() throws SQLException {
    long cluster = connector.elect("borders", "A");
    connector.commit(0, cluster, "borders", T0 + 100_000, 1);
    assertThat(connector.store().takeOver(connector.read(cluster), LeaderChange.silent("B")))
        .isTrue();
    patch(cluster, "NULL", "3, now()");
    patch(cluster, "_prom_catalog.data_time(" + (T0 + 10_000) + ")", "1, now() - interval '1 s'");
    patch(cluster, "NULL", "0, now()");
    patch(cluster, "NULL", "7, 'infinity'");
    patch(connector.elect("others", "A"), "NULL", "7, now()");
    try (Connection connection = stage.database().getConnection()) {
      Authorship authors = AuthorRows.read(connection, cluster, 9);
      assertThat(authors.runningFromMs()).isEqualTo(9);
      assertThat(authors.fromMs())
          .containsExactly(Lease.NO_TIME, Lease.NO_TIME, T0 + 10_000, T0 + 100_000);
      assertThat(authors.toMs())
          .containsExactly(T0 + 40_000, T0 + 40_000, T0 + 40_000, T0 + 100_000);
      assertThat(authors.open()).containsExactly(true, false, false, false);
    }
  }

  @Test
  @DisplayName("Of a young series the distances of one author count")
  void youngSeries() throws SQLException {
    long cluster = connector.elect("young", "A");
    connector.commit(0, cluster, "young", T0 + 1_000_000, 1);
    assertThat(connector.store().takeOver(connector.read(cluster), LeaderChange.silent("B")))
        .isTrue();
    ClusterState led = connector.read(cluster);
    FillOrder order =
        new FillOrder(cluster, led.lease().fence(), led.openPatches().get(0).id(), false);
    for (String filled : List.of("0, now()", "7, 'infinity'", "7, now()")) {
      String series = "young_" + filled.replaceAll("[^0-9a-z]", "_");
      Batches stored = Batches.unknown();
      for (int second : new int[] {2, 9, 17, 23, 32, 38, 47, 62, 77, 93}) {
        stored.sample(series, T0 + second * 1_000L, 1);
      }
      PendingBatch written = stored.pending();
      connector.write(0, written);
      assertThat(HaConnector.stored(written)).isTrue();
      patch(cluster, "NULL", filled);
      PendingBatch pending = Batches.unknown().sample(series, T0 + 85_000, 2).filling(order);
      connector.fill(pending);
      assertThat(HaConnector.stored(pending)).isTrue();
      assertThat(stage.stored(series)).as(filled).hasSize(filled.equals("7, now()") ? 10 : 11);
    }
  }
}
