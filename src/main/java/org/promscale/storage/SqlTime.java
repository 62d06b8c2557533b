package org.promscale.storage;

/**
 * A time in a statement, exact to the millisecond in PostgreSQL's whole range: days and the
 * milliseconds of the day travel apart, because one interval of so many milliseconds would be
 * rounded, and a timestamp as text would depend on the session. Stateless.
 */
final class SqlTime {

  private static final long DAY_MS = 86_400_000L;

  private SqlTime() {}

  /** Returns the expression of type timestamptz over the SQL for day and millisecond. */
  static String expression(String day, String millisecond) {
    return "(timestamp 'epoch' + "
        + day
        + " * interval '1 day' + "
        + millisecond
        + " * interval '1 millisecond') AT TIME ZONE 'UTC'";
  }

  /** Returns the day of a time in milliseconds since 1970, counted from that year. */
  static long day(long timestampMs) {
    return Math.floorDiv(timestampMs, DAY_MS);
  }

  /** Returns the millisecond of the day. */
  static long millisecond(long timestampMs) {
    return Math.floorMod(timestampMs, DAY_MS);
  }
}
