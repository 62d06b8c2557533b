package org.promscale.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Sighting;
import org.promscale.ingest.ClusterReport;

/**
 * Who leads which cluster, as this connector knows it: from memory, so it answers while the
 * database is away. Field names are part of the product's interface.
 */
@Path("/api/v1/ha")
@ApplicationScoped
@Produces(MediaType.APPLICATION_JSON)
public class HaResource {

  @Inject private ConnectorInfo info;

  /** Returns all clusters, in order of their names. */
  @GET
  @Path("clusters")
  public String clusters() {
    JsonArrayBuilder clusters = Json.createArrayBuilder();
    info.clusters().get().forEach(report -> clusters.add(cluster(report)));
    return Json.createObjectBuilder()
        .add("high_availability", info.highAvailability())
        .add("clusters", clusters)
        .build()
        .toString();
  }

  private static JsonObjectBuilder cluster(ClusterReport report) {
    ClusterState state = report.state();
    JsonArrayBuilder replicas = Json.createArrayBuilder();
    state.sightings().forEach(seen -> replicas.add(replica(state, seen)));
    return Json.createObjectBuilder()
        .add("tenant", state.tenant())
        .add("cluster", state.cluster())
        .add("leader", state.lease().leader())
        .add("term", state.lease().term())
        .add("term_start", time(state.lease().startMs()))
        .add("frontier", time(state.progress().frontierMs()))
        .add("seal", time(state.lease().sealMs()))
        .add("silence_seconds", report.silenceMs() / 1e3)
        .add("timeout_seconds", report.timeoutMs() / 1e3)
        .add("cadence_seconds", report.cadenceMs() / 1e3)
        .add("settle_seconds", state.settleMs() / 1e3)
        .add("open_patches", state.openPatches().size())
        .add("view_age_seconds", Math.round(report.ageNanos() / 1e6) / 1e3)
        .add("replicas", replicas);
  }

  private static JsonObjectBuilder replica(ClusterState state, Sighting seen) {
    return Json.createObjectBuilder()
        .add("replica", seen.replica())
        .add("leader", seen.replica().equals(state.lease().leader()))
        .add("last_seen", time(seen.lastSeenMs()))
        .add("newest", time(seen.newestMs()))
        .add(
            "lag_seconds",
            seen.newestMs() == Lease.NO_TIME
                ? JsonValue.NULL
                : Json.createValue((state.nowMs() - seen.newestMs()) / 1e3));
  }

  private static JsonValue time(long millis) {
    return millis == Lease.NO_TIME
        ? JsonValue.NULL
        : Json.createValue(Instant.ofEpochMilli(millis).toString());
  }
}
