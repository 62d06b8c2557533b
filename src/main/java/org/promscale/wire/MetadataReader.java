package org.promscale.wire;

import com.google.protobuf.ByteString;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.RejectReason;
import org.promscale.ingest.Rejections;
import org.promscale.model.MetricMetadata;
import org.promscale.wire.proto.RemoteWriteV1;

/** From the metadata message to the model. Stateless. */
final class MetadataReader {

  private static final MetricMetadata.Type[] TYPES = MetricMetadata.Type.values();

  private MetadataReader() {}

  /** Adds the entry to {@code target}, or to the rejections if it can never be stored. */
  static void read(
      RemoteWriteV1.MetricMetadata message,
      WireLimits limits,
      Rejections rejections,
      List<MetricMetadata> target) {
    ByteString family = message.getMetricFamilyName();
    RejectReason defect = defect(family, limits);
    if (defect == null) {
      defect = textDefect(message.getHelp());
    }
    if (defect == null) {
      defect = textDefect(message.getUnit());
    }
    if (defect != null) {
      rejections.add(defect, 1, () -> "metadata of " + family.toStringUtf8());
      return;
    }
    int type = message.getTypeValue();
    target.add(
        new MetricMetadata(
            family.toStringUtf8(),
            type > 0 && type < TYPES.length ? TYPES[type] : MetricMetadata.Type.UNKNOWN,
            message.getUnit().toStringUtf8(),
            message.getHelp().toStringUtf8()));
  }

  private static @Nullable RejectReason defect(ByteString family, WireLimits limits) {
    if (family.isEmpty()) {
      return RejectReason.INVALID_METADATA;
    }
    if (family.size() > limits.nameBytes()) {
      return RejectReason.LABEL_NAME_TOO_LONG;
    }
    return textDefect(family);
  }

  private static @Nullable RejectReason textDefect(ByteString text) {
    for (int i = 0; i < text.size(); i++) {
      if (text.byteAt(i) == 0) {
        return RejectReason.NUL_CHARACTER;
      }
    }
    return text.isValidUtf8() ? null : RejectReason.INVALID_UTF8;
  }
}
