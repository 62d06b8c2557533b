package org.promscale.wire;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.RejectReason;
import org.promscale.ingest.Rejections;
import org.promscale.model.MetricMetadata;

/**
 * From the metadata message to the model. By field number: 1 type (varint), 2 family, 4 help, 5
 * unit. Read by hand, because the generated parser keeps every unknown field as an object, which a
 * hostile body can have millions of. For one request, one thread.
 */
final class MetadataReader {

  private static final int TYPE = 1 << 3 | ProtoReader.VARINT;
  private static final int FAMILY = 2 << 3 | ProtoReader.BYTES;
  private static final int HELP = 4 << 3 | ProtoReader.BYTES;
  private static final int UNIT = 5 << 3 | ProtoReader.BYTES;

  private static final MetricMetadata.Type[] TYPES = MetricMetadata.Type.values();

  private final Utf8Check utf8 = new Utf8Check();
  private final Text family = new Text();
  private final Text help = new Text();
  private final Text unit = new Text();

  /**
   * Reads an entry up to the end of the reader's range and adds it to {@code target}, or to the
   * rejections if it can never be stored.
   */
  void read(
      ProtoReader reader, WireLimits limits, Rejections rejections, List<MetricMetadata> target) {
    int type = 0;
    family.clear();
    help.clear();
    unit.clear();
    while (!reader.atEnd()) {
      int tag = reader.tag();
      switch (tag) {
        case TYPE -> type = (int) reader.varint();
        case FAMILY -> family.read(reader);
        case HELP -> help.read(reader);
        case UNIT -> unit.read(reader);
        default -> reader.skip(tag);
      }
    }
    byte[] buffer = reader.buffer();
    RejectReason defect = defect(buffer, limits);
    if (defect != null) {
      rejections.add(defect, 1, () -> "metadata of " + family.in(buffer));
      return;
    }
    boolean known = type > 0 && type < TYPES.length;
    target.add(
        new MetricMetadata(
            family.in(buffer),
            known ? TYPES[type] : MetricMetadata.Type.UNKNOWN,
            unit.in(buffer),
            help.in(buffer)));
  }

  private @Nullable RejectReason defect(byte[] buffer, WireLimits limits) {
    if (family.length == 0) {
      return RejectReason.INVALID_METADATA;
    }
    if (family.length > limits.nameBytes()) {
      return RejectReason.LABEL_NAME_TOO_LONG;
    }
    for (Text text : List.of(family, help, unit)) {
      RejectReason defect = utf8.defect(buffer, text.start, text.length);
      if (defect != null) {
        return defect;
      }
    }
    return null;
  }

  private static final class Text {
    private int start;
    private int length;

    void clear() {
      length = 0;
    }

    void read(ProtoReader reader) {
      length = reader.length();
      start = reader.position();
      reader.advance(length);
    }

    String in(byte[] buffer) {
      return new String(buffer, start, length, StandardCharsets.UTF_8);
    }
  }
}
