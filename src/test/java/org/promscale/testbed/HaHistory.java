package org.promscale.testbed;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/**
 * Terms and patches of one cluster as SQL shows them. Times are microseconds since 1970, {@code
 * Long.MIN_VALUE} and {@code Long.MAX_VALUE} stand for no beginning and no end.
 *
 * @param terms in the order of their numbers
 * @param patches in the order of their opening
 */
public record HaHistory(List<Term> terms, List<Patch> patches) {

  /** SQL shows microseconds, samples have milliseconds: "right after" is within one of them. */
  private static final long RIGHT_AFTER_MICROS = 1_000;

  private static final String TERMS =
      "SELECT term, leader, "
          + micros("starts", "-Infinity")
          + ", "
          + micros("ends", "Infinity")
          + ", cause, "
          + micros("decided_at", "-Infinity")
          + " FROM prom_info.ha_terms WHERE tenant_id = 0 AND cluster = ? ORDER BY term";
  private static final String PATCHES =
      "SELECT replica, "
          + micros("starts", "-Infinity")
          + ", "
          + micros("ends", "Infinity")
          + " FROM prom_info.ha_patches WHERE tenant_id = 0 AND cluster = ? ORDER BY opened_at";

  /**
   * An uninterrupted leadership; both ends belong to it.
   *
   * @param decidedMicros when it was decided, by the database's clock: it may begin before
   */
  public record Term(
      long number,
      String leader,
      long startsMicros,
      long endsMicros,
      String cause,
      long decidedMicros) {
    @Override
    public String toString() {
      return "term %d of %s %s (%s)"
          .formatted(number, leader, range(startsMicros, endsMicros), cause);
    }
  }

  /** A stretch in which one replica fills holes; both ends belong to it. */
  public record Patch(String replica, long startsMicros, long endsMicros) {

    boolean covers(String who, long timeMs) {
      return replica.equals(who)
          && timeMs * 1_000 >= startsMicros
          && (endsMicros == Long.MAX_VALUE || timeMs <= -Math.floorDiv(-endsMicros, 1_000));
    }

    @Override
    public String toString() {
      return "patch of " + replica + " " + range(startsMicros, endsMicros);
    }
  }

  /** Reads the history of a cluster of tenant 0. */
  public static HaHistory of(DataSource database, String cluster) throws SQLException {
    try (Connection connection = database.getConnection()) {
      List<Term> terms = new ArrayList<>();
      try (PreparedStatement query = connection.prepareStatement(TERMS)) {
        query.setString(1, cluster);
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            terms.add(
                new Term(
                    rows.getLong(1),
                    rows.getString(2),
                    (long) rows.getDouble(3),
                    (long) rows.getDouble(4),
                    rows.getString(5),
                    (long) rows.getDouble(6)));
          }
        }
      }
      List<Patch> patches = new ArrayList<>();
      try (PreparedStatement query = connection.prepareStatement(PATCHES)) {
        query.setString(1, cluster);
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            patches.add(
                new Patch(rows.getString(1), (long) rows.getDouble(2), (long) rows.getDouble(3)));
          }
        }
      }
      return new HaHistory(terms, patches);
    }
  }

  // A double holds microseconds exactly until the year 2255, and both infinities.
  private static String micros(String column, String otherwise) {
    return "coalesce((extract(epoch FROM "
        + column
        + ") * 1000000)::float8, '"
        + otherwise
        + "'::float8)";
  }

  /** Returns the term in which a sample of this time lies. */
  public Term termAt(long timeMs) {
    for (Term term : terms) {
      if (term.endsMicros() == Long.MAX_VALUE || timeMs * 1_000 <= term.endsMicros()) {
        return term;
      }
    }
    throw new IllegalStateException("no term at " + timeMs + ": " + terms);
  }

  /**
   * Returns what is wrong with the terms, nothing if they are as they must be: numbered from 1
   * without a gap, one leader each, from minus infinity on, each right after its predecessor's end,
   * the last one open.
   */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (terms.isEmpty()) {
      problems.add("terms: there is none");
    }
    long boundary = Long.MIN_VALUE;
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      if (term.number() != i + 1) {
        problems.add("terms: number " + (i + 1) + " expected, found " + term);
      }
      if (i == 0 && term.startsMicros() != Long.MIN_VALUE) {
        problems.add("terms: the first begins at minus infinity, not " + term);
      }
      if (i > 0
          && (term.startsMicros() < boundary
              || term.startsMicros() - boundary > RIGHT_AFTER_MICROS)) {
        problems.add("terms: " + term + " does not begin right after " + terms.get(i - 1));
      }
      if (term.endsMicros() < boundary) {
        problems.add("terms: " + term + " ends before " + terms.get(i - 1));
      }
      boolean last = i == terms.size() - 1;
      if (last != (term.endsMicros() == Long.MAX_VALUE)) {
        problems.add("terms: the last one, and no other, is open: " + term);
      }
      boundary = term.endsMicros();
    }
    return problems;
  }

  /** Returns the end of the term before this one, in milliseconds. */
  public long boundaryBeforeMs(Term term) {
    return Math.floorDiv(terms.get((int) term.number() - 2).endsMicros(), 1_000);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    terms.forEach(term -> text.append("\n  ").append(term));
    patches.forEach(patch -> text.append("\n  ").append(patch));
    return text.toString();
  }

  private static String range(long fromMicros, long untilMicros) {
    return "["
        + (fromMicros == Long.MIN_VALUE ? "" : String.valueOf(fromMicros / 1e3))
        + " .. "
        + (untilMicros == Long.MAX_VALUE ? "" : String.valueOf(untilMicros / 1e3))
        + "]";
  }
}
