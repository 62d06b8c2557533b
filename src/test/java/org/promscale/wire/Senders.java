package org.promscale.wire;

import static org.promscale.wire.V1.rawLabel;
import static org.promscale.wire.V1.rawSample;

import java.util.List;
import java.util.stream.IntStream;
import org.promscale.ha.HaLabels;
import org.promscale.ha.HaLabels.MissingLabels;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.SeriesTable;

/** Requests of several senders, and what the decoder makes of them. */
final class Senders {

  static final SeriesResolver KNOWS_ALL = (high, low) -> 42;
  static final HaLabels ONE_PAIR = rejecting("cluster/__replica__");

  private Senders() {}

  static HaLabels rejecting(String pairs) {
    return HaLabels.parse(pairs, MissingLabels.REJECT);
  }

  static HaLabels accepting(String pairs) {
    return HaLabels.parse(pairs, MissingLabels.ACCEPT);
  }

  static DecodedRequest decode(RawMessage request, HaLabels pairs) {
    return decode(request, pairs, V1.KNOWS_NOTHING);
  }

  static DecodedRequest decode(RawMessage request, HaLabels pairs, SeriesResolver resolver) {
    return V1.decode(request.toBytes(), WireLimits.DEFAULT, pairs, resolver);
  }

  /** Decodes one series with high availability off. */
  static DecodedRequest off(int time, String... labels) {
    return V1.decode(new RawMessage().message(1, series(time, labels)));
  }

  /** Returns who sent each series. */
  static List<ReplicaIdentity> senders(DecodedRequest request) {
    SeriesTable series = request.batch().series();
    return IntStream.range(0, series.size())
        .mapToObj(row -> request.batch().identities().get(series.identity(row)))
        .toList();
  }

  static List<Long> hash(DecodedRequest request, int row) {
    SeriesTable series = request.batch().series();
    return List.of(series.hashHigh(row), series.hashLow(row));
  }

  /** One sample, whose value is its time. */
  static RawMessage series(int time, String... namesAndValues) {
    RawMessage series = new RawMessage();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      series.message(1, rawLabel(namesAndValues[i], namesAndValues[i + 1]));
    }
    return series.message(2, rawSample(time, time));
  }

  /** An exemplar with labels of the same names. */
  static RawMessage exemplar() {
    return new RawMessage()
        .message(1, rawLabel("__replica__", "own"))
        .message(1, rawLabel("cluster", "own"))
        .varint(3, 5);
  }

  /** Names and values between blanks; a dash is an empty one. */
  static String[] words(String line) {
    return List.of(line.split(" ")).stream()
        .map(word -> word.equals("-") ? "" : word)
        .toArray(String[]::new);
  }
}
