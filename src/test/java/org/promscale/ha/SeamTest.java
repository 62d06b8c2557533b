package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is missing around the start of a term, told from stored samples of one series. */
class SeamTest {

  /** Since then the cluster is there. */
  private static final long OLDEST_MS = 960_000;

  /** Times in seconds; a stale marker ends in s. */
  private static StoredTimes stored(String times) {
    StoredTimes.Builder builder = new StoredTimes.Builder();
    for (String time : times.strip().split(" ", -1)) {
      boolean stale = time.endsWith("s");
      builder.add(Math.round(1_000 * Double.parseDouble(time.replace("s", ""))), stale);
    }
    return builder.build();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "no hole | 960 970 980 990 1000 1010 1020 | 1 | 0",
        "the other one's phase | 960 970 980 990 1000 1006 1016 | 1 | 0",
        "less than two spacings | 960 970 980 990 1000 1019 1029 | 1 | 0",
        "one scrape is missing | 960 970 980 990 1000 1020 1030 | 1 | 10",
        "a hole up to the start of the term | 920 930 940 950 1003 1013 | 1 | 43",
        "a hole a little before the start | 920 930 960 970 980 990 1000 1010 | 1 | 20",
        "a hole right after the start | 960 970 980 990 1000 1005 1045 1055 | 1 | 30",
        "an old hole is another change's | 700 710 720 800 810 820 830 990 1000 1010 | 1 | 150",
        "long ago | 700 710 720 870 880 890 900 910 920 930 940 950 960 970 980 990 1000 1010 | 1 | 0",
        "the series had ended | 950 960 970 980s 1010 1020 | 1 | 0",
        "it has ended | 960 970 980 990 1000 | 0 | 0",
        "it is new | 1010 1020 1030 1040 | 0 | 0",
        "a standby's own, begun in the seam | 985 1000 1010 1020 1060 | 0 | 0",
        "begun with the cluster | 975 985 995 1025 1035 | 1 | 20",
        "too few to tell | 980 1000 1040 | 0 | 0",
      })
  void oneSeries(String name, String times, int series, double hole) {
    Seam seam = Seam.UNKNOWN.with(stored(times), 1_000_000, OLDEST_MS);
    assertThat(seam.series()).isEqualTo(series);
    assertThat(seam.holeMs()).isEqualTo(Math.round(1_000 * hole));
  }

  @ParameterizedTest
  @CsvSource({"10, 60", "60, 10"})
  @DisplayName("Of several series the worst hole and the largest spacing count")
  void several(long one, long other) {
    Seam seam =
        Seam.UNKNOWN
            .with(every(one), 0, -30_000)
            .with(every(other), 0, -30_000)
            .with(stored("-30 -20 -10 20"), 0, -30_000);
    assertThat(seam).isEqualTo(new Seam(3, 20_000, 60_000));
  }

  private static StoredTimes every(long seconds) {
    return StoredTimes.of(LongStream.rangeClosed(-8, 3).map(n -> n * seconds * 1_000).toArray());
  }
}
