package org.promscale.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The column stores of a batch: growth, removal, ids that come later. */
class ColumnsTest {

  @Test
  void samplesGrowAndKeepEveryBit() {
    Samples samples = new Samples(0);
    for (int i = 0; i < 1_000; i++) {
      samples.add(i, -i, StaleMarker.BITS + i);
    }
    assertThat(samples.size()).isEqualTo(1_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(samples.series(i)).isEqualTo(i);
      assertThat(samples.timestampMs(i)).isEqualTo(-i);
      assertThat(samples.valueBits(i)).isEqualTo(StaleMarker.BITS + i);
    }
  }

  @Test
  void retainKeepsOrder() {
    Samples samples = new Samples(4);
    for (int i = 0; i < 10; i++) {
      samples.add(i, 10L * i, i);
    }
    samples.retain(i -> samples.timestampMs(i) % 20 == 0);
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      rows.add(samples.series(i));
    }
    assertThat(rows).containsExactly(0, 2, 4, 6, 8);
    samples.retain(i -> false);
    assertThat(samples.size()).isZero();
  }

  @Test
  void seriesTableMixesKnownAndUnknown() {
    SeriesTable table = new SeriesTable(0);
    for (int i = 0; i < 100; i++) {
      if (i % 3 == 0) {
        table.addUnknown(i, -i, Labels.of("n", "" + i));
      } else {
        table.addKnown(i, -i, 1_000 + i);
      }
    }
    assertThat(table.size()).isEqualTo(100);
    assertThat(table.unknownCount()).isEqualTo(34);
    assertThat(table.labels(99)).isEqualTo(Labels.of("n", "99"));
    assertThat(table.labels(98)).isNull();
    assertThat(table.id(98)).isEqualTo(1_098);
    assertThat(table.hashHigh(98)).isEqualTo(98);
    assertThat(table.hashLow(98)).isEqualTo(-98);
    table.assignId(99, 7);
    table.assignId(99, 8);
    assertThat(table.unknownCount()).isEqualTo(33);
    assertThat(table.id(99)).isEqualTo(8);
  }

  @Test
  void idsArePositive() {
    SeriesTable table = new SeriesTable(1);
    assertThatIllegalArgumentException().isThrownBy(() -> table.addKnown(1, 2, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> table.addKnown(1, 2, -1));
  }

  @Test
  void staleMarkerIsOnlyThatNan() {
    assertThat(StaleMarker.is(0x7ff0000000000002L)).isTrue();
    assertThat(StaleMarker.is(0x7ff8000000000002L)).isFalse();
    assertThat(StaleMarker.is(Double.doubleToRawLongBits(Double.NaN))).isFalse();
  }
}
