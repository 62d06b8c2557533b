package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import org.promscale.ha.HeldRequest;

/** Writes held requests into the database. Stateless. */
final class ShelfRows {

  private static final String INSERT =
      "INSERT INTO _prom_catalog.ha_held (cluster_id, replica, oldest, newest, items, body) VALUES"
          + " (?, ?, _prom_catalog.data_time(?), _prom_catalog.data_time(?), ?, ?)";

  private ShelfRows() {}

  static void insert(Connection connection, Collection<HeldRequest> requests) throws SQLException {
    if (requests.isEmpty()) {
      return;
    }
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (HeldRequest request : requests) {
        insert.setLong(1, request.clusterId());
        insert.setString(2, request.replica());
        insert.setLong(3, request.oldestMs());
        insert.setLong(4, request.newestMs());
        insert.setLong(5, request.items());
        insert.setBytes(6, request.body());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }
}
