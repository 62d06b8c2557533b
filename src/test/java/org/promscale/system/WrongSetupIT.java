package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.WireLabels;

/**
 * A database that is set up wrong in one way after the other: each is told in one line, senders
 * keep their data, and the connector goes on by itself once it is mended.
 */
class WrongSetupIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private PostgresServer postgres;
  private String database;

  @BeforeEach
  void start() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    postgres.execute(database, "CREATE ROLE maria LOGIN");
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  @Test
  void eachIsToldOnceAndMendedWithoutARestart() throws Exception {
    setDatabase("default_transaction_isolation = 'serializable'");
    try (ConnectorProcess connector =
        ConnectorProcess.startInTrouble(
            List.of(
                "-db.uri",
                postgres.uri(database).replace("postgres@", "maria@"),
                "-metrics.high-availability",
                "-metrics.high-availability.missing-labels=accept"))) {
      String right =
          "The database user maria may not create what Promscale needs: run GRANT CREATE ON"
              + " DATABASE "
              + database
              + " TO maria as the owner of the database.";
      String isolation = "high availability needs 'read committed': set it on the data source";
      awaitTrouble(connector, isolation);

      setDatabase("default_transaction_isolation = 'read committed'");
      awaitTrouble(connector, right);

      postgres.execute(database, "GRANT CREATE ON DATABASE " + database + " TO maria");
      awaitReady(connector);

      setDatabase("default_transaction_read_only = on");
      String readOnly = "Transactions are read-only: switch readOnly off on the data source";
      awaitTrouble(connector, readOnly);

      setDatabase("default_transaction_read_only = off");
      awaitReady(connector);
      for (String sentence : List.of(right, isolation, readOnly)) {
        assertThat(connector.output()).filteredOn(line -> line.contains(sentence)).hasSize(1);
      }
      assertThat(connector.output())
          .noneMatch(line -> line.contains("SEVERE") || line.startsWith("\tat "));
    }
  }

  /** A session keeps what it began with, so all of them begin again. */
  private void setDatabase(String setting) {
    postgres.execute("postgres", "ALTER DATABASE " + database + " SET " + setting);
    postgres.execute(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'maria'");
  }

  private static void awaitTrouble(ConnectorProcess connector, String sentence) throws Exception {
    Await.until(
        "not ready: " + sentence,
        PATIENCE,
        () ->
            HttpProbe.get(connector.uri("/-/ready"), Duration.ofSeconds(2))
                .body()
                .contains(sentence));
    Answer answer = write(connector);
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.retryAfter()).isNotEmpty();
  }

  private static void awaitReady(ConnectorProcess connector) throws Exception {
    Await.until("ready", PATIENCE, () -> HttpProbe.isOk(connector.uri("/-/ready")));
    Answer answer = write(connector);
    assertThat(answer.status()).as(answer.body()).isEqualTo(204);
  }

  private static Answer write(ConnectorProcess connector) throws Exception {
    return new RemoteWriteClient()
        .write(
            connector.writeUri(),
            WireLabels.request(Map.of("__name__", "wrong_setup"), System.currentTimeMillis(), 1));
  }
}
