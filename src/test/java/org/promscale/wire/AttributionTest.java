package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.promscale.wire.Senders.KNOWS_ALL;
import static org.promscale.wire.Senders.ONE_PAIR;
import static org.promscale.wire.Senders.accepting;
import static org.promscale.wire.Senders.decode;
import static org.promscale.wire.Senders.exemplar;
import static org.promscale.wire.Senders.hash;
import static org.promscale.wire.Senders.off;
import static org.promscale.wire.Senders.rejecting;
import static org.promscale.wire.Senders.senders;
import static org.promscale.wire.Senders.series;
import static org.promscale.wire.Senders.words;
import static org.promscale.wire.V1.points;
import static org.promscale.wire.V1.reasons;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ha.HaLabels;
import org.promscale.model.Labels;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.SeriesTable;

/** Who sent a series, what is left of its labels, and what becomes of series that do not say. */
class AttributionTest {

  private static final HaLabels ACCEPT = accepting("cluster/__replica__");
  private static final HaLabels TWO =
      rejecting("cluster/__replica__,prometheus/prometheus_replica");

  static List<Arguments> attributed() {
    return List.of(
        row(
            "sorted",
            ONE_PAIR,
            "c",
            "r",
            "__name__ m __replica__ r cluster c",
            "__name__ m cluster c"),
        row(
            "unsorted",
            ONE_PAIR,
            "c",
            "r",
            "cluster c __name__ m __replica__ r",
            "__name__ m cluster c"),
        row(
            "odd text in the replica's name",
            ONE_PAIR,
            "größe",
            "\ud83d\ude00\n\u202e",
            "__name__ m cluster größe __replica__ \ud83d\ude00\n\u202e",
            "__name__ m cluster größe"),
        row(
            "label names that only begin alike",
            ONE_PAIR,
            "c",
            "r",
            "__name__ m __replica__ r __replica_ x __replica__2 y cluster c clusters z",
            "__name__ m __replica_ x __replica__2 y cluster c clusters z"),
        row(
            "longest names",
            ONE_PAIR,
            "c".repeat(1_024),
            "r".repeat(1_024),
            "__name__ m __replica__ " + "r".repeat(1_024) + " cluster " + "c".repeat(1_024),
            "__name__ m cluster " + "c".repeat(1_024)),
        row(
            "second pair",
            TWO,
            "p",
            "q",
            "__name__ m prometheus p prometheus_replica q",
            "__name__ m prometheus p"),
        row(
            "both pairs: the first decides and only its label goes",
            TWO,
            "c",
            "r",
            "__name__ m __replica__ r cluster c prometheus p prometheus_replica q",
            "__name__ m cluster c prometheus p prometheus_replica q"),
        row(
            "half of the first, all of the second",
            TWO,
            "p",
            "q",
            "__name__ m cluster c prometheus p prometheus_replica q",
            "__name__ m cluster c prometheus p"),
        row(
            "empty value in the first, all of the second",
            TWO,
            "p",
            "q",
            "__name__ m __replica__ - cluster c prometheus p prometheus_replica q",
            "__name__ m cluster c prometheus p"),
        row(
            "missing labels are accepted, these are not missing",
            ACCEPT,
            "c",
            "r",
            "__name__ m __replica__ r cluster c",
            "__name__ m cluster c"));
  }

  @ParameterizedTest
  @MethodSource("attributed")
  void attributes(HaLabels pairs, ReplicaIdentity sender, String[] labels, String[] left) {
    RawMessage request = new RawMessage().message(1, series(1, labels));
    DecodedRequest decoded = decode(request, pairs);
    assertThat(reasons(decoded.rejections())).isEmpty();
    assertThat(points(decoded)).containsExactly(V1.Point.of(Labels.of(left), 1, 1));
    assertThat(senders(decoded)).containsExactly(sender);
    assertThat(decoded.unattributed()).isZero();
    assertThat(hash(decoded, 0)).isEqualTo(hash(off(1, left), 0));
  }

  @Test
  void replicasOfAClusterShareTheirSeries() {
    RawMessage request = new RawMessage();
    for (String replica : List.of("r1", "r2")) {
      RawMessage histogram = new RawMessage().varint(15, 7);
      request.message(
          1,
          series(1, "__name__", "m", "__replica__", replica, "cluster", "c")
              .message(3, exemplar())
              .message(4, histogram));
    }
    DecodedRequest decoded = decode(request, ONE_PAIR);
    Labels left = Labels.of("__name__", "m", "cluster", "c");
    assertThat(reasons(decoded.rejections())).isEmpty();
    assertThat(senders(decoded))
        .containsExactly(new ReplicaIdentity("c", "r1"), new ReplicaIdentity("c", "r2"));
    assertThat(hash(decoded, 0)).isEqualTo(hash(decoded, 1));
    assertThat(decoded.batch().series().labels(0)).isEqualTo(left);
    assertThat(decoded.batch().series().labels(1)).isEqualTo(left);
    assertThat(decoded.batch().histograms().stream().map(h -> h.seriesRow())).containsExactly(0, 1);
    assertThat(decoded.batch().exemplars())
        .allSatisfy(
            e ->
                assertThat(e.labels())
                    .isEqualTo(Labels.of("__replica__", "own", "cluster", "own")));
  }

  /** A scraped series may bring a cluster of its own, and a relay brings several replicas. */
  @Test
  void everySeriesIsJudgedAlone() {
    RawMessage request = new RawMessage();
    for (String sender : words("c1/r1 c2/r1 c1/r1 c1/r1 c2/r1 c1/r2")) {
      String[] names = sender.split("/", -1);
      request.message(1, series(1, "__name__", "m", "cluster", names[0], "__replica__", names[1]));
    }
    DecodedRequest decoded = decode(request, ONE_PAIR);
    assertThat(decoded.batch().identities())
        .containsExactly(
            new ReplicaIdentity("c1", "r1"),
            new ReplicaIdentity("c2", "r1"),
            new ReplicaIdentity("c1", "r2"));
    SeriesTable series = decoded.batch().series();
    assertThat(List.of(0, 1, 2, 3, 4, 5).stream().map(series::identity))
        .containsExactly(0, 1, 0, 0, 1, 2);
  }

  /** Where one name ends and the other begins is part of who it is. */
  @Test
  void namesDoNotRunIntoEachOther() {
    RawMessage request = new RawMessage();
    for (String cluster : List.of("a", "ab", "abc")) {
      String replica = "abcd".substring(cluster.length());
      request.message(1, series(1, "__name__", "m", "cluster", cluster, "__replica__", replica));
    }
    assertThat(decode(request, ONE_PAIR).batch().identities())
        .containsExactly(
            new ReplicaIdentity("a", "bcd"),
            new ReplicaIdentity("ab", "cd"),
            new ReplicaIdentity("abc", "d"));
  }

  @Test
  void metadataHasNoSender() {
    RawMessage request = new RawMessage().message(3, new RawMessage().text(2, "family"));
    DecodedRequest decoded = decode(request, ONE_PAIR);
    assertThat(decoded.batch().metadata()).hasSize(1);
    assertThat(decoded.rejections().total()).isZero();
    assertThat(decoded.unattributed()).isZero();
  }

  @Test
  void offChangesNothing() {
    DecodedRequest decoded = off(1, "__name__", "m", "__replica__", "r", "cluster", "c");
    assertThat(points(decoded))
        .containsExactly(
            V1.Point.of(Labels.of("__name__", "m", "__replica__", "r", "cluster", "c"), 1, 1));
    assertThat(decoded.batch().identities()).isEmpty();
    assertThat(decoded.batch().series().identity(0)).isEqualTo(SeriesTable.NO_IDENTITY);
    assertThat(decoded.unattributed()).isZero();
  }

  /** Comparing each of them with all others takes half a minute, once. */
  @Test
  @Timeout(20)
  void fiftyThousandSenders() {
    RawMessage request = new RawMessage();
    for (int i = 0; i < 50_000; i++) {
      request.message(
          1, series(1, "__name__", "m", "cluster", "c", "__replica__", "replica-" + (100_000 + i)));
    }
    byte[] body = request.toBytes();
    DecodedRequest decoded = decode(request, ONE_PAIR, KNOWS_ALL);
    assertThat(decoded.batch().identities().size()).isEqualTo(50_000);
    assertThat(new HashSet<>(decoded.batch().identities()).size()).isEqualTo(50_000);
    for (int i = 0; i < 3; i++) {
      long before = Allocation.ofThisThread();
      decoded = V1.decode(body, WireLimits.DEFAULT, ONE_PAIR, KNOWS_ALL);
      assertThat(Allocation.ofThisThread() - before).isLessThan(8L * body.length);
      assertThat(decoded.batch().series().identity(49_999)).isEqualTo(49_999);
    }
  }

  private static Arguments row(
      String name, HaLabels pairs, String cluster, String replica, String labels, String left) {
    return argumentSet(
        name, pairs, new ReplicaIdentity(cluster, replica), words(labels), words(left));
  }
}
