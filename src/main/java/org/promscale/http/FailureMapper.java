package org.promscale.http;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.OptionalInt;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * From a kind of failure to an HTTP status. Prometheus drops data for ever on any 4xx, 429
 * included, so 4xx is only for what can never succeed and overload is 503.
 */
final class FailureMapper {

  private FailureMapper() {}

  static Response response(IngestFailure failure) {
    Response.ResponseBuilder response =
        Response.status(status(failure.kind()))
            .type(MediaType.TEXT_PLAIN_TYPE.withCharset("UTF-8"))
            .entity(failure.getMessage() + "\n");
    retryAfter(failure).ifPresent(seconds -> response.header("Retry-After", seconds));
    return response.build();
  }

  /** Returns after how many seconds the sender should try again, if it should. */
  static OptionalInt retryAfter(IngestFailure failure) {
    return failure.kind().senderRetries()
        ? OptionalInt.of(failure.kind() == FailureKind.OVERLOADED ? 1 : 5)
        : OptionalInt.empty();
  }

  static int status(FailureKind kind) {
    return switch (kind) {
      case MALFORMED, REJECTED -> 400;
      case TOO_LARGE -> 413;
      case UNSUPPORTED -> 415;
      case OVERLOADED, HELD_BACK, UNAVAILABLE -> 503;
    };
  }
}
