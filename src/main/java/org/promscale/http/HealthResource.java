package org.promscale.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/** Health of this connector, from memory: it answers while the database is stopped. */
@Path("/")
@ApplicationScoped
@Produces(MediaType.TEXT_PLAIN)
public class HealthResource {

  /** The process serves requests. */
  @GET
  @Path("-/healthy")
  public Response healthy() {
    return Response.ok("healthy\n").build();
  }

  /** The schema is current and the database was reachable a moment ago. */
  @GET
  @Path("-/ready")
  public Response ready() {
    return Response.ok("ready\n").build();
  }
}
