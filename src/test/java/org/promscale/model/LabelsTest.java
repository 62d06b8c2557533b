package org.promscale.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Label sets and their order. */
class LabelsTest {

  /** U+FF5E sorts before U+1F600 by bytes, but after its first surrogate by chars. */
  @Test
  void ordersByCodePointAboveTheBasicPlane() {
    String tilde = "\uff5e";
    String face = "\ud83d\ude00";
    assertThat(tilde).isGreaterThan(face);
    assertThat(Labels.of(face, "1", tilde, "2"))
        .satisfies(
            labels -> {
              assertThat(labels.name(0)).isEqualTo(tilde);
              assertThat(labels.name(1)).isEqualTo(face);
            });
  }

  @Test
  void orderIsThatOfUtf8Bytes() {
    List<String> names =
        List.of(
            "a",
            "B",
            "ab",
            "a\u007f",
            "a\u0080",
            "\u07ff",
            "\u0800",
            "\ud7ff",
            "\ue000",
            "\uffff",
            "\ud800\udc00",
            "\udbff\udfff",
            "a\ud83d\ude00",
            "a\ufffd",
            "z",
            "__name__");
    List<String> byBytes = new ArrayList<>(names);
    byBytes.sort(
        (a, b) ->
            Arrays.compareUnsigned(
                a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
    List<String> byOrder = new ArrayList<>(names);
    byOrder.sort(Labels.NAME_ORDER);
    assertThat(byOrder).isEqualTo(byBytes);
  }

  @Test
  void sortsAndDropsEmptyValues() {
    Labels labels = Labels.of("job", "j", "empty", "", "__name__", "up");
    assertThat(labels)
        .hasToString("up{job=\"j\"}")
        .isEqualTo(Labels.of("__name__", "up", "job", "j"));
    assertThat(labels).hasSameHashCodeAs(Labels.of("__name__", "up", "job", "j"));
    assertThat(labels.size()).isEqualTo(2);
    assertThat(labels.metricName()).isEqualTo("up");
    assertThat(labels.get("job")).isEqualTo("j");
    assertThat(labels.get("empty")).isNull();
    assertThat(labels.name(1)).isEqualTo("job");
    assertThat(labels.value(1)).isEqualTo("j");
  }

  @Test
  void differentSetsAreNotEqual() {
    assertThat(Labels.of("a", "b")).isNotEqualTo(Labels.of("a", "c")).isNotEqualTo(Labels.of());
    assertThat(Labels.of().metricName()).isEmpty();
  }

  @Test
  void textEscapesValues() {
    assertThat(Labels.of("a", "x\"y\\z\nnext")).hasToString("{a=\"x\\\"y\\\\z\\nnext\"}");
  }

  @Test
  void refusesWhatIsNoLabelSet() {
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of("a"));
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of("", "x"));
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of("a", "x", "b", "y", "a", "z"));
    assertThatIllegalArgumentException().isThrownBy(() -> Labels.of("a", "", "a", "x"));
  }
}
