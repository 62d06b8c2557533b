package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.promscale.model.Labels;

/** Registration of series. */
interface SeriesContract extends StorageFixture {

  @Test
  default void sameSeriesKeepsItsId() throws SQLException {
    Labels a = Labels.of("__name__", "same_series", "x", "1");
    Labels b = Labels.of("__name__", "same_series", "x", "2");
    long[] first = register(database(), a, b, a);
    long[] second = register(database(), b, a);
    assertThat(first).containsExactly(second[1], second[0], second[1]).doesNotContain(0);
    assertThat(
            rows(
                database(),
                "SELECT id, labels ->> '__name__', labels ->> 'x' FROM _prom_catalog.series"
                    + " WHERE labels @> '{\"__name__\": \"same_series\"}' ORDER BY id"))
        .containsExactlyInAnyOrder(first[0] + "|same_series|1", first[1] + "|same_series|2");
  }

  @Test
  default void tenantsDoNotShareSeries() throws SQLException {
    Labels labels = Labels.of("__name__", "tenants", "x", "1");
    long[] zero = register(database(), labels);
    try (Connection connection = database().getConnection()) {
      connection.setAutoCommit(false);
      assertThat(new SeriesCatalog().register(connection, 7, List.of(labels))).isNotEqualTo(zero);
    }
  }

  @Test
  default void longestAndOddestTextsAreKept() throws SQLException {
    Random random = new Random(1);
    StringBuilder value = new StringBuilder();
    random.ints(4096, 33, 127).forEach(value::appendCodePoint);
    String name = "名".repeat(341);
    String odd = "a\"b\\c\nd\te\u0001\uD83D\uDE00'";
    long[] ids =
        register(
            database(),
            Labels.of("__name__", "odd texts", name, value.toString(), "odd", odd),
            Labels.of("__name__", "odd texts", name, value.reverse().toString(), "odd", odd));
    assertThat(ids[0]).isNotEqualTo(ids[1]);
    assertThat(
            rows(
                database(),
                "SELECT labels ->> 'odd', length(labels ->> '"
                    + name
                    + "') FROM _prom_catalog.series WHERE id = "
                    + ids[0]))
        .containsExactly(odd + "|4096");
  }

  @Test
  default void twoConnectorsAtOnceGetTheSameIds() throws Exception {
    List<Labels> series = series("at_once", 3000);
    int connectors = 4;
    ExecutorService executor = Executors.newFixedThreadPool(connectors);
    try {
      List<Callable<long[]>> tasks = new ArrayList<>();
      for (int i = 0; i < connectors; i++) {
        List<Labels> shuffled = new ArrayList<>(series);
        Collections.shuffle(shuffled, new Random(i));
        tasks.add(
            () -> {
              try (Connection connection = database().getConnection()) {
                connection.setAutoCommit(false);
                SeriesCatalog catalog = new SeriesCatalog();
                long[] ids = catalog.register(connection, 0, shuffled);
                return series.stream().mapToLong(s -> ids[shuffled.indexOf(s)]).toArray();
              }
            });
      }
      List<long[]> results = new ArrayList<>();
      for (Future<long[]> future : executor.invokeAll(tasks)) {
        results.add(future.get());
      }
      assertThat(results).allSatisfy(ids -> assertThat(ids).isEqualTo(results.get(0)));
      assertThat(Arrays.stream(results.get(0)).distinct().count()).isEqualTo(series.size());
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  default void aHundredThousandSeriesFromCold() throws SQLException {
    List<Labels> series = series("cold", 100_000);
    try (Connection connection = freshDatabase().getConnection()) {
      connection.setAutoCommit(false);
      SeriesCatalog catalog = new SeriesCatalog();
      long started = System.nanoTime();
      long[] ids = catalog.register(connection, 0, series);
      long cold = System.nanoTime();
      long[] again = catalog.register(connection, 0, series);
      long warm = System.nanoTime();
      assertThat(again).isEqualTo(ids);
      System.out.printf(
          "%s: 100,000 new series in %.2f s, looked up again in %.2f s%n",
          getClass().getSimpleName(), (cold - started) / 1e9, (warm - cold) / 1e9);
    }
  }

  private static List<Labels> series(String prefix, int count) {
    List<Labels> series = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      series.add(
          Labels.of(
              "__name__", prefix + "_" + i % 200 + "_total",
              "cluster", "eu-1",
              "job", "job-" + i % 20,
              "instance", "10.0." + i % 500 / 250 + "." + i % 250 + ":9100",
              "namespace", "team-" + i % 40,
              "pod", "web-7f9c4d5b6-" + i,
              "container", "c" + i % 7,
              "method", i % 2 == 0 ? "GET" : "POST",
              "status", String.valueOf(200 + i % 5),
              "path", "/api/v1/things/" + i % 1000));
    }
    return series;
  }
}
