package org.promscale.boot;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.sql.SQLException;
import java.util.ServiceConfigurationError;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
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
            });
    assertThatCode(task::run).doesNotThrowAnyException();
  }
}
