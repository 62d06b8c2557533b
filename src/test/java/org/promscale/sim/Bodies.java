package org.promscale.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.promscale.ha.HeldRequest;
import org.promscale.ingest.BodyDecoder;
import org.promscale.model.WriteBatch;

/** Bodies of requests in a world without a wire: each is the number of its request. One thread. */
final class Bodies implements BodyDecoder {

  private record Lost(String replica, int series, long timeMs) {}

  private final List<WriteRequest> requests = new ArrayList<>();
  private final Set<Lost> lost = new HashSet<>();

  /** Returns the body of a request. */
  byte[] of(WriteRequest request) {
    requests.add(request);
    int length = Math.max(Integer.BYTES, request.bytes());
    return ByteBuffer.allocate(length).putInt(0, requests.size() - 1).array();
  }

  /** A connector died with this request in its hold: the one exception to what is promised. */
  void lose(HeldRequest held) {
    lose(held.replica(), held.body());
  }

  /** Somebody had shelved this request, and the database lost that commit. */
  void lose(String replica, byte[] body) {
    WriteRequest request = request(body);
    for (int i = 0; i < request.size(); i++) {
      lost.add(new Lost(replica, request.series(i), request.timeMs(i)));
    }
  }

  /** Returns the request of a body. */
  WriteRequest request(byte[] body) {
    return requests.get(ByteBuffer.wrap(body).getInt(0));
  }

  /** Tells whether a body has this sample. */
  boolean has(byte[] body, int series, long timeMs) {
    WriteRequest request = request(body);
    for (int i = 0; i < request.size(); i++) {
      if (request.series(i) == series && request.timeMs(i) == timeMs) {
        return true;
      }
    }
    return false;
  }

  /** Tells whether somebody died with this sample in its hold. */
  boolean wasLost(String replica, int series, long timeMs) {
    return lost.contains(new Lost(replica, series, timeMs));
  }

  @Override
  public WriteBatch decode(int tenant, byte[] body) {
    return request(body).decode();
  }
}
