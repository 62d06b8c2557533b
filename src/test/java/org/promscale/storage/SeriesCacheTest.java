package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SeriesCacheTest {

  private static long spread(long i) {
    return i * 0x9e3779b97f4a7c15L;
  }

  @Test
  @DisplayName("What was put is found, what was not is unknown")
  void finds() {
    SeriesCache cache = new SeriesCache(10_000);
    for (long i = 1; i <= 5_000; i++) {
      cache.put(spread(i), i, i, cache.epoch());
    }
    for (long i = 1; i <= 5_000; i++) {
      assertThat(cache.resolve(spread(i), i)).isEqualTo(i);
      assertThat(cache.resolve(spread(i), -i)).isZero();
    }
    assertThat(cache.size()).isEqualTo(5_000);
  }

  @Test
  @DisplayName("Hashes that fall into the same place do not mix")
  void collides() {
    SeriesCache cache = new SeriesCache(10_000);
    for (long i = 1; i <= 1_000; i++) {
      cache.put(7, i << 32, i, cache.epoch());
    }
    for (long i = 1; i <= 500; i++) {
      assertThat(cache.resolve(7, i << 32)).isIn(i, 0L);
    }
    assertThat(cache.resolve(7, 1_000L << 32)).isEqualTo(1_000);
  }

  @Test
  @DisplayName("It never holds more than two generations")
  void isBounded() {
    SeriesCache cache = new SeriesCache(1_600);
    for (long i = 1; i <= 100_000; i++) {
      cache.put(spread(i), i, i, cache.epoch());
    }
    assertThat(cache.size()).isLessThanOrEqualTo(3_200);
  }

  @Test
  @DisplayName("Series that are asked for stay while others come and go")
  void keepsWhatIsUsed() {
    SeriesCache cache = new SeriesCache(1_600);
    for (long i = 1; i <= 400; i++) {
      cache.put(spread(i), i, i, cache.epoch());
    }
    long misses = 0;
    for (long other = 1_000; other < 101_000; other++) {
      cache.put(spread(other), other, other, cache.epoch());
      long used = 1 + other % 400;
      if (cache.resolve(spread(used), used) != used) {
        misses++;
      }
    }
    assertThat(misses).isZero();
  }

  @Test
  @DisplayName("After clear nothing is found, and ids asked for before are not taken any more")
  void clears() {
    SeriesCache cache = new SeriesCache(1_000);
    long before = cache.epoch();
    cache.put(1, 1, 1, before);
    cache.clear();
    cache.put(2, 2, 2, before);
    assertThat(cache.resolve(1, 1)).isZero();
    assertThat(cache.resolve(2, 2)).isZero();
    cache.put(3, 3, 3, cache.epoch());
    assertThat(cache.resolve(3, 3)).isEqualTo(3);
  }

  @Test
  @DisplayName("What is found while the cache is emptied counts as of before")
  void foundWhileItIsEmptied() throws InterruptedException {
    SeriesCache cache = new SeriesCache(1_600);
    AtomicLong newest = new AtomicLong(Long.MIN_VALUE);
    AtomicBoolean isOver = new AtomicBoolean();
    long lastStripe = -1; // emptied last
    Thread reader =
        new Thread(
            () -> {
              while (!isOver.get()) {
                long epoch = cache.epoch();
                if (cache.resolve(lastStripe, 1) != 0) {
                  newest.accumulateAndGet(epoch, Math::max);
                }
              }
            });
    reader.start();
    long found = 0;
    for (int i = 0; i < 20_000; i++) {
      cache.put(lastStripe, 1, 1, cache.epoch());
      cache.clear();
      found = newest.getAndSet(Long.MIN_VALUE);
      if (found >= cache.epoch()) {
        break;
      }
    }
    isOver.set(true);
    reader.join();
    assertThat(found).isLessThan(cache.epoch());
  }

  @Test
  @DisplayName("A reader never sees a wrong id while others write and the tables turn over")
  void readersNeverSeeNonsense() throws InterruptedException {
    SeriesCache cache = new SeriesCache(2_000);
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong wrong = new AtomicLong();
    List<Thread> readers = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      Random random = new Random(t);
      Thread reader =
          new Thread(
              () -> {
                while (!stop.get()) {
                  long i = 1L + random.nextInt(20_000);
                  long id = cache.resolve(spread(i), i);
                  if (id != 0 && id != i) {
                    wrong.incrementAndGet();
                  }
                }
              });
      readers.add(reader);
      reader.start();
    }
    for (int round = 0; round < 20; round++) {
      for (long i = 1; i <= 20_000; i++) {
        cache.put(spread(i), i, i, cache.epoch());
      }
    }
    stop.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(wrong).hasValue(0);
  }
}
