package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.promscale.ha.Authorship;

/** Reads from the history of a cluster where the author of its samples may change. Stateless. */
final class AuthorRows {

  // The latest are enough: what matters are the last samples of series that have hardly begun or
  // just ended. A patch that filled nothing is left out.
  private static final String BORDERS =
      """
      (SELECT coalesce(_prom_catalog.data_ms(starts), -9223372036854775808), _prom_catalog.data_ms(ends),
         open_until = 'infinity'
       FROM _prom_catalog.ha_patch WHERE cluster_id = ? AND samples_filled > 0
       ORDER BY open_until DESC LIMIT 500)
      UNION ALL
      (SELECT _prom_catalog.data_ms(starts), _prom_catalog.data_ms(starts), false
       FROM _prom_catalog.ha_term WHERE cluster_id = ? AND starts IS NOT NULL ORDER BY term DESC LIMIT 500)
      """;

  private AuthorRows() {}

  /**
   * Reads them.
   *
   * @param runningFromMs where the running term starts
   */
  static Authorship read(Connection connection, long clusterId, long runningFromMs)
      throws SQLException {
    List<Authorship.Border> borders = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(BORDERS)) {
      statement.setLong(1, clusterId);
      statement.setLong(2, clusterId);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          borders.add(new Authorship.Border(row.getLong(1), row.getLong(2), row.getBoolean(3)));
        }
      }
    }
    return Authorship.of(runningFromMs, borders);
  }
}
