package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.MetricsPage;

/**
 * One shard of the leader sends nothing for an hour, at connectors with a small heap: the heap
 * stays bounded and nothing is lost. {@code ./mvnw verify -Plong -Dit.test=HaStuckShardLongIT};
 * {@code -Dha.stuck.minutes} changes the time.
 */
@Tag("long")
class HaStuckShardLongIT {

  private static final Duration STUCK =
      Duration.ofMinutes(Integer.getInteger("ha.stuck.minutes", 60));
  private static final int SERIES = 300;
  private static final int SCRAPES = 20;
  private static final long HEAP_MIB = 160;
  private static final Duration LOOK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @Test
  void theHeapStaysBoundedAndNothingIsLost() throws Exception {
    try (HaStand stand = new HaStand(List.of("-Xmx" + HEAP_MIB + "m"), 2, "auto");
        HaPair pair = new HaPair("stuck", 0, SERIES, 1, () -> stand.balancer().writeUri())) {
      HaPair.startAll(stand, List.of(pair));
      // Of a series with a handful of samples nobody can tell that one is missing.
      long habitMs = pair.first().current().firstMs() + SCRAPES * HaPair.STEP_MS;
      Await.until(
          "every series has its habit",
          PATIENCE,
          () -> pair.first().current().acknowledgedUntilMs() >= habitMs);
      pair.first().current().stall(1);
      double mostBytes = 0;
      long end = System.nanoTime() + STUCK.toNanos();
      while (System.nanoTime() - end < 0) {
        long next = System.nanoTime() + LOOK.toNanos();
        Await.until("the next look", PATIENCE, () -> System.nanoTime() - next >= 0);
        for (ConnectorProcess connector : stand.connectors()) {
          assertThat(connector.isAlive()).as("the connector lives").isTrue();
          mostBytes = Math.max(mostBytes, heldBytes(connector));
        }
      }
      System.out.printf(
          "HaStuckShardLongIT: most bytes held by one connector %.0f of %d MiB heap; the leader's"
              + " healthy shards are %d ms behind; terms %s%n",
          mostBytes,
          HEAP_MIB,
          System.currentTimeMillis() - newest(pair.first()),
          stand.watch().everNamed(pair.cluster()));
      assertThat(mostBytes).isLessThanOrEqualTo((HEAP_MIB << 20) / 8.0);
      assertThat(stand.watch().everNamed(pair.cluster()))
          .as("a leader whose shard is stuck gives way")
          .startsWith("1 stuck-a", "2 stuck-b");

      pair.first().current().unstall(1);
      HaReplica leader = leader(stand, pair);
      HaReplica other = leader == pair.first() ? pair.second() : pair.first();
      HaPair.awaitDelivered(leader, PATIENCE);
      other.current().stopScraping();
      other.finish(PATIENCE);
      Await.until("nothing is held", PATIENCE, () -> stand.heldItems(Map.of()) == 0);
      leader.finish(PATIENCE);
      pair.evidence(stand).assertInvariants();
      pair.assertNothingWasDropped();
      System.out.println("HaStuckShardLongIT: " + pair.evidence(stand));
    }
  }

  private static long newest(HaReplica replica) {
    return replica.acknowledged().stream()
        .mapToLong(point -> point.timestampMs())
        .max()
        .orElseThrow();
  }

  private static HaReplica leader(HaStand stand, HaPair pair) {
    String name = stand.watch().latest(pair.cluster()).orElseThrow().leader();
    return name.equals(pair.first().name()) ? pair.first() : pair.second();
  }

  private static double heldBytes(ConnectorProcess connector) throws IOException {
    return MetricsPage.of(connector.uri("/metrics")).sum("promscale_ha_hold_bytes", Map.of());
  }
}
