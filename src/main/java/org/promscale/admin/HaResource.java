package org.promscale.admin;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

/**
 * Who leads which cluster, as this connector knows it: from memory, so it answers while the
 * database is away. Field names are part of the product's interface.
 */
@Path("/api/v1/ha")
@ApplicationScoped
@Produces(MediaType.APPLICATION_JSON)
public class HaResource {

  @Inject private HaDesk desk;

  /** Returns all clusters, in order of their names. */
  @GET
  @Path("clusters")
  public String clusters() {
    JsonArrayBuilder clusters = Json.createArrayBuilder();
    desk.clusters().get().forEach(report -> clusters.add(ClusterJson.of(report)));
    return Json.createObjectBuilder()
        .add("high_availability", desk.highAvailability())
        .add("clusters", clusters)
        .build()
        .toString();
  }
}
