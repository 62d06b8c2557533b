package org.promscale.system;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.LeaderWatch;
import org.promscale.testbed.LoadBalancer;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;

/** Connectors with high availability on one database, a load balancer, and a watch over leaders. */
final class HaStand implements AutoCloseable {

  private final PostgresServer postgres;
  private final String database;
  private final List<ConnectorProcess> connectors = new ArrayList<>();
  private final LoadBalancer balancer;
  private final LeaderWatch watch;

  /**
   * Starts it all.
   *
   * @param number connectors
   * @param timeout value of {@code -metrics.high-availability.leader-timeout}
   * @param more further flags of the connectors
   */
  HaStand(int number, String timeout, String... more) {
    this(ConnectorProcess.SHORT_LIFE, number, timeout, more);
  }

  /** Starts it all, the connectors' JVMs with these options. */
  HaStand(List<String> javaOptions, int number, String timeout, String... more) {
    this(ConnectorProcess.packagedJar(), javaOptions, number, timeout, more);
  }

  /** Starts it all, the connectors from this jar. */
  HaStand(Path jar, int number, String timeout) {
    this(jar, ConnectorProcess.SHORT_LIFE, number, timeout);
  }

  private HaStand(Path jar, List<String> javaOptions, int number, String timeout, String... more) {
    postgres = PostgresServer.start(Map.of());
    try {
      database = postgres.createDatabase();
      connectors.addAll(
          ConnectorProcess.startSeveral(
              jar, javaOptions, number, postgres, database, flags(timeout, more)));
      balancer =
          LoadBalancer.startNew(
              LoadBalancer.Balance.PER_REQUEST,
              connectors.stream().map(ConnectorProcess::port).toList());
      watch =
          LeaderWatch.start(
              connectors.stream().map(connector -> connector.uri(HaStatus.PATH)).toList());
    } catch (RuntimeException e) {
      connectors.forEach(ConnectorProcess::close);
      postgres.close();
      throw e;
    }
  }

  private static String[] flags(String timeout, String... more) {
    List<String> flags = new ArrayList<>(List.of("-metrics.high-availability"));
    flags.add("-metrics.high-availability.leader-timeout=" + timeout);
    flags.addAll(List.of(more));
    return flags.toArray(String[]::new);
  }

  PostgresServer postgres() {
    return postgres;
  }

  String database() {
    return database;
  }

  DataSource dataSource() {
    return postgres.dataSource(database);
  }

  List<ConnectorProcess> connectors() {
    return connectors;
  }

  LoadBalancer balancer() {
    return balancer;
  }

  LeaderWatch watch() {
    return watch;
  }

  /** Returns how many samples all connectors hold, of those whose metric has these labels. */
  double heldItems(Map<String, String> labels) throws IOException {
    double items = 0;
    for (ConnectorProcess connector : connectors) {
      items += MetricsPage.of(connector.uri("/metrics")).sum("promscale_ha_hold_items", labels);
    }
    return items;
  }

  @Override
  public void close() {
    watch.close();
    balancer.close();
    connectors.forEach(ConnectorProcess::close);
    postgres.close();
  }
}
