package org.promscale.system;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that send one request after the other until it is closed. Thread-safe. */
final class Barrage implements AutoCloseable {

  /** Sends a request. */
  @FunctionalInterface
  interface Shot {

    /**
     * Sends a request and returns the status of the answer.
     *
     * @param number of the request; no two have the same
     */
    int fire(long number) throws IOException;
  }

  private final Map<String, Long> answers = new ConcurrentSkipListMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean ending;

  Barrage(int size, Shot shot) {
    for (int i = 0; i < size; i++) {
      Thread thread = new Thread(() -> run(shot), "barrage-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  private void run(Shot shot) {
    while (!ending) {
      String answer;
      try {
        answer = String.valueOf(shot.fire(numbers.getAndIncrement()));
      } catch (IOException e) {
        answer = Crowd.NO_ANSWER;
      }
      answers.merge(answer, 1L, Long::sum);
    }
  }

  /** Returns how often which status came, {@link Crowd#NO_ANSWER} for a broken connection. */
  Map<String, Long> answers() {
    return Map.copyOf(answers);
  }

  @Override
  public void close() {
    ending = true;
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
