package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.promscale.wire.V1.decode;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.model.Exemplar;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.wire.V1.Point;
import org.promscale.wire.proto.RemoteWriteV1;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/** The hand-written decoder against the generated one, and against damaged bytes. */
class DecoderPropertyTest {

  /** A series of a request: labels, samples, exemplars. */
  record Entry(Map<String, String> labels, Map<Long, Long> samples, Map<Long, Long> exemplars) {}

  @Provide
  Arbitrary<List<Entry>> requests() {
    return entry().list().ofMaxSize(6);
  }

  @Provide
  Arbitrary<Entry> entry() {
    // Few names, so that the same series often stands twice.
    Arbitrary<String> names =
        Arbitraries.oneOf(
            Arbitraries.of("a", "b", "job", "\uff5e", "\ud83d\ude00"),
            Arbitraries.strings().withChars("abcxyz.\u00df\u20ac").ofMinLength(1).ofMaxLength(20));
    Arbitrary<String> values =
        Arbitraries.oneOf(
            Arbitraries.of("", "1", "2", "line\nbreak"),
            Arbitraries.strings().withCharRange('\u0001', '\ud7ff').ofMaxLength(20));
    Arbitrary<Map<Long, Long>> points =
        Arbitraries.maps(Arbitraries.longs(), Arbitraries.longs()).ofMaxSize(4);
    return Combinators.combine(
            Arbitraries.maps(names, values).ofMaxSize(6),
            Arbitraries.of("up", "down", "\u00fc.p"),
            points,
            points)
        .as(
            (labels, metric, samples, exemplars) -> {
              labels.put("__name__", metric);
              exemplars.remove(0L);
              return new Entry(labels, samples, exemplars);
            });
  }

  @Property(tries = 300)
  void agreesWithTheGeneratedParser(@ForAll("requests") List<Entry> entries, @ForAll Random random)
      throws InvalidProtocolBufferException {
    byte[] bytes = write(entries, random).toBytes();
    WriteRequest oracle = WriteRequest.parseFrom(bytes);
    DecodedRequest request = decode(bytes);
    assertThat(request.rejections().total()).isZero();
    assertThat(V1.points(request)).isEqualTo(points(oracle));
    assertThat(request.batch().exemplars().stream().map(e -> point(request, e)).toList())
        .isEqualTo(exemplars(oracle));
    assertThat(request.batch().metadata()).isEqualTo(metadata(oracle));
    int items = V1.points(request).size() + exemplars(oracle).size() + oracle.getMetadataCount();
    assertThat(request.items()).isEqualTo(items);
  }

  @Property(tries = 300)
  void hashesAreEqualExactlyWhenLabelSetsAre(
      @ForAll("requests") List<Entry> entries, @ForAll Random random) {
    List<Entry> twice = new ArrayList<>(entries);
    twice.addAll(entries);
    DecodedRequest request = decode(write(twice, random));
    Map<String, Labels> byHash = new HashMap<>();
    Map<Labels, String> byLabels = new HashMap<>();
    var series = request.batch().series();
    for (int row = 0; row < series.size(); row++) {
      String hash = series.hashHigh(row) + " " + series.hashLow(row);
      Labels labels = series.labels(row);
      assertThat(labels).isNotNull();
      assertThat(byHash.computeIfAbsent(hash, h -> labels)).isEqualTo(labels);
      assertThat(byLabels.computeIfAbsent(labels, l -> hash)).isEqualTo(hash);
    }
  }

  @Property(tries = 1_000)
  void damagedBytesFailInOneWayOnly(
      @ForAll("requests") List<Entry> entries, @ForAll Random random) {
    byte[] bytes = write(entries, random).toBytes();
    for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    byte[] cut = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    assertFailsInOneWay(random.nextBoolean() ? bytes : cut);
  }

  @Property(tries = 1_000)
  void arbitraryBytesFailInOneWayOnly(@ForAll byte[] bytes) {
    assertFailsInOneWay(bytes);
  }

  @Property(tries = 1_000)
  void arbitraryBlocksFailInOneWayOnly(@ForAll byte[] bytes) {
    assertBlockFailsInOneWay(bytes);
  }

  @Property(tries = 500)
  void damagedBlocksFailInOneWayOnly(@ForAll("requests") List<Entry> entries, @ForAll Random random)
      throws IOException {
    byte[] block = Snappy.compress(write(entries, random).toBytes());
    block[random.nextInt(block.length)] = (byte) random.nextInt();
    assertBlockFailsInOneWay(Arrays.copyOf(block, block.length - random.nextInt(2)));
  }

  private static void assertBlockFailsInOneWay(byte[] bytes) {
    try {
      int length = SnappyBlock.decodedLength(bytes, bytes.length, 1 << 16);
      SnappyBlock.decode(bytes, bytes.length, new byte[length], length);
    } catch (IngestFailure e) {
      assertThat(e.kind()).isEqualTo(FailureKind.MALFORMED);
    }
  }

  private static void assertFailsInOneWay(byte[] bytes) {
    try {
      DecodedRequest request = decode(bytes);
      assertThat(request.items())
          .isEqualTo(request.batch().itemCount() + request.rejections().total());
      assertThat(request.rejections().describe(request.items()).length()).isLessThan(1_000);
    } catch (IngestFailure e) {
      assertThat(e.kind()).isEqualTo(FailureKind.MALFORMED);
    }
  }

  /** Writes fields in any order, with unknown ones between, labels in any order. */
  private static RawMessage write(List<Entry> entries, Random random) {
    List<RawMessage> fields = new ArrayList<>();
    for (Entry entry : entries) {
      fields.add(new RawMessage().message(1, shuffled(fieldsOf(entry, random), random)));
      if (random.nextInt(3) == 0) {
        RawMessage metadata =
            new RawMessage().varint(1, random.nextInt(10)).text(2, "f").text(4, "help");
        fields.add(new RawMessage().message(3, metadata));
      }
    }
    // Entries stay in their order, which is the order of samples.
    RawMessage all = new RawMessage();
    for (RawMessage field : fields) {
      maybeUnknown(all, random).raw(field.toBytes());
    }
    return maybeUnknown(all, random);
  }

  private static List<RawMessage> fieldsOf(Entry entry, Random random) {
    List<RawMessage> fields = new ArrayList<>();
    entry.labels.forEach(
        (name, value) ->
            fields.add(
                new RawMessage()
                    .message(
                        1,
                        shuffled(
                            List.of(
                                new RawMessage().text(1, name), new RawMessage().text(2, value)),
                            random))));
    entry.samples.forEach(
        (time, bits) ->
            fields.add(
                new RawMessage()
                    .message(
                        2,
                        shuffled(
                            List.of(
                                new RawMessage().fixed64(1, bits),
                                new RawMessage().varint(2, time)),
                            random))));
    entry.exemplars.forEach(
        (time, bits) ->
            fields.add(
                new RawMessage()
                    .message(
                        3,
                        shuffled(
                            List.of(
                                new RawMessage().message(1, V1.rawLabel("trace", "t" + bits)),
                                new RawMessage().fixed64(2, bits),
                                new RawMessage().varint(3, time)),
                            random))));
    return fields;
  }

  private static RawMessage shuffled(List<RawMessage> fields, Random random) {
    List<RawMessage> order = new ArrayList<>(fields);
    Collections.shuffle(order, random);
    RawMessage all = new RawMessage();
    order.forEach(field -> maybeUnknown(all, random).raw(field.toBytes()));
    return all;
  }

  private static RawMessage maybeUnknown(RawMessage message, Random random) {
    return random.nextInt(8) == 0 ? message.unknownFields() : message;
  }

  private static List<Point> points(WriteRequest request) {
    List<Point> points = new ArrayList<>();
    for (RemoteWriteV1.TimeSeries series : request.getTimeseriesList()) {
      Labels labels = labels(series.getLabelsList());
      for (RemoteWriteV1.Sample sample : series.getSamplesList()) {
        points.add(Point.of(labels, sample.getTimestamp(), sample.getValue()));
      }
    }
    return points;
  }

  private static List<Point> exemplars(WriteRequest request) {
    List<Point> points = new ArrayList<>();
    for (RemoteWriteV1.TimeSeries series : request.getTimeseriesList()) {
      for (RemoteWriteV1.Exemplar e : series.getExemplarsList()) {
        assertThat(e.getLabelsCount()).isEqualTo(1);
        points.add(Point.of(labels(series.getLabelsList()), e.getTimestamp(), e.getValue()));
      }
    }
    return points;
  }

  private static Point point(DecodedRequest request, Exemplar exemplar) {
    assertThat(exemplar.labels()).isEqualTo(Labels.of("trace", "t" + exemplar.valueBits()));
    Labels labels = request.batch().series().labels(exemplar.seriesRow());
    assertThat(labels).isNotNull();
    return new Point(labels, exemplar.timestampMs(), exemplar.valueBits());
  }

  private static List<MetricMetadata> metadata(WriteRequest request) {
    return request.getMetadataList().stream()
        .map(
            m ->
                new MetricMetadata(
                    m.getMetricFamilyName().toStringUtf8(),
                    m.getType() == RemoteWriteV1.MetricMetadata.Type.UNRECOGNIZED
                        ? MetricMetadata.Type.UNKNOWN
                        : MetricMetadata.Type.valueOf(m.getType().name()),
                    m.getUnit().toStringUtf8(),
                    m.getHelp().toStringUtf8()))
        .toList();
  }

  private static Labels labels(List<RemoteWriteV1.Label> labels) {
    Map<String, String> map = new TreeMap<>();
    labels.forEach(l -> map.put(l.getName().toStringUtf8(), l.getValue().toStringUtf8()));
    return Labels.of(
        map.entrySet().stream()
            .flatMap(e -> List.of(e.getKey(), e.getValue()).stream())
            .toArray(String[]::new));
  }
}
