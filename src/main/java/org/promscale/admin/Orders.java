package org.promscale.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;
import org.promscale.security.Access;

/**
 * Takes orders over HTTP: is it allowed, by whom, what does it say, and what came of it. Before the
 * sender is known nothing of the body is read.
 */
final class Orders {

  private static final String JSON = "application/json";

  private final HaDesk desk;

  Orders(HaDesk desk) {
    this.desk = desk;
  }

  Response take(
      String cluster,
      String action,
      HttpHeaders headers,
      HttpServletRequest request,
      InputStream body) {
    if (!desk.steerable()) {
      return Answers.error(
          403,
          "leadership cannot be steered here: start the connector with -web.enable-admin-api and"
              + " -web.auth.bearer-token-file or -web.auth.basic-file");
    }
    if (!(request.getAttribute(Access.USER) instanceof String actor)) {
      return Answers.unauthorized(
          "orders need a user: send a token of -web.auth.bearer-token-file as Authorization: Bearer"
              + " TOKEN, or name and password of -web.auth.basic-file");
    }
    String type = headers.getHeaderString(HttpHeaders.CONTENT_TYPE);
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith(JSON)) {
      return Answers.error(415, "send JSON, with Content-Type: " + JSON);
    }
    SteeringOrder.Action wish =
        SteeringOrder.Action.valueOf(action.toUpperCase(Locale.ROOT).replace('-', '_'));
    try {
      UUID fence = fence(headers.getHeaderString(HttpHeaders.IF_MATCH));
      OrderBody order = OrderBody.read(wish, body);
      return answer(cluster, order, order.order(wish, fence, actor));
    } catch (OrderBody.Unusable e) {
      return Answers.error(400, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return Answers.error(400, "the body did not arrive: " + e.getMessage());
    }
  }

  private Response answer(String cluster, OrderBody body, SteeringOrder order) {
    SteeringRuling ruling = desk.helm().steer(body.tenant(), cluster, order);
    return switch (ruling.outcome()) {
      case DONE ->
          desk.cluster(body.tenant(), cluster)
              .map(Answers::cluster)
              .orElseGet(() -> Answers.error(404, ClusterResource.unknown(cluster)));
      case UNKNOWN -> Answers.error(404, ruling.why());
      case CHANGED, REFUSED -> Answers.error(409, ruling.why());
    };
  }

  /** Returns the lease that the operator saw, null if that does not matter. */
  private static @Nullable UUID fence(@Nullable String ifMatch) throws OrderBody.Unusable {
    if (ifMatch == null || ifMatch.strip().equals("*")) {
      return null;
    }
    try {
      return UUID.fromString(ifMatch.strip().replace("\"", ""));
    } catch (IllegalArgumentException e) {
      throw new OrderBody.Unusable(
          "If-Match is no fence: send the \"fence\" of GET /api/v1/ha/clusters, or leave it out");
    }
  }
}
