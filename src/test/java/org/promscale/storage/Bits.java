package org.promscale.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Stores values whose exact bits matter. */
final class Bits {

  private Bits() {}

  /** Writes one sample by binary COPY. */
  static void insert(Connection connection, long timestampMs, long series, long bits)
      throws SQLException {
    ByteBuffer row = ByteBuffer.allocate(64);
    row.put("PGCOPY\n".getBytes(StandardCharsets.US_ASCII));
    row.put(new byte[] {(byte) 0xff, '\r', '\n', 0}).putInt(0).putInt(0).putShort((short) 3);
    row.putInt(8).putLong((timestampMs - 946_684_800_000L) * 1000);
    row.putInt(8).putLong(series);
    row.putInt(8).putLong(bits);
    row.putShort((short) -1);
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY prom_data.sample (time, series_id, value) FROM STDIN BINARY");
    copy.writeToCopy(row.array(), 0, row.position());
    copy.endCopy();
  }
}
