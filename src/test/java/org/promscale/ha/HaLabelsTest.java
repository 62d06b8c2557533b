package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ha.HaLabels.MissingLabels;
import org.promscale.ha.HaLabels.Pair;

/** Which texts make pairs of label names. */
class HaLabelsTest {

  private static final Pair DEFAULT = new Pair("cluster", "__replica__");

  static List<Arguments> readable() {
    return List.of(
        argumentSet("one pair", "cluster/__replica__", List.of(DEFAULT)),
        argumentSet(
            "two pairs, in their order",
            "prometheus/prometheus_replica,cluster/__replica__",
            List.of(new Pair("prometheus", "prometheus_replica"), DEFAULT)),
        argumentSet("blanks around", " cluster / __replica__ ", List.of(DEFAULT)),
        argumentSet("blank inside", "my cluster/r", List.of(new Pair("my cluster", "r"))),
        argumentSet("any UTF-8", "größe/\ud83d\ude00", List.of(new Pair("größe", "\ud83d\ude00"))),
        argumentSet(
            "two replica labels of one cluster label",
            "c/r,c/s",
            List.of(new Pair("c", "r"), new Pair("c", "s"))));
  }

  @ParameterizedTest
  @MethodSource("readable")
  void reads(String text, List<Pair> expected) {
    HaLabels labels = HaLabels.parse(text, MissingLabels.REJECT);
    assertThat(labels.pairs()).isEqualTo(expected);
    assertThat(labels.isOn()).isTrue();
    assertThat(labels.missingLabels()).isEqualTo(MissingLabels.REJECT);
  }

  static List<Arguments> unreadable() {
    String form = "pairs of label names such as cluster/__replica__, separated by commas";
    return List.of(
        argumentSet("nothing", "", form),
        argumentSet("one name", "cluster", form),
        argumentSet("three names", "a/b/c", form),
        argumentSet("no cluster label", "/__replica__", form),
        argumentSet("blank replica label", "cluster/ ", form),
        argumentSet("comma at the end", "cluster/__replica__,", form),
        argumentSet("metric name as cluster", "__name__/r", "__name__ names the metric"),
        argumentSet("metric name as replica", "c/__name__", "__name__ names the metric"),
        argumentSet("U+0000", "c/r\0", "valid UTF-8"),
        argumentSet("half a surrogate pair", "c\ud83d/r", "valid UTF-8"),
        argumentSet("same name twice", "a/a", "a would name both"),
        argumentSet("stripped here, kept there", "a/b,b/c", "b would name both"),
        argumentSet("replica label of two pairs", "a/r,b/r", "r stands in two pairs"),
        argumentSet("pair twice", "a/r,a/r", "r stands in two pairs"));
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  void refuses(String text, String says) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HaLabels.parse(text, MissingLabels.ACCEPT))
        .withMessageContaining(says);
  }

  @Test
  void offHasNoPairs() {
    assertThat(HaLabels.OFF.isOn()).isFalse();
    assertThat(HaLabels.OFF.pairs()).isEmpty();
  }
}
