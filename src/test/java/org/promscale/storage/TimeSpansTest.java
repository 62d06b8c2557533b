package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimeSpansTest {

  @Test
  void containsWhatWasAdded() {
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      TimeSpans spans = TimeSpans.NONE;
      BitSet expected = new BitSet();
      for (int i = 0; i < 12; i++) {
        int start = random.nextInt(60);
        int end = start + random.nextInt(10);
        spans = spans.with(start - 30, end - 30);
        expected.set(start, end);
      }
      for (int i = 0; i < 80; i++) {
        int moment = random.nextInt(80);
        assertThat(spans.contains(moment - 30)).isEqualTo(expected.get(moment));
      }
    }
  }

  @Test
  void nothingIsInTheEmptySet() {
    assertThat(TimeSpans.NONE.contains(0)).isFalse();
    assertThat(TimeSpans.NONE.contains(Long.MIN_VALUE)).isFalse();
  }
}
