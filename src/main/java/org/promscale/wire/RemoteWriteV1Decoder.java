package org.promscale.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.RejectReason;
import org.promscale.ingest.Rejections;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.MetricMetadata;
import org.promscale.model.NativeHistogram;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.wire.proto.RemoteWriteV1;

/**
 * Decodes one remote write 1.0 request. All is read by hand but histograms: labels and samples make
 * no object for a series that {@link SeriesResolver} knows, and no message makes more objects than
 * the limits allow, whatever a body repeats.
 *
 * <p>The messages, by field number: WriteRequest 1 timeseries, 3 metadata; TimeSeries 1 labels, 2
 * samples, 3 exemplars, 4 histograms; Sample 1 value (fixed64), 2 timestamp (varint). Fields may
 * come in any order, unknown ones are passed over.
 *
 * <p>For one request, one thread.
 *
 * @see <a href="https://prometheus.io/docs/specs/prw/remote_write_spec/">Remote write 1.0</a>
 */
public final class RemoteWriteV1Decoder {

  private static final int FIELD_1_BYTES = 1 << 3 | ProtoReader.BYTES;
  private static final int FIELD_2_BYTES = 2 << 3 | ProtoReader.BYTES;
  private static final int FIELD_3_BYTES = 3 << 3 | ProtoReader.BYTES;
  private static final int FIELD_4_BYTES = 4 << 3 | ProtoReader.BYTES;
  private static final int SAMPLE_VALUE = 1 << 3 | ProtoReader.FIXED64;
  private static final int SAMPLE_TIMESTAMP = 2 << 3 | ProtoReader.VARINT;
  private static final int EXEMPLAR_VALUE = 2 << 3 | ProtoReader.FIXED64;
  private static final int EXEMPLAR_TIMESTAMP = 3 << 3 | ProtoReader.VARINT;

  /** Most buckets of a request per item allowed: a byte of a body can be a bucket of eight. */
  private static final int BUCKETS_PER_ITEM = 20;

  private final byte[] buffer;
  private final int end;
  private final int tenant;
  private final WireLimits limits;
  private final SeriesResolver resolver;
  private final long idEpoch;
  private final SeriesHasher hasher;
  private final LabelScanner labels;
  private final @Nullable Attribution attribution; // null where high availability is off

  private final SeriesTable series;
  private final Samples samples;
  private final List<HistogramSample> histograms = new ArrayList<>(0);
  private final List<Exemplar> exemplars = new ArrayList<>(0);
  private final List<MetricMetadata> metadata = new ArrayList<>(0);
  private final Rejections rejections = new Rejections();

  // Of the entry being read.
  private long[] sampleTimestamps = new long[4];
  private long[] sampleBits = new long[4];
  private int sampleCount;
  private int[] rareRanges = new int[4]; // start and length of each exemplar or histogram
  private boolean[] rareIsExemplar = new boolean[2];
  private int rareCount;

  private @Nullable LabelScanner exemplarLabels;
  private @Nullable MetadataReader metadataReader;
  private int entries;
  private long data;
  private long buckets;
  private long unattributed;

  /**
   * Prepares to decode.
   *
   * @param buffer the decompressed body; read until {@link #decode} returns, never kept
   * @param length number of bytes that belong to the body
   * @param tenant whose data it is
   * @param haLabels which labels name the sender of a series
   */
  public RemoteWriteV1Decoder(
      byte[] buffer,
      int length,
      int tenant,
      WireLimits limits,
      HaLabels haLabels,
      SeriesResolver resolver,
      SeriesHasher hasher) {
    this.buffer = buffer;
    this.end = length;
    this.tenant = tenant;
    this.limits = limits;
    this.resolver = resolver;
    this.idEpoch = resolver.epoch();
    this.hasher = hasher;
    this.labels = new LabelScanner(buffer, limits);
    this.attribution = haLabels.isOn() ? new Attribution(buffer, haLabels, hasher) : null;
    // A sample with ten labels takes about 200 bytes.
    int guess = Math.min(limits.seriesPerRequest(), length / 160 + 1);
    this.series = new SeriesTable(guess);
    this.samples = new Samples(guess);
  }

  /**
   * Decodes the request.
   *
   * @throws IngestFailure MALFORMED if the bytes are not such a request, REJECTED if it has more
   *     entries than allowed; the sender drops either
   */
  public DecodedRequest decode() {
    ProtoReader reader = new ProtoReader(buffer, 0, end);
    while (!reader.atEnd()) {
      int tag = reader.tag();
      if (tag == FIELD_1_BYTES) {
        int stop = reader.length() + reader.position();
        reader.range(reader.position(), stop);
        series(reader, stop);
        reader.range(stop, end);
      } else if (tag == FIELD_3_BYTES) {
        int length = reader.length();
        metadata(new ProtoReader(buffer, reader.position(), reader.position() + length));
        reader.advance(length);
      } else {
        reader.skip(tag);
      }
    }
    List<ReplicaIdentity> identities = attribution == null ? List.of() : attribution.identities();
    WriteBatch batch =
        new WriteBatch(tenant, identities, series, samples, histograms, exemplars, metadata);
    return new DecodedRequest(
        batch, rejections, batch.itemCount() + rejections.total(), unattributed);
  }

  private void series(ProtoReader reader, int stop) {
    if (++entries > limits.seriesPerRequest()) {
      throw tooMany("series", limits.seriesPerRequest());
    }
    labels.reset();
    sampleCount = 0;
    rareCount = 0;
    while (reader.position() < stop) {
      int tag = reader.tag();
      if (tag == FIELD_1_BYTES) {
        int length = reader.length();
        labels.read(reader, reader.position() + length);
      } else if (tag == FIELD_2_BYTES) {
        int length = reader.length();
        sample(reader, reader.position() + length);
      } else if (tag == FIELD_3_BYTES || tag == FIELD_4_BYTES) {
        rare(reader, tag == FIELD_3_BYTES);
      } else {
        reader.skip(tag);
      }
    }
    int items = sampleCount + rareCount;
    if (items == 0) {
      return; // labels without data say nothing
    }
    int row = resolve(items);
    if (row < 0) {
      return;
    }
    long refused = rejections.total();
    for (int i = 0; i < sampleCount; i++) {
      samples.add(row, sampleTimestamps[i], sampleBits[i]);
    }
    for (int i = 0; i < rareCount; i++) {
      addRare(row, i);
    }
    if (attribution != null && series.identity(row) == SeriesTable.NO_IDENTITY) {
      unattributed += items - (rejections.total() - refused);
    }
  }

  /** Returns the row of the entry's series, or -1 if its labels are unusable. */
  private int resolve(int items) {
    labels.canonicalize();
    int identity = SeriesTable.NO_IDENTITY;
    if (labels.isHashable()) {
      Attribution sender = attribution;
      if (sender != null) {
        // Before the cache is asked: it knows series from times when they needed no sender.
        RejectReason refusal = sender.attribute(labels);
        if (refusal != null) {
          rejections.add(refusal, items, () -> sender.explain(refusal, labels), labels::describe);
          return -1;
        }
        identity = sender.identity();
      }
      labels.hashInto(hasher, tenant);
      long id = resolver.resolve(hasher.high(), hasher.low());
      if (id != SeriesTable.UNKNOWN_ID) {
        series.idsAreOf(idEpoch);
        return series.addKnown(hasher.high(), hasher.low(), id, identity);
      }
    }
    RejectReason defect = labels.defect();
    if (defect != null) {
      rejections.add(defect, items, labels::describe);
      return -1;
    }
    return series.addUnknown(hasher.high(), hasher.low(), labels.toLabels(), identity);
  }

  /** Before memory is taken for it: two bytes of a body can be an item. */
  private void countItem() {
    if (++data > limits.samplesPerRequest()) {
      throw tooMany("samples", limits.samplesPerRequest());
    }
  }

  private void sample(ProtoReader reader, int stop) {
    long bits = 0;
    long timestamp = 0;
    while (reader.position() < stop) {
      int tag = reader.tag();
      if (tag == SAMPLE_VALUE) {
        bits = reader.fixed64();
      } else if (tag == SAMPLE_TIMESTAMP) {
        timestamp = reader.varint();
      } else {
        reader.skip(tag);
      }
    }
    if (reader.position() != stop) {
      throw ProtoReader.malformed("a length points past its end");
    }
    countItem();
    if (sampleCount == sampleBits.length) {
      sampleTimestamps = Arrays.copyOf(sampleTimestamps, sampleCount * 2);
      sampleBits = Arrays.copyOf(sampleBits, sampleCount * 2);
    }
    sampleTimestamps[sampleCount] = timestamp;
    sampleBits[sampleCount++] = bits;
  }

  /** Notes where an exemplar or a histogram stands; the labels may still follow. */
  private void rare(ProtoReader reader, boolean isExemplar) {
    countItem();
    int length = reader.length();
    if (rareCount == rareIsExemplar.length) {
      rareIsExemplar = Arrays.copyOf(rareIsExemplar, rareCount * 2);
      rareRanges = Arrays.copyOf(rareRanges, rareCount * 4);
    }
    rareRanges[2 * rareCount] = reader.position();
    rareRanges[2 * rareCount + 1] = length;
    rareIsExemplar[rareCount++] = isExemplar;
    reader.advance(length);
  }

  private void addRare(int row, int index) {
    int start = rareRanges[2 * index];
    int length = rareRanges[2 * index + 1];
    if (rareIsExemplar[index]) {
      exemplar(row, new ProtoReader(buffer, start, start + length));
    } else {
      histogram(row, start, length);
    }
  }

  private void exemplar(int row, ProtoReader reader) {
    LabelScanner scanner = exemplarLabels;
    if (scanner == null) {
      scanner = new LabelScanner(buffer, limits);
      exemplarLabels = scanner;
    }
    scanner.reset();
    long bits = 0;
    long timestamp = 0;
    while (!reader.atEnd()) {
      int tag = reader.tag();
      if (tag == FIELD_1_BYTES) {
        int size = reader.length();
        scanner.read(reader, reader.position() + size);
      } else if (tag == EXEMPLAR_VALUE) {
        bits = reader.fixed64();
      } else if (tag == EXEMPLAR_TIMESTAMP) {
        timestamp = reader.varint();
      } else {
        reader.skip(tag);
      }
    }
    scanner.canonicalize();
    RejectReason defect = scanner.labelDefect();
    if (defect == null && timestamp == 0) {
      defect = RejectReason.MISSING_EXEMPLAR_TIMESTAMP;
    }
    if (defect != null) {
      rejections.add(defect, 1, () -> "exemplar of " + labels.describe());
      return;
    }
    exemplars.add(new Exemplar(row, timestamp, bits, scanner.toLabels()));
  }

  private void histogram(int row, int start, int length) {
    if (length > HistogramReader.MAX_BYTES) {
      reject("histogram of " + length + " bytes");
      return;
    }
    RemoteWriteV1.Histogram message;
    try {
      message = RemoteWriteV1.Histogram.parser().parseFrom(buffer, start, length);
    } catch (InvalidProtocolBufferException e) {
      throw ProtoReader.malformed("a histogram is broken");
    }
    buckets += HistogramReader.buckets(message);
    long most = (long) BUCKETS_PER_ITEM * limits.samplesPerRequest();
    if (buckets > most) {
      throw tooMany("histogram buckets", most);
    }
    NativeHistogram histogram = HistogramReader.read(message);
    String defect = HistogramReader.defect(message, histogram);
    if (defect == null) {
      histograms.add(new HistogramSample(row, message.getTimestamp(), histogram));
    } else {
      reject(defect);
    }
  }

  private void reject(String histogramDefect) {
    rejections.add(
        RejectReason.INVALID_HISTOGRAM, 1, () -> histogramDefect + " in " + labels.describe());
  }

  private void metadata(ProtoReader entry) {
    if (++entries > limits.seriesPerRequest()) {
      throw tooMany("metadata entries", limits.seriesPerRequest());
    }
    MetadataReader reader = metadataReader;
    if (reader == null) {
      reader = new MetadataReader();
      metadataReader = reader;
    }
    reader.read(entry, limits, rejections, metadata);
  }

  private static IngestFailure tooMany(String what, long limit) {
    return new IngestFailure(
        FailureKind.REJECTED,
        "cannot accept a request with more than "
            + limit
            + " "
            + what
            + "; lower max_samples_per_send at the sender");
  }
}
