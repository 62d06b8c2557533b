package org.promscale.storage;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.sql.SQLException;

/**
 * Writes sample rows in the binary format of COPY, which keeps every bit of a value (text would
 * turn a stale marker into an ordinary NaN). One thread at a time.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4">Binary
 *     format</a>
 */
final class CopyEncoder {

  /** Takes encoded bytes; may not keep the array. */
  @FunctionalInterface
  interface Sink {
    void write(byte[] bytes, int length) throws SQLException;
  }

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

  /** Signature, flags, length of the header's extension. */
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final int ROW_BYTES = 2 + 3 * (4 + 8);
  private static final int CHUNK_BYTES = 64 * 1024;

  /** PostgreSQL counts microseconds from the year 2000. */
  private static final long EPOCH_2000_MS = 946_684_800_000L;

  private final byte[] chunk = new byte[CHUNK_BYTES];

  /** Encodes the chosen rows as (time, series_id, value), header and trailer included. */
  void encode(SampleRows rows, int[] chosen, Sink sink) throws SQLException {
    System.arraycopy(HEADER, 0, chunk, 0, HEADER.length);
    int at = HEADER.length;
    for (int row : chosen) {
      if (at + ROW_BYTES > CHUNK_BYTES) {
        sink.write(chunk, at);
        at = 0;
      }
      SHORT.set(chunk, at, (short) 3);
      INT.set(chunk, at + 2, 8);
      LONG.set(chunk, at + 6, (rows.timestampMs[row] - EPOCH_2000_MS) * 1000);
      INT.set(chunk, at + 14, 8);
      LONG.set(chunk, at + 18, rows.seriesId[row]);
      INT.set(chunk, at + 26, 8);
      LONG.set(chunk, at + 30, rows.valueBits[row]);
      at += ROW_BYTES;
    }
    if (at + 2 > CHUNK_BYTES) {
      sink.write(chunk, at);
      at = 0;
    }
    SHORT.set(chunk, at, (short) -1);
    sink.write(chunk, at + 2);
  }
}
