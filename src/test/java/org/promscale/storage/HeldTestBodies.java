package org.promscale.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.promscale.ingest.BodyDecoder;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Bodies of requests that never were on a wire: each is the number of its request. What is decoded
 * knows the ids of the series that its connector knows. Thread-safe.
 */
final class HeldTestBodies implements BodyDecoder {

  private static final List<Supplier<WriteBatch>> REQUESTS = new CopyOnWriteArrayList<>();

  private final SeriesResolver resolver;

  HeldTestBodies(SeriesResolver resolver) {
    this.resolver = resolver;
  }

  /** Returns the body of a request that is made anew each time it is decoded. */
  byte[] of(Supplier<WriteBatch> request) {
    synchronized (REQUESTS) {
      REQUESTS.add(request);
      return ByteBuffer.allocate(Integer.BYTES).putInt(0, REQUESTS.size() - 1).array();
    }
  }

  @Override
  public WriteBatch decode(int tenant, byte[] body) {
    WriteBatch batch = REQUESTS.get(ByteBuffer.wrap(body).getInt(0)).get();
    SeriesTable series = batch.series();
    for (int row = 0; row < series.size(); row++) {
      long id = resolver.resolve(series.hashHigh(row), series.hashLow(row));
      if (id != SeriesTable.UNKNOWN_ID) {
        series.assignId(row, id);
      }
    }
    return batch;
  }
}
