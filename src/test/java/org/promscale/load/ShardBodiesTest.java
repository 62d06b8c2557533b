package org.promscale.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

class ShardBodiesTest {

  private static final long START_MS = 1_700_000_000_000L;
  private static final long STEP_MS = 10_000;

  private static final List<ExporterSeries> MACHINE =
      List.of(
          new ExporterSeries(Map.of("__name__", "up"), 1),
          new ExporterSeries(Map.of("__name__", "requests_total", "code", "200"), 5));

  private static LoadShape shape(int series, int shards, int samplesPerRequest) {
    return new LoadShape(
        new SeriesTemplates(MACHINE, LoadShape.labels("c", "a")),
        series,
        samplesPerRequest,
        shards,
        START_MS,
        STEP_MS);
  }

  private static List<TimeSeries> next(ShardBodies bodies) throws IOException {
    return WriteRequest.parseFrom(Snappy.uncompress(bodies.nextBody())).getTimeseriesList();
  }

  @ParameterizedTest(name = "{0} series over {1} shards")
  @CsvSource({"12, 1", "12, 4", "13, 4", "3, 2", "2000, 8"})
  void aRoundHasEverySeriesOnce(int series, int shards) throws IOException {
    TreeSet<String> sent = new TreeSet<>();
    for (int shard = 0; shard < shards; shard++) {
      int own = (series - shard + shards - 1) / shards;
      for (TimeSeries one : next(new ShardBodies(shape(series, shards, own), shard))) {
        Map<String, String> labels = new TreeMap<>(WireLabels.decode(one.getLabelsList()));
        assertThat(sent.add(labels.toString())).as("%s is sent once", labels).isTrue();
        assertThat(labels).containsEntry("cluster", "c").containsEntry("__replica__", "a");
      }
    }
    assertThat(sent).hasSize(series);
  }

  @Test
  void machinesFollowOneAnotherWithinARoundAndCountersGrowByRounds() throws IOException {
    ShardBodies bodies = new ShardBodies(shape(4, 1, 4), 0);
    List<String> samples = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      for (TimeSeries one : next(bodies)) {
        samples.add(
            WireLabels.decode(one.getLabelsList()).getOrDefault("instance", "").substring(0, 11)
                + " "
                + (one.getSamples(0).getTimestamp() - START_MS)
                + " "
                + one.getSamples(0).getValue());
      }
    }
    assertThat(samples)
        .containsExactly(
            "node-000000 0 1.0",
            "node-000000 0 5.0",
            "node-000001 5000 1.0",
            "node-000001 5000 5.0",
            "node-000000 10000 1.0",
            "node-000000 10000 6.0",
            "node-000001 15000 1.0",
            "node-000001 15000 6.0");
  }

  @Test
  void alignedRoundsGoOnFromTheGivenTime() throws IOException {
    ShardBodies bodies = new ShardBodies(shape(4, 1, 4), 0);
    next(bodies);
    bodies.alignTo(START_MS + 70_000);
    assertThat(next(bodies).get(0).getSamples(0).getTimestamp()).isEqualTo(START_MS + 70_000);
  }
}
