package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HaLabels;
import org.promscale.ha.HaLabels.MissingLabels;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.Labels;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.SeriesTable;

/** Attribution and stripping against the rule in its plainest words. */
class AttributionPropertyTest {

  private static final SeriesResolver KNOWS_ALL = (high, low) -> 42;

  /** A series as the rule has it: its sender, if it has one, and what is left to store. */
  record Judged(@Nullable ReplicaIdentity sender, Map<String, String> left) {}

  @Provide
  Arbitrary<HaLabels> pairs() {
    return Combinators.combine(
            Arbitraries.of("cluster/__replica__", "p/pr", "cluster/__replica__,p/pr", "p/pr,p/job"),
            Arbitraries.of(MissingLabels.values()))
        .as(HaLabels::parse);
  }

  @Provide
  Arbitrary<List<Map<String, String>>> requests() {
    Arbitrary<String> names = Arbitraries.of("cluster", "__replica__", "p", "pr", "job", "zz");
    Arbitrary<String> values = Arbitraries.of("", "a", "b", "ab", "\ud83d\ude00", "line\nbreak");
    return Arbitraries.maps(names, values)
        .ofMaxSize(6)
        .map(
            labels -> {
              labels.put("__name__", "m");
              return labels;
            })
        .list()
        .ofMaxSize(40);
  }

  @Property(tries = 500)
  void followsTheRule(
      @ForAll("requests") List<Map<String, String>> request, @ForAll("pairs") HaLabels pairs) {
    byte[] body = body(request);
    DecodedRequest decoded = V1.decode(body, WireLimits.DEFAULT, pairs, V1.KNOWS_NOTHING);
    boolean rejects = pairs.missingLabels() == MissingLabels.REJECT;
    SeriesTable series = decoded.batch().series();
    int row = 0;
    int missing = 0;
    for (Map<String, String> labels : request) {
      Judged judged = judge(labels, pairs);
      if (judged.sender() == null) {
        missing++;
        if (rejects) {
          continue;
        }
      }
      assertThat(sender(decoded, row)).isEqualTo(judged.sender());
      assertThat(series.labels(row)).isEqualTo(labels(judged.left()));
      DecodedRequest plain = V1.decode(body(List.of(judged.left())));
      assertThat(series.hashHigh(row)).isEqualTo(plain.batch().series().hashHigh(0));
      assertThat(series.hashLow(row)).isEqualTo(plain.batch().series().hashLow(0));
      row++;
    }
    assertThat(series.size()).isEqualTo(row);
    assertThat(decoded.rejections().total()).isEqualTo(rejects ? missing : 0);
    assertThat(decoded.unattributed()).isEqualTo(rejects ? 0 : missing);
    assertThat(decoded.items()).isEqualTo(request.size());
    assertThat(decoded.batch().identities()).doesNotHaveDuplicates();
  }

  @Property(tries = 300)
  void whatIsInMemoryChangesNoVerdict(
      @ForAll("requests") List<Map<String, String>> request, @ForAll("pairs") HaLabels pairs) {
    byte[] body = body(request);
    DecodedRequest cold = V1.decode(body, WireLimits.DEFAULT, pairs, V1.KNOWS_NOTHING);
    DecodedRequest warm = V1.decode(body, WireLimits.DEFAULT, pairs, KNOWS_ALL);
    assertThat(warm.batch().series().size()).isEqualTo(cold.batch().series().size());
    for (int row = 0; row < warm.batch().series().size(); row++) {
      assertThat(sender(warm, row)).isEqualTo(sender(cold, row));
    }
    assertThat(warm.batch().identities()).isEqualTo(cold.batch().identities());
    assertThat(warm.unattributed()).isEqualTo(cold.unattributed());
    assertThat(warm.rejections().describe(1)).isEqualTo(cold.rejections().describe(1));
  }

  private static Judged judge(Map<String, String> labels, HaLabels pairs) {
    for (HaLabels.Pair pair : pairs.pairs()) {
      String cluster = labels.getOrDefault(pair.cluster(), "");
      String replica = labels.getOrDefault(pair.replica(), "");
      if (!cluster.isEmpty() && !replica.isEmpty()) {
        Map<String, String> left = new HashMap<>(labels);
        left.remove(pair.replica());
        return new Judged(new ReplicaIdentity(cluster, replica), left);
      }
    }
    return new Judged(null, labels);
  }

  private static @Nullable ReplicaIdentity sender(DecodedRequest request, int row) {
    int identity = request.batch().series().identity(row);
    return identity == SeriesTable.NO_IDENTITY ? null : request.batch().identities().get(identity);
  }

  private static Labels labels(Map<String, String> labels) {
    List<String> pairs = new ArrayList<>();
    labels.forEach((name, value) -> pairs.addAll(List.of(name, value)));
    return Labels.of(pairs.toArray(String[]::new));
  }

  /** One sample each, labels in the order of the map, which is any. */
  private static byte[] body(List<Map<String, String>> request) {
    RawMessage all = new RawMessage();
    for (Map<String, String> labels : request) {
      RawMessage series = new RawMessage();
      labels.forEach((name, value) -> series.message(1, V1.rawLabel(name, value)));
      all.message(1, series.message(2, V1.rawSample(1, 1)));
    }
    return all.toBytes();
  }
}
