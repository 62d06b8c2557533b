package org.promscale.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.inject.spi.CDI;
import java.io.File;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.importer.ZipImporter;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.health.ConnectorHealth;
import org.promscale.ingest.LeaseStore;
import org.promscale.storage.HaLeaderRegistry;

/**
 * What only the inside of a server shows of the deployed application. Runs there, so it takes no
 * more than the WAR and Arquillian bring: no AssertJ.
 */
abstract class InsideChecks {

  private static final int TENANT = 7;
  private static final long PATIENCE_SECONDS = 10;

  /** Returns the product with the checks in it. */
  static WebArchive warWith(Class<?> checks, String name) {
    File war = new File(System.getProperty("promscale.war", "target/promscale.war"));
    return ShrinkWrap.create(ZipImporter.class, name)
        .importFrom(war)
        .as(WebArchive.class)
        .addClasses(InsideChecks.class, checks);
  }

  @Test
  void theDataSourceGivesConnectionsOfTheDriver() throws Exception {
    try (Connection connection = source().getConnection()) {
      assertTrue(connection.isWrapperFor(PGConnection.class));
      assertNotNull(connection.unwrap(PGConnection.class).getCopyAPI());
    }
  }

  @Test
  void theExecutorsThreadsAreTheApplications() throws Exception {
    Thread caller = Thread.currentThread();
    ClassLoader application = caller.getContextClassLoader();
    Object database =
        executor()
            .submit(
                () -> {
                  assertNotSame(caller, Thread.currentThread());
                  assertSame(application, Thread.currentThread().getContextClassLoader());
                  return single("SELECT current_database()");
                })
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals("promscale", database);
  }

  @Test
  void theRegistryElectsAndChangesLeaders() throws Exception {
    LeaseStore store = store();
    long id = store.elect(TENANT, "elects", "a", 10).orElseThrow();
    assertEquals(id, store.elect(TENANT, "elects", "b", 10).orElseThrow());
    ClusterState first = read(store, id);
    assertEquals("a", first.lease().leader());

    assertTrue(store.takeOver(first, LeaderChange.silent("b")));
    assertFalse(store.takeOver(first, LeaderChange.silent("c")), "what was decided on has gone");
    assertEquals("b", read(store, id).lease().leader());
    assertEquals(2, read(store, id).lease().term());
  }

  @Test
  void ofTwoTransitionsThatWaitForTheLeaseOneHappens() throws Exception {
    LeaseStore store = store();
    long id = store.elect(TENANT, "race", "a", 10).orElseThrow();
    ClusterState seen = read(store, id);
    List<Future<Boolean>> transitions = new ArrayList<>();
    try (Connection holder = source().getConnection()) {
      holder.setAutoCommit(false);
      lock(holder, id);
      for (String winner : List.of("b", "c")) {
        transitions.add(executor().submit(() -> store.takeOver(seen, LeaderChange.silent(winner))));
      }
      awaitPessimisticLocks(transitions.size());
      holder.rollback();
    }
    int happened = 0;
    for (Future<Boolean> transition : transitions) {
      happened += transition.get(PATIENCE_SECONDS, TimeUnit.SECONDS) ? 1 : 0;
    }
    assertEquals(1, happened);
    assertEquals(2, read(store, id).lease().term());
  }

  /** The schema is made after the deployment, by periodic work. */
  private static LeaseStore store() throws NamingException {
    ConnectorHealth health = CDI.current().select(ConnectorHealth.class).get();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(6 * PATIENCE_SECONDS);
    while (health.trouble().isPresent()) {
      assertTrue(System.nanoTime() < end, health.trouble()::toString);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return CDI.current().select(HaLeaderRegistry.class).get().storeIn(source(), System::nanoTime);
  }

  private static ClusterState read(LeaseStore store, long id) {
    return store.read(Set.of(id)).get(0);
  }

  private static void lock(Connection connection, long id) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT 1 FROM _prom_catalog.ha_lease WHERE cluster_id = ? FOR UPDATE")) {
      statement.setLong(1, id);
      try (ResultSet row = statement.executeQuery()) {
        assertTrue(row.next());
      }
    }
  }

  /** Waits until so many transactions wait for what they have asked for as PESSIMISTIC_WRITE. */
  private static void awaitPessimisticLocks(int transactions) throws Exception {
    String waiting =
        "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            + " AND query LIKE '%ha_lease%for no key update%'";
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!String.valueOf(transactions).equals(single(waiting))) {
      assertTrue(System.nanoTime() < end, "nobody waits for the lease");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static String single(String query) throws NamingException, SQLException {
    try (Connection connection = source().getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      assertTrue(row.next());
      return row.getString(1);
    }
  }

  private static DataSource source() throws NamingException {
    return lookUp(DataSource.class, "java:comp/env/jdbc/promscale");
  }

  private static ManagedExecutorService executor() throws NamingException {
    return lookUp(ManagedExecutorService.class, "java:comp/DefaultManagedExecutorService");
  }

  @SuppressWarnings("BanJNDI") // constant names
  private static <T> T lookUp(Class<T> type, String name) throws NamingException {
    return type.cast(new InitialContext().lookup(name));
  }
}
