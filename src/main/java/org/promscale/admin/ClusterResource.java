package org.promscale.admin;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.promscale.ingest.OneLine;

/**
 * One cluster: how it stands, what has happened to it, and orders that change who leads it. Nothing
 * here concerns senders of samples.
 */
@Path("/api/v1/ha/clusters/{cluster}")
@ApplicationScoped
public class ClusterResource {

  private static final int MOST_ENTRIES = 1_000;

  @Inject private HaDesk desk;

  /** Returns how the cluster stands, from memory. */
  @GET
  public Response cluster(
      @PathParam("cluster") String cluster,
      @QueryParam("tenant") @DefaultValue("0") String tenant) {
    return Answers.guarded(
        () ->
            number(tenant, 0, Integer.MAX_VALUE).stream()
                .mapToObj(owner -> desk.cluster(owner, cluster))
                .flatMap(Optional::stream)
                .findFirst()
                .map(Answers::cluster)
                .orElseGet(() -> Answers.error(404, unknown(cluster))));
  }

  /** Returns its latest terms, newest first. */
  @GET
  @Path("terms")
  public Response terms(
      @PathParam("cluster") String cluster,
      @QueryParam("tenant") @DefaultValue("0") String tenant,
      @QueryParam("limit") @DefaultValue("100") String limit) {
    return history(
        cluster,
        "terms",
        tenant,
        limit,
        (number, most) -> desk.history().terms(number, cluster, most),
        HistoryJson::of);
  }

  /** Returns its latest patches, newest first. */
  @GET
  @Path("patches")
  public Response patches(
      @PathParam("cluster") String cluster,
      @QueryParam("tenant") @DefaultValue("0") String tenant,
      @QueryParam("limit") @DefaultValue("100") String limit) {
    return history(
        cluster,
        "patches",
        tenant,
        limit,
        (number, most) -> desk.history().patches(number, cluster, most),
        HistoryJson::of);
  }

  /** Returns the latest actions of operators on it, newest first. */
  @GET
  @Path("actions")
  public Response actions(
      @PathParam("cluster") String cluster,
      @QueryParam("tenant") @DefaultValue("0") String tenant,
      @QueryParam("limit") @DefaultValue("100") String limit) {
    return history(
        cluster,
        "actions",
        tenant,
        limit,
        (number, most) -> desk.history().actions(number, cluster, most),
        HistoryJson::of);
  }

  private static <T> Response history(
      String cluster,
      String name,
      String tenant,
      String limit,
      BiFunction<Integer, Integer, Optional<List<T>>> read,
      Function<T, JsonObjectBuilder> json) {
    return Answers.guarded(
        () -> {
          OptionalInt owner = number(tenant, 0, Integer.MAX_VALUE);
          OptionalInt most = number(limit, 1, MOST_ENTRIES);
          if (owner.isEmpty() || most.isEmpty()) {
            return Answers.error(
                400, "tenant is no number, or limit none from 1 to " + MOST_ENTRIES);
          }
          Optional<List<T>> entries = read.apply(owner.getAsInt(), most.getAsInt());
          if (entries.isEmpty()) {
            return Answers.error(404, unknown(cluster));
          }
          JsonArrayBuilder array = Json.createArrayBuilder();
          entries.get().forEach(entry -> array.add(json.apply(entry)));
          return Answers.ok(Json.createObjectBuilder().add("cluster", cluster).add(name, array));
        });
  }

  /**
   * Carries out an order.
   *
   * @param action which one
   * @param body what it is about, as JSON
   */
  @POST
  @Path("{action: hand-over|pin|unpin|drain|undrain}")
  public Response steer(
      @PathParam("cluster") String cluster,
      @PathParam("action") String action,
      @Context HttpHeaders headers,
      @Context HttpServletRequest request,
      InputStream body) {
    return Answers.guarded(() -> new Orders(desk).take(cluster, action, headers, request, body));
  }

  private static OptionalInt number(String text, int least, int most) {
    try {
      int number = Integer.parseInt(text);
      return number >= least && number <= most ? OptionalInt.of(number) : OptionalInt.empty();
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  static String unknown(String cluster) {
    return "no cluster " + OneLine.of(cluster, 200) + "; GET /api/v1/ha/clusters lists them all";
  }
}
