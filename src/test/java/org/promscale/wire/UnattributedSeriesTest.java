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
import static org.promscale.wire.V1.rawSample;
import static org.promscale.wire.V1.reasons;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.RejectReason;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.Labels;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.SeriesTable;

/** What becomes of series that do not say who sent them, or say it in a way nobody can store. */
class UnattributedSeriesTest {

  private static final String TWO = "cluster/__replica__,prometheus/prometheus_replica";

  static List<Arguments> unattributed() {
    return List.of(
        missing(
            "neither label",
            "cluster/__replica__",
            RejectReason.MISSING_HA_LABELS,
            "__name__ m job j",
            "HA enabled, but both cluster and __replica__ labels are empty"),
        missing(
            "both empty",
            "cluster/__replica__",
            RejectReason.MISSING_HA_LABELS,
            "__name__ m __replica__ - cluster -",
            "HA enabled, but both cluster and __replica__ labels are empty"),
        missing(
            "no cluster",
            "cluster/__replica__",
            RejectReason.MISSING_CLUSTER_LABEL,
            "__name__ m __replica__ r1",
            "HA enabled, but cluster label is empty; __replica__ set to: r1"),
        missing(
            "empty cluster",
            "cluster/__replica__",
            RejectReason.MISSING_CLUSTER_LABEL,
            "__name__ m __replica__ r1 cluster -",
            "HA enabled, but cluster label is empty; __replica__ set to: r1"),
        missing(
            "no replica",
            "cluster/__replica__",
            RejectReason.MISSING_REPLICA_LABEL,
            "__name__ m cluster c1",
            "HA enabled, but __replica__ label is empty; cluster set to: c1"),
        missing(
            "nothing of two pairs",
            TWO,
            RejectReason.MISSING_HA_LABELS,
            "__name__ m",
            "HA enabled, but both cluster and __replica__ labels are empty"),
        missing(
            "half of the second pair",
            TWO,
            RejectReason.MISSING_REPLICA_LABEL,
            "__name__ m prometheus p1",
            "HA enabled, but prometheus_replica label is empty; prometheus set to: p1"),
        missing(
            "halves of two pairs",
            TWO,
            RejectReason.MISSING_CLUSTER_LABEL,
            "__name__ m __replica__ r1 prometheus p1",
            "HA enabled, but cluster label is empty; __replica__ set to: r1"));
  }

  @ParameterizedTest
  @MethodSource("unattributed")
  void rejectsTheSeriesKnownOrNot(
      String pairs, RejectReason reason, String[] labels, String sentence) {
    RawMessage good = series(2, "__name__", "good", "__replica__", "r", "cluster", "c");
    RawMessage request =
        new RawMessage()
            .message(1, series(1, labels).message(2, rawSample(9, 9)).message(3, exemplar()))
            .message(1, good);
    for (SeriesResolver resolver : List.of(V1.KNOWS_NOTHING, KNOWS_ALL)) {
      DecodedRequest decoded = decode(request, rejecting(pairs), resolver);
      assertThat(reasons(decoded.rejections())).containsExactly(reason + " 3");
      assertThat(decoded.items()).isEqualTo(4);
      assertThat(decoded.unattributed()).isZero();
      assertThat(decoded.batch().samples().size()).isEqualTo(1);
      assertThat(senders(decoded)).containsExactly(new ReplicaIdentity("c", "r"));
      assertThat(decoded.rejections().describe(decoded.items()))
          .startsWith("3 of 4 items rejected: 3 x " + sentence + " ({__name__=\"m\"");
    }
  }

  @ParameterizedTest
  @MethodSource("unattributed")
  void acceptsTheSeriesAsItIs(String pairs, RejectReason reason, String[] labels, String sentence) {
    RawMessage request =
        new RawMessage()
            .message(1, series(1, labels).message(3, exemplar()).message(3, new RawMessage()))
            .message(3, new RawMessage().text(2, "family"));
    DecodedRequest decoded = decode(request, accepting(pairs));
    assertThat(reasons(decoded.rejections())).containsExactly("MISSING_EXEMPLAR_TIMESTAMP 1");
    assertThat(points(decoded)).containsExactly(V1.Point.of(Labels.of(labels), 1, 1));
    assertThat(decoded.batch().series().identity(0)).isEqualTo(SeriesTable.NO_IDENTITY);
    assertThat(decoded.batch().identities()).isEmpty();
    assertThat(decoded.unattributed()).isEqualTo(2);
    assertThat(hash(decoded, 0)).isEqualTo(hash(off(1, labels), 0));
  }

  static List<Arguments> broken() {
    String good = " __replica__ r cluster c";
    return List.of(
        argumentSet("no metric name", RejectReason.MISSING_METRIC_NAME, words("a b" + good)),
        argumentSet("no metric name, no sender", RejectReason.MISSING_METRIC_NAME, words("a b")),
        argumentSet(
            "U+0000 in the replica",
            RejectReason.NUL_CHARACTER,
            words("__name__ m __replica__ \0 cluster c")),
        argumentSet(
            "U+0000, no cluster", RejectReason.NUL_CHARACTER, words("__name__ m __replica__ \0")),
        argumentSet(
            "replica twice",
            RejectReason.DUPLICATE_LABEL_NAME,
            words("__name__ m __replica__ s" + good)),
        argumentSet(
            "replica twice, once empty",
            RejectReason.DUPLICATE_LABEL_NAME,
            words("__name__ m __replica__ -" + good)),
        argumentSet(
            "cluster over 1,024 bytes",
            RejectReason.HA_NAME_TOO_LONG,
            words("__name__ m __replica__ r cluster " + "ß".repeat(513))),
        argumentSet(
            "replica over 1,024 bytes",
            RejectReason.HA_NAME_TOO_LONG,
            words("__name__ m cluster c __replica__ " + "r".repeat(1_025))),
        argumentSet(
            "replica over 4,096 bytes",
            RejectReason.LABEL_VALUE_TOO_LONG,
            words("__name__ m cluster c __replica__ " + "r".repeat(4_097))));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void brokenSetsKeepTheirReasons(RejectReason reason, String[] labels) {
    RawMessage request =
        new RawMessage().message(1, series(1, labels)).message(1, series(2, labels));
    DecodedRequest decoded = decode(request, ONE_PAIR);
    assertThat(reasons(decoded.rejections())).containsExactly(reason + " 2");
    assertThat(decoded.batch().identities()).isEmpty();
    assertThat(decoded.batch().series().size()).isZero();
    assertThat(decoded.rejections().describe(2)).contains(" x " + reason.text() + " ({");
  }

  /** The replica is no part of the hash, so the cache says nothing about it. */
  @Test
  void brokenReplicaOfAKnownSeries() {
    RawMessage series =
        series(1, "__name__", "m", "cluster", "c")
            .message(
                1,
                new RawMessage()
                    .text(1, "__replica__")
                    .bytes(2, new byte[] {'r', (byte) 0xc0, (byte) 0x80}));
    RawMessage request = new RawMessage().message(1, series).message(1, series);
    assertThat(reasons(decode(request, ONE_PAIR, KNOWS_ALL).rejections()))
        .containsExactly("INVALID_UTF8 2");
  }

  private static Arguments missing(
      String name, String pairs, RejectReason reason, String labels, String sentence) {
    return argumentSet(name, pairs, reason, words(labels), sentence);
  }
}
