package org.promscale.admin;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;
import org.promscale.ingest.ClusterReport;
import org.promscale.ingest.IngestFailure;

/** Answers in JSON, errors as {@code {"error": "one sentence"}}. Stateless. */
final class Answers {

  private static final Logger LOG = System.getLogger(Answers.class.getName());
  private static final int RETRY_SECONDS = 5;

  private Answers() {}

  static Response ok(JsonObjectBuilder json) {
    return Response.ok(json.build().toString(), MediaType.APPLICATION_JSON_TYPE).build();
  }

  /** Returns how a cluster stands; the fence is the tag to be sent back as If-Match. */
  static Response cluster(ClusterReport report) {
    return Response.ok(ClusterJson.of(report).build().toString(), MediaType.APPLICATION_JSON_TYPE)
        .tag(new EntityTag(report.state().lease().fence().toString()))
        .build();
  }

  static Response error(int status, String sentence) {
    return builder(status, sentence).build();
  }

  /** Asks for a token. */
  static Response unauthorized(String sentence) {
    return builder(401, sentence).header(HttpHeaders.WWW_AUTHENTICATE, "Bearer").build();
  }

  private static Response.ResponseBuilder builder(int status, String sentence) {
    return Response.status(status)
        .type(MediaType.APPLICATION_JSON_TYPE)
        .entity(Json.createObjectBuilder().add("error", sentence).build().toString());
  }

  /** Runs the work; what goes wrong with the database is 503, anything else 500. */
  static Response guarded(Supplier<Response> work) {
    try {
      return work.get();
    } catch (IngestFailure e) {
      LOG.log(Level.DEBUG, "a request about clusters failed", e);
      return builder(503, String.valueOf(e.getMessage()))
          .header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS)
          .build();
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "a request about clusters failed in an unforeseen way", e);
      return error(500, "internal error");
    }
  }
}
