package org.promscale.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.promscale.ingest.Admission;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.IngestReport;
import org.promscale.metrics.IngestMeters;
import org.promscale.wire.ArrivingBody;

/**
 * Remote write. The one place that blocks: the request's thread waits here for the commit, and
 * {@link Admission} keeps enough threads free for everything else.
 *
 * <p>Answers: 204 everything is stored; 400 some items can never be stored, the rest is; 413, 415;
 * 503 with Retry-After for every trouble of ours.
 *
 * @see <a href="https://prometheus.io/docs/specs/prw/remote_write_spec/">Remote write 1.0</a>
 */
@Path("/")
@ApplicationScoped
public class WriteResource {

  /** Name of the request attribute that holds the body: an {@link ArrivingBody}, complete. */
  static final String BODY = "org.promscale.body";

  private static final Logger LOG = System.getLogger(WriteResource.class.getName());

  /** Senders give up after 30 s; an answer after that helps nobody. */
  private static final long PATIENCE_SECONDS = 25;

  @Inject private WriteEntrance entrance;
  @Inject private Admission admission;
  @Inject private IngestMeters meters;
  @Inject private LongSupplier nanoClock;

  /** The predecessor's path. */
  @POST
  @Path("write")
  public Response write(@Context HttpServletRequest request) {
    return timed(request);
  }

  /** Prometheus' own path. */
  @POST
  @Path("api/v1/write")
  public Response apiWrite(@Context HttpServletRequest request) {
    return timed(request);
  }

  private Response timed(HttpServletRequest request) {
    if (!(request.getAttribute(BODY) instanceof ArrivingBody body)) {
      throw new IllegalStateException("WriteFilter does not know the path of this request");
    }
    Response response;
    try {
      response = answer(body);
    } catch (IngestFailure e) {
      response = FailureMapper.response(e);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "a write request failed in an unforeseen way", e);
      response =
          Response.serverError().type(MediaType.TEXT_PLAIN).entity("internal error\n").build();
    } finally {
      body.giveUp();
    }
    meters.answered(response.getStatus(), nanoClock.getAsLong() - body.beganNanos());
    return response;
  }

  private Response answer(ArrivingBody body) {
    try (Admission.Ticket ticket = admission.enter()) {
      ticket.hold(body.length());
      IngestReport report = await(entrance.write(body.takeOver(), ticket));
      if (report.isComplete()) {
        return Response.noContent().build();
      }
      return Response.status(400)
          .type(MediaType.TEXT_PLAIN_TYPE.withCharset("UTF-8"))
          .entity(report.rejections().describe(report.items()) + "\n")
          .build();
    }
  }

  private static IngestReport await(CompletionStage<IngestReport> stage) {
    try {
      return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IngestFailure failure) {
        throw failure;
      }
      throw new IllegalStateException("storing a request failed", e.getCause());
    } catch (TimeoutException e) {
      throw new IngestFailure(
          FailureKind.UNAVAILABLE,
          "cannot confirm the write: the database did not commit within "
              + PATIENCE_SECONDS
              + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IngestFailure(FailureKind.UNAVAILABLE, "cannot confirm the write: stopping");
    }
  }
}
