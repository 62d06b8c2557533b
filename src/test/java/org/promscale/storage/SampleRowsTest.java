package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.model.WriteBatch;

class SampleRowsTest {

  private static SampleRows rows(WriteBatch... batches) {
    SampleRows rows = new SampleRows(10_000);
    for (int i = 0; i < batches.length; i++) {
      rows.add(batches[i].series(), batches[i].samples(), i);
    }
    rows.sort();
    return rows;
  }

  private static List<String> text(SampleRows rows) {
    return Arrays.stream(rows.all())
        .mapToObj(
            r ->
                rows.seriesId[r]
                    + "@"
                    + rows.timestampMs[r]
                    + "="
                    + Double.longBitsToDouble(rows.valueBits[r]))
        .toList();
  }

  @Test
  @DisplayName("Rows are sorted by series, then time")
  void sorts() {
    SampleRows rows =
        rows(new Batches().known(2, 5, 1).known(1, 9, 2).known(2, -5, 3).known(1, 7, 4).build());
    assertThat(text(rows)).containsExactly("1@7=4.0", "1@9=2.0", "2@-5=3.0", "2@5=1.0");
  }

  @Test
  @DisplayName("Of rows with the same key the first to arrive wins, within and across requests")
  void firstWins() {
    SampleRows rows =
        rows(
            new Batches().known(1, 5, 1).known(1, 5, 2).build(),
            new Batches().known(1, 5, 3).known(1, 6, 4).build());
    assertThat(text(rows)).containsExactly("1@5=1.0", "1@6=4.0");
    assertThat(rows.repeatedCount()).isEqualTo(2);
  }

  @Test
  @DisplayName("Any order of arrival gives the same as a sorted map that keeps the first value")
  void agreesWithMap() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      Batches batch = new Batches();
      TreeMap<Long, TreeMap<Long, Double>> expected = new TreeMap<>();
      int count = random.nextInt(400);
      int series = 1 + random.nextInt(5);
      for (int i = 0; i < count; i++) {
        long id = 1L + random.nextInt(series);
        long time = random.nextInt(100) - 50L;
        batch.known(id, time, i);
        expected.computeIfAbsent(id, k -> new TreeMap<>()).putIfAbsent(time, (double) i);
      }
      List<String> text = new ArrayList<>();
      expected.forEach((id, row) -> row.forEach((t, v) -> text.add(id + "@" + t + "=" + v)));
      assertThat(text(rows(batch.build()))).as("round %d", round).isEqualTo(text);
    }
  }

  @Test
  @DisplayName("A selection keeps the storing order")
  void selects() {
    SampleRows rows = rows(new Batches().known(3, 1, 1).known(1, 1, 1).known(2, 1, 1).build());
    int[] chosen = rows.select(r -> rows.seriesId[r] != 2);
    assertThat(Arrays.stream(chosen).mapToLong(r -> rows.seriesId[r])).containsExactly(1L, 3L);
  }
}
