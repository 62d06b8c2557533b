package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;

/** Half a minute of a COPY whose client sends nothing. */
@Tag("long")
class FrozenCopyLongIT {

  @Test
  @DisplayName("A session frozen in COPY is ended even if nobody waits for it")
  void isEnded() throws Exception {
    try (HaStage stage = new HaStage()) {
      Connection connection = stage.database().getConnection();
      connection.setAutoCommit(false);
      PgDriver.Copy copy =
          PgDriver.copyIn(
              connection,
              "COPY prom_data.sample (time, series_id, value) FROM STDIN (FORMAT BINARY)");
      FrozenSessions frozen = new FrozenSessions(System::nanoTime);
      long started = System.nanoTime();
      Await.until(
          "the session is ended",
          Duration.ofSeconds(60),
          () -> LeaseSql.call(stage.database(), frozen::end) == 1);
      assertThat(Duration.ofNanos(System.nanoTime() - started))
          .isGreaterThan(Duration.ofSeconds(29));
      assertThatThrownBy(copy::end).isInstanceOf(SQLException.class);
      connection.abort(Runnable::run);
    }
  }
}
