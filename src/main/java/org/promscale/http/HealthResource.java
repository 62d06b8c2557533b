package org.promscale.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.promscale.health.ConnectorHealth;

/** Health of this connector, from memory: it answers while the database is stopped. */
@Path("/")
@ApplicationScoped
@Produces(MediaType.TEXT_PLAIN)
public class HealthResource {

  @Inject private ConnectorHealth health;

  /** The process serves requests. */
  @GET
  @Path("-/healthy")
  public Response healthy() {
    return Response.ok("healthy\n").build();
  }

  /** The schema is current and the database answered in the last 10 s. */
  @GET
  @Path("-/ready")
  public Response ready() {
    return health
        .trouble()
        .map(trouble -> Response.status(503).entity("not ready: " + trouble + "\n").build())
        .orElseGet(() -> Response.ok("ready\n").build());
  }

  /** The predecessor's name for {@link #ready}. */
  @GET
  @Path("healthz")
  public Response healthz() {
    return ready();
  }
}
