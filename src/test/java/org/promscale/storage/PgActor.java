package org.promscale.storage;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Shipped code on a thread of its own that stops before each of its transaction's statements. The
 * code sees an ordinary data source; its connections tell the actor what is to run next.
 */
final class PgActor implements InterleavingStage.Actor {

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** Beginnings of the statements that count; so do COPY, COMMIT and Hibernate's lock. */
  private static final List<String> STATEMENTS =
      List.of(
          "INSERT INTO prom_data.sample",
          "UPDATE _prom_catalog.ha_progress SET commits",
          "SELECT fence FROM _prom_catalog.ha_lease",
          "SELECT fence, _prom_catalog.data_ms(starts) FROM _prom_catalog.ha_lease",
          "INSERT INTO _prom_catalog.ha_progress",
          "SELECT w.n, ",
          "SELECT CAST(fence AS text)",
          "INSERT INTO _prom_catalog.ha_sighting (cluster_id, replica, last_seen, newest, drained",
          "update _prom_catalog.ha_lease", // Hibernate's; what is written after it is one with it
          "SELECT l.cluster_id, c.tenant_id");

  private static final ThreadLocal<@Nullable PgActor> CURRENT = new ThreadLocal<>();

  /** Tells whether a database session waits for another one. */
  @FunctionalInterface
  interface Waits {
    boolean test(int pid);
  }

  private final Waits waits;
  private final Semaphore turn = new Semaphore(0);
  private final BlockingQueue<String> results = new LinkedBlockingQueue<>();
  private volatile int pid;
  private boolean begun;
  private boolean inTransaction;

  /** Starts it; it stops before its first statement. */
  PgActor(ExecutorService threads, Waits waits, Callable<String> work) {
    this.waits = waits;
    threads.execute(
        () -> {
          CURRENT.set(this);
          String outcome;
          try {
            outcome = work.call();
          } catch (Exception | Error e) {
            outcome = String.valueOf(e);
          } finally {
            CURRENT.remove();
          }
          results.add(outcome);
        });
  }

  @Override
  public @Nullable String step() {
    turn.release();
    return settled();
  }

  /** It is done, or stands before its next statement, or its session waits for another one. */
  @Override
  public @Nullable String settled() {
    long since = System.nanoTime();
    try {
      while (System.nanoTime() - since < PATIENCE_NANOS) {
        String result = results.poll(1, TimeUnit.MILLISECONDS);
        if (result != null) {
          return result;
        }
        if (pid != 0 && waits.test(pid)) {
          return null;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IllegalStateException("neither done nor waiting");
  }

  private void stop(Connection connection) throws SQLException {
    pid = connection.unwrap(PGConnection.class).getBackendPID();
    inTransaction = true;
    if (begun) {
      results.add(InterleavingStage.OK);
    }
    begun = true;
    turn.acquireUninterruptibly();
  }

  private @Nullable Object run(
      Connection connection, Method method, @Nullable Object @Nullable [] arguments)
      throws Throwable {
    String name = method.getName();
    boolean copy = name.equals("unwrap");
    boolean commit = name.equals("commit");
    if (copy || (commit && inTransaction)) {
      stop(connection);
    }
    if (commit || name.equals("rollback")) {
      inTransaction = false;
    }
    Object result = call(connection, method, arguments);
    if (result instanceof PreparedStatement statement
        && arguments != null
        && counts(String.valueOf(arguments[0]))) {
      return stopping(connection, statement);
    }
    return result;
  }

  private static boolean counts(String sql) {
    String text = sql.strip();
    return text.contains("for no key update") || STATEMENTS.stream().anyMatch(text::startsWith);
  }

  /** Returns the same database; an actor's connections stop before what counts. */
  static DataSource stopping(DataSource database) {
    return (DataSource)
        Proxy.newProxyInstance(
            PgActor.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              Object result = call(database, method, arguments);
              PgActor actor = CURRENT.get();
              return result instanceof Connection connection && actor != null
                  ? actor.stopping(connection)
                  : result;
            });
  }

  private Connection stopping(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            PgActor.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> run(connection, method, arguments));
  }

  private PreparedStatement stopping(Connection connection, PreparedStatement statement) {
    return (PreparedStatement)
        Proxy.newProxyInstance(
            PgActor.class.getClassLoader(),
            new Class<?>[] {PreparedStatement.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("execute")) {
                stop(connection);
              }
              return call(statement, method, arguments);
            });
  }

  private static @Nullable Object call(
      Object target, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }
}
