package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;

/** A connector and a sender that never stops, while something happens to the database. */
final class SteadyLoad implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ConnectorProcess connector;
  private final SyntheticReplica sender;
  private final long pid;

  /**
   * Starts both and waits until samples flow.
   *
   * @param uri the database's address
   * @param flags further flags of the connector
   */
  SteadyLoad(String uri, String... flags) {
    List<String> arguments = new ArrayList<>(List.of("-db.uri", uri));
    arguments.addAll(List.of(flags));
    connector = ConnectorProcess.startWith(ConnectorProcess.SHORT_LIFE, arguments);
    pid = connector.pid();
    sender =
        SyntheticReplica.start(
            SyntheticPlan.of(1, System.currentTimeMillis())
                .withLongestBackoff(Duration.ofMillis(500)),
            connector::writeUri);
    awaitMore(20);
  }

  ConnectorProcess connector() {
    return connector;
  }

  SyntheticReplica sender() {
    return sender;
  }

  boolean isReady() throws IOException {
    return HttpProbe.isOk(connector.uri("/-/ready"));
  }

  /** Waits until more requests than this were acknowledged from now on. */
  void awaitMore(int requests) {
    long before = sender.requestsAcknowledged();
    Await.until("samples flow", PATIENCE, () -> sender.requestsAcknowledged() > before + requests);
  }

  /**
   * Fails unless the same process serves again, the sender has dropped nothing, and everything that
   * was acknowledged is stored.
   *
   * @param what has happened, for the log
   * @param database where it is looked for
   */
  void assertRecovered(String what, DataSource database) throws Exception {
    long began = System.nanoTime();
    Await.until("ready again", PATIENCE, this::isReady);
    awaitMore(20);
    System.out.printf(
        "%s: samples flow again after %d ms; %d retries, %s%n",
        what, (System.nanoTime() - began) / 1_000_000, sender.retries(), sender.refusals());
    sender.finish(PATIENCE);

    assertThat(connector.isAlive()).isTrue();
    assertThat(connector.pid()).isEqualTo(pid);
    assertThat(sender.requestsDropped()).as(sender.lastDrop()).isZero();
    SampleComparison comparison =
        SampleComparison.of(sender.acknowledged(), new StoredSamples(database).all());
    System.out.println(what + ": " + comparison);
    comparison.assertNothingMissing();
  }

  @Override
  public void close() {
    sender.close();
    connector.close();
  }
}
