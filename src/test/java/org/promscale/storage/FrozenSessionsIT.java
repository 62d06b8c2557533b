package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;

/** Sessions of frozen connectors while the database's clock stands still, as if it was set back. */
class FrozenSessionsIT {

  private final AtomicLong nanos = new AtomicLong();
  private final FrozenSessions frozen = new FrozenSessions(nanos::get);
  private HaStage stage;

  @BeforeEach
  void start() throws SQLException {
    stage = new HaStage();
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  private int endedAfter(long seconds) throws SQLException {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
    return LeaseSql.call(stage.database(), frozen::end);
  }

  @Test
  @DisplayName("In COPY one is ended after thirty seconds of our own clock")
  void inCopy() throws SQLException {
    try (Connection connection = stage.database().getConnection()) {
      connection.setAutoCommit(false);
      PgDriver.Copy copy =
          PgDriver.copyIn(
              connection,
              "COPY prom_data.sample (time, series_id, value) FROM STDIN (FORMAT BINARY)");
      assertThat(endedAfter(0)).as("at once").isZero();
      assertThat(endedAfter(29)).isZero();
      assertThat(endedAfter(1)).isEqualTo(1);
      assertThatThrownBy(copy::end).isInstanceOf(SQLException.class);
      connection.abort(Runnable::run);
    }
  }

  @Test
  @DisplayName("One that keeps another waiting is ended after ten")
  void blocker() throws Exception {
    stage.execute("CREATE TABLE public.kept (id int PRIMARY KEY)");
    try (Connection idle = stage.database().getConnection();
        Statement statement = idle.createStatement()) {
      idle.setAutoCommit(false);
      statement.execute("INSERT INTO public.kept VALUES (1)");
      Future<Boolean> waiting =
          stage.async(
              () -> {
                stage.execute("INSERT INTO public.kept VALUES (1)");
                return true;
              });
      Await.until(
          "it waits",
          Duration.ofSeconds(20),
          () -> !stage.rows("SELECT 1 FROM pg_locks WHERE waitstart IS NOT NULL").isEmpty());
      assertThat(endedAfter(0)).as("at once").isZero();
      assertThat(endedAfter(9)).isZero();
      assertThat(endedAfter(1)).isEqualTo(1);
      assertThat(HaStage.join(waiting)).isTrue();
      assertThat(idle.isValid(1)).isFalse();
      idle.abort(Runnable::run);
    }
  }
}
