package org.promscale.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.Admission;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.EveryTimePrepared;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.IngestListener;
import org.promscale.ingest.IngestPipeline;
import org.promscale.ingest.IngestReport;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.wire.ArrivingBody;
import org.promscale.wire.BufferPool;
import org.promscale.wire.CompressedDecoder;
import org.promscale.wire.WireLimits;
import org.promscale.wire.proto.RemoteWriteV1.Label;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/** The way of a body, and what it holds of the memory on its way. */
class WriteEntranceTest {

  private static final WireLimits LIMITS =
      new WireLimits(200_000, 300_000, 50_000, 200_000, 64, 1_024, 4_096);

  private final Admission admission = new Admission(4, 1_000_000);
  private final CompletableFuture<Void> commit = new CompletableFuture<>();
  private final List<WriteBatch> stored = new ArrayList<>();

  @Test
  void holdsTheDecodedBytesUntilTheTicketIsClosed() throws IOException {
    WriteRequest request = request(10);
    byte[] body = Snappy.compress(request.toByteArray());
    try (Admission.Ticket ticket = admission.enter()) {
      CompletionStage<IngestReport> report = write(body, ticket);
      assertThat(stored).hasSize(1);
      assertThat(stored.get(0).samples().size()).isEqualTo(10);
      assertThat(admission.bytesInside()).isEqualTo(request.getSerializedSize());
      assertThat(report.toCompletableFuture()).isNotDone();
      commit.complete(null);
      assertThat(report.toCompletableFuture().join().isComplete()).isTrue();
    }
    assertThat(admission.bytesInside()).isZero();
  }

  @Test
  void decodedBytesAreAccountedForBeforeTheyAreTaken() throws IOException {
    byte[] body = Snappy.compress(new byte[250_000]);
    try (Admission.Ticket other = admission.enter();
        Admission.Ticket ticket = admission.enter()) {
      other.hold(800_000);
      assertThat(failure(body, ticket)).isEqualTo(FailureKind.OVERLOADED);
    }
    assertThat(admission.bytesInside()).isZero();
  }

  @Test
  void refusesBombs() throws IOException {
    byte[] body = Snappy.compress(new byte[300_001]);
    try (Admission.Ticket ticket = admission.enter()) {
      assertThat(failure(body, ticket)).isEqualTo(FailureKind.MALFORMED);
    }
    assertThat(stored).isEmpty();
  }

  @Test
  void refusesEmptyAndCorruptBodies() {
    try (Admission.Ticket ticket = admission.enter()) {
      assertThat(failure(new byte[0], ticket)).isEqualTo(FailureKind.MALFORMED);
      assertThat(failure(new byte[] {4, 0, 'x'}, ticket)).isEqualTo(FailureKind.MALFORMED);
      assertThat(failure(new byte[] {2, 4, 0x0a, 9}, ticket)).isEqualTo(FailureKind.MALFORMED);
    }
  }

  private FailureKind failure(byte[] body, Admission.Ticket ticket) {
    return catchThrowableOfType(IngestFailure.class, () -> write(body, ticket)).kind();
  }

  private CompletionStage<IngestReport> write(byte[] body, Admission.Ticket ticket) {
    return entrance().write(new ArrivingBody.Body(body, body.length), ticket);
  }

  private WriteEntrance entrance() {
    IngestPipeline pipeline =
        new IngestPipeline(
            new BatchValidator(InstantSource.system(), () -> 0, new EveryTimePrepared(), 1_000),
            (batch, rejections, bytes, body) -> {
              stored.add(batch);
              return commit;
            },
            IngestListener.NONE);
    BufferPool buffers = new BufferPool(2, 1 << 20);
    CompressedDecoder decoder =
        new CompressedDecoder(
            LIMITS, buffers, HaLabels.OFF, (high, low) -> SeriesTable.UNKNOWN_ID, 1, 2);
    return new WriteEntrance(buffers, decoder, pipeline);
  }

  private static WriteRequest request(int samples) {
    TimeSeries.Builder series =
        TimeSeries.newBuilder()
            .addLabels(
                Label.newBuilder()
                    .setName(ByteString.copyFromUtf8("__name__"))
                    .setValue(ByteString.copyFromUtf8("up")));
    for (int i = 0; i < samples; i++) {
      series.addSamples(Sample.newBuilder().setTimestamp(i));
    }
    return WriteRequest.newBuilder().addTimeseries(series).build();
  }
}
