package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaEvidence;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.PgBouncerServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.SyntheticPlan;

/** Two connectors behind PgBouncer, which gives each transaction another session. */
@Tag("long")
class PgBouncerIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void aPairIsStoredThroughTransactionsOfOtherSessions() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of());
        PgBouncerServer bouncer = PgBouncerServer.startBefore(postgres, 6)) {
      String database = postgres.createDatabase();
      List<String> flags =
          List.of(
              "-db.uri=" + bouncer.uriOf(database, "&prepareThreshold=0"),
              "-metrics.high-availability",
              "-metrics.high-availability.leader-timeout=15s");
      HaReplica a;
      HaReplica b;
      try (ConnectorProcess first = ConnectorProcess.startWith(ConnectorProcess.SHORT_LIFE, flags);
          ConnectorProcess second =
              ConnectorProcess.startWith(ConnectorProcess.SHORT_LIFE, flags)) {
        a = new HaReplica(replica("a", 1), first::writeUri);
        b = new HaReplica(replica("b", 2), second::writeUri);
        a.start();
        Await.until("a leads", PATIENCE, () -> leader(postgres, database).equals("a"));
        b.start();
        Await.until("a and b are served", PATIENCE, () -> requests(a) > 30 && requests(b) > 30);
        a.kill();
        Await.until("b leads", PATIENCE, () -> leader(postgres, database).equals("b"));
        long before = requests(b);
        Await.until("b stores", PATIENCE, () -> requests(b) > before + 60);
        b.finish(PATIENCE);
      }

      assertThat(a.requestsDropped() + b.requestsDropped())
          .as(a.lastDrop() + b.lastDrop())
          .isZero();
      HaEvidence evidence = HaEvidence.of(postgres.dataSource(database), "c", 1_000, List.of(a, b));
      System.out.println("PgBouncerIT: " + evidence + ", " + evidence.largestDistance());
      evidence.assertInvariants();
      assertThat(evidence.largestDistanceMs()).isLessThan(2_000);
    }
  }

  private static long requests(HaReplica replica) {
    return replica.current().requestsAcknowledged();
  }

  private static SyntheticPlan replica(String name, int author) {
    return SyntheticPlan.ofReplica("c", name, author, System.currentTimeMillis() + author * 400L);
  }

  private static String leader(PostgresServer postgres, String database) throws Exception {
    List<String> leaders =
        Rows.of(
            postgres.dataSource(database),
            "SELECT leader FROM prom_info.ha_terms ORDER BY term DESC LIMIT 1");
    return leaders.isEmpty() ? "" : leaders.get(0);
  }
}
