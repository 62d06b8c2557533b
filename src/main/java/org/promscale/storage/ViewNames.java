package org.promscale.storage;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.regex.Pattern;

/**
 * How metrics and labels are called in SQL. The same label gets the same name in every database, in
 * whatever order labels turn up.
 */
final class ViewNames {

  /** Longest name that PostgreSQL keeps, in bytes. */
  private static final int MAX_BYTES = 63;

  /**
   * Columns of our own. What would be mistaken for the result of renaming one of them is renamed as
   * well, so that both labels of a series with {@code time} and {@code label_time} keep a name that
   * does not depend on which came first.
   */
  private static final Pattern RESERVED = Pattern.compile("(label_)*(time|value|series_id|labels)");

  private static final int DIGEST_CHARS = 8;

  private ViewNames() {}

  /** Returns the column of a label, before regard to other labels of the same metric. */
  static String column(String key) {
    return fit(RESERVED.matcher(key).matches() ? "label_" + key : key);
  }

  /** Returns the view of a metric, before regard to other metrics. */
  static String view(int tenant, String metric) {
    String name = metric.isEmpty() ? "unnamed" : metric;
    return fit(tenant == 0 ? name : name + "_tenant_" + tenant);
  }

  /** Returns the wanted name or, where it is taken, the first free one with a number. */
  static String free(String wanted, TakenCheck taken) throws SQLException {
    String name = wanted;
    for (int number = 2; taken.isTaken(name); number++) {
      name = fit(wanted, "_" + number);
    }
    return name;
  }

  /** Cuts a name that is too long and tells it from others with the same beginning. */
  private static String fit(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES) {
      return name;
    }
    String digest = new LabelIdentity().ofText(name).toString().substring(0, DIGEST_CHARS);
    return fit(name, "_" + digest);
  }

  private static String fit(String name, String suffix) {
    int room = MAX_BYTES - suffix.length();
    int end = 0;
    int bytes = 0;
    while (end < name.length()) {
      int codePoint = name.codePointAt(end);
      bytes += Character.toString(codePoint).getBytes(StandardCharsets.UTF_8).length;
      if (bytes > room) {
        break;
      }
      end += Character.charCount(codePoint);
    }
    return name.substring(0, end) + suffix;
  }

  /** Tells whether somebody else has a name. */
  @FunctionalInterface
  interface TakenCheck {
    boolean isTaken(String name) throws SQLException;
  }
}
