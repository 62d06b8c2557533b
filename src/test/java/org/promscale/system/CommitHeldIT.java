package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** An answer of success comes after the commit, never before. */
class CommitHeldIT {

  private static final int REQUESTS = 8;
  private static final long HELD_NANOS = TimeUnit.SECONDS.toNanos(2);
  private final RemoteWriteClient client = new RemoteWriteClient();

  @Test
  void noRequestIsAnsweredWhileCommitsAreHeldUp() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      try (ConnectorProcess connector = ConnectorProcess.start(postgres, database)) {
        // Everything that is slow only once: classes, connections, the partition.
        assertThat(client.write(connector.writeUri(), request(REQUESTS, 0)).status())
            .isEqualTo(204);
        // Known series, so that the commit held up is the one of the samples.
        for (int i = 0; i < REQUESTS; i++) {
          assertThat(client.write(connector.writeUri(), request(i, 0)).status()).isEqualTo(204);
        }

        // A commit now waits for a standby that does not exist.
        postgres.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        postgres.execute("postgres", "SELECT pg_reload_conf()");
        ExecutorService senders = Executors.newFixedThreadPool(REQUESTS);
        try {
          List<Future<Answered>> answers = new ArrayList<>();
          for (int i = 0; i < REQUESTS; i++) {
            int number = i;
            answers.add(senders.submit(() -> send(connector, number)));
          }
          Await.until(
              "a commit is held up", Duration.ofSeconds(10), () -> heldCommits(postgres) > 0);
          long heldSince = System.nanoTime();
          Await.until(
              "2 s have passed",
              Duration.ofSeconds(10),
              () -> System.nanoTime() - heldSince > HELD_NANOS);
          assertThat(answers).noneMatch(Future::isDone);
          long releasedAt = System.nanoTime();
          postgres.execute("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
          postgres.execute("postgres", "SELECT pg_reload_conf()");

          for (Future<Answered> answer : answers) {
            Answered answered = answer.get(30, TimeUnit.SECONDS);
            assertThat(answered.status()).isEqualTo(204);
            assertThat(answered.nanoTime()).isGreaterThan(releasedAt);
          }
        } finally {
          senders.shutdownNow();
        }
      }
    }
  }

  private Answered send(ConnectorProcess connector, int number) throws Exception {
    int status = client.write(connector.writeUri(), request(number, 1)).status();
    return new Answered(status, System.nanoTime());
  }

  private static WriteRequest request(int number, int round) {
    Map<String, String> labels = Map.of("__name__", "held", "number", String.valueOf(number));
    return WireLabels.request(labels, System.currentTimeMillis() + round * 1000L, number);
  }

  private static long heldCommits(PostgresServer postgres) throws SQLException {
    try (Connection connection = postgres.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private record Answered(int status, long nanoTime) {}
}
