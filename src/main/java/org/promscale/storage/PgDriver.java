package org.promscale.storage;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The only class that knows the driver's own types, and only by name: the driver lives on the
 * server, and where WildFly has it as a deployed jar, the application's class loader does not see
 * it. The loader of the connection itself does. Stateless.
 */
final class PgDriver {

  private static final String CONNECTION = "org.postgresql.PGConnection";
  private static final String COPY_IN = "org.postgresql.copy.CopyIn";
  private static final Pattern FIRST_KEY = Pattern.compile("\\)=\\((\\d+)");

  private PgDriver() {}

  /** A COPY under way. Close it: what was not ended is cancelled. */
  static final class Copy implements AutoCloseable {
    private final Object copy;
    private final Method write;
    private final Method end;
    private final Method isActive;
    private final Method cancel;

    private Copy(Object copy, Class<?> type) throws NoSuchMethodException {
      this.copy = copy;
      write = type.getMethod("writeToCopy", byte[].class, int.class, int.class);
      end = type.getMethod("endCopy");
      isActive = type.getMethod("isActive");
      cancel = type.getMethod("cancelCopy");
    }

    void write(byte[] bytes, int length) throws SQLException {
      call(write, copy, bytes, 0, length);
    }

    /** Ends the COPY; returns the number of rows. Constraint violations show here at the latest. */
    long end() throws SQLException {
      return (Long) call(end, copy);
    }

    @Override
    public void close() throws SQLException {
      if ((Boolean) call(isActive, copy)) {
        call(cancel, copy);
      }
    }
  }

  /** Starts COPY … FROM STDIN on a pooled connection. */
  static Copy copyIn(Connection connection, String sql) throws SQLException {
    Class<?> type = connectionType(connection);
    if (type == null) {
      throw new SQLException(noCopy(connection.getMetaData()));
    }
    try {
      Object manager = call(type.getMethod("getCopyAPI"), connection.unwrap(type));
      Object copy = call(manager.getClass().getMethod("copyIn", String.class), manager, sql);
      return new Copy(copy, Class.forName(COPY_IN, false, type.getClassLoader()));
    } catch (ClassNotFoundException | NoSuchMethodException e) {
      throw new SQLException(noCopy(connection.getMetaData()), e);
    }
  }

  /**
   * Checks that COPY can be had.
   *
   * @throws SchemaException if the data source has another driver
   */
  static void requireCopy(Connection connection) throws SQLException {
    if (connectionType(connection) == null) {
      throw new SchemaException(noCopy(connection.getMetaData()));
    }
  }

  private static String noCopy(DatabaseMetaData driver) throws SQLException {
    return "The data source's driver, "
        + driver.getDriverName()
        + " "
        + driver.getDriverVersion()
        + ", has no COPY that Promscale knows: give the data source PostgreSQL's own driver,"
        + " org.postgresql:postgresql 42.7 or newer.";
  }

  /** Returns the driver's interface of connections, null where the connection is of another. */
  private static @Nullable Class<?> connectionType(Connection connection) throws SQLException {
    ClassLoader driver = connection.getMetaData().getClass().getClassLoader();
    // A server may wrap meta data; then the driver is where we are.
    for (ClassLoader loader : Arrays.asList(driver, PgDriver.class.getClassLoader())) {
      Class<?> type = load(loader);
      if (type != null && connection.isWrapperFor(type)) {
        return type;
      }
    }
    return null;
  }

  private static @Nullable Class<?> load(@Nullable ClassLoader loader) {
    try {
      return Class.forName(CONNECTION, false, loader);
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  private static Object call(Method method, Object target, Object... arguments)
      throws SQLException {
    try {
      return method.invoke(target, arguments);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause();
      if (cause instanceof SQLException sql) {
        throw sql;
      }
      if (cause instanceof RuntimeException runtime) {
        throw runtime;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e);
    }
  }

  /**
   * Returns the series id of the key that a unique violation reports, or -1 if it reports none (the
   * text is for humans, so nothing may depend on it but speed).
   */
  static long seriesIdOfViolation(SQLException violation) {
    Matcher matcher = FIRST_KEY.matcher(String.valueOf(violation.getMessage()));
    return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
  }
}
