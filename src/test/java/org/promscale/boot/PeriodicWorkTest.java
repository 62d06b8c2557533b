package org.promscale.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Named.named;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** A schedule runs a task never again that throws. */
class PeriodicWorkTest {

  static Stream<Throwable> failures() {
    return Stream.of(
        new SQLException("down"),
        new IngestFailure(FailureKind.UNAVAILABLE, "down"),
        new IllegalStateException("a bug"),
        new ServiceConfigurationError("a class could not be loaded"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  @DisplayName("Nothing gets past the outermost line")
  void survives(Throwable failure) {
    Runnable task =
        PeriodicWork.guarded(
            "test",
            () -> {
              if (failure instanceof SQLException e) {
                throw e;
              }
              if (failure instanceof RuntimeException e) {
                throw e;
              }
              throw (Error) failure;
            },
            () -> false);
    assertThatCode(task::run).doesNotThrowAnyException();
  }

  @Test
  @DisplayName("Rare work is done in the first run, and then in one of so many, whatever failed")
  void rare() {
    List<Integer> done = new ArrayList<>();
    int[] run = new int[1];
    Runnable task =
        PeriodicWork.guarded(
            "test",
            PeriodicWork.onceIn(
                3,
                () -> {
                  done.add(run[0]);
                  throw new SQLException("down");
                }),
            () -> false);
    for (; run[0] < 8; run[0]++) {
      task.run();
    }
    assertThat(done).containsExactly(0, 3, 6);
  }

  static Stream<Arguments> levels() {
    return Stream.of(
        arguments(named("a bug", new IllegalStateException("a bug")), false, true),
        arguments(
            named("a class that a stopping server refuses", new NoClassDefFoundError("a class")),
            true,
            false),
        arguments(
            named("a class that is missing", new NoClassDefFoundError("a class")), false, true),
        arguments(
            named(
                "a pool's proxy of a closed connection",
                new UndeclaredThrowableException(
                    new InvocationTargetException(new SQLException("closed")))),
            false,
            false),
        arguments(
            named(
                "a proxy of something else",
                new UndeclaredThrowableException(new IOException("no database"))),
            false,
            true));
  }

  @ParameterizedTest
  @MethodSource("levels")
  @DisplayName("Trouble of the database, and of a server that stops us, is no error of ours")
  void logs(Throwable failure, boolean stopping, boolean loud) {
    List<LogRecord> records = new ArrayList<>();
    Handler handler = recorder(records);
    Logger logger = Logger.getLogger(Lifecycle.class.getName());
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      PeriodicWork.guarded(
              "test",
              () -> {
                if (failure instanceof RuntimeException e) {
                  throw e;
                }
                throw (Error) failure;
              },
              () -> stopping)
          .run();
    } finally {
      logger.setUseParentHandlers(true);
      logger.removeHandler(handler);
    }
    assertThat(records.stream().anyMatch(r -> r.getLevel().equals(Level.SEVERE))).isEqualTo(loud);
  }

  private static Handler recorder(List<LogRecord> records) {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        records.add(record);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
