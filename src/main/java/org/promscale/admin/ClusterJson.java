package org.promscale.admin;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Sighting;
import org.promscale.ha.Steering;
import org.promscale.ingest.ClusterReport;

/** A cluster as JSON. Stateless. */
final class ClusterJson {

  private ClusterJson() {}

  static JsonObjectBuilder of(ClusterReport report) {
    ClusterState state = report.state();
    Steering steering = state.steering();
    String pinned = steering.pinnedAt(state.nowMs());
    JsonArrayBuilder replicas = Json.createArrayBuilder();
    state.sightings().forEach(seen -> replicas.add(replica(state, seen)));
    return Json.createObjectBuilder()
        .add("tenant", state.tenant())
        .add("cluster", state.cluster())
        .add("leader", state.lease().leader())
        .add("term", state.lease().term())
        .add("fence", state.lease().fence().toString())
        .add("pinned", text(pinned))
        .add("pinned_until", pinned == null ? JsonValue.NULL : time(steering.pinnedUntilMs()))
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
        .add("drained", state.steering().drained().contains(seen.replica()))
        .add("last_seen", time(seen.lastSeenMs()))
        .add("newest", time(seen.newestMs()))
        .add(
            "lag_seconds",
            seen.newestMs() == Lease.NO_TIME
                ? JsonValue.NULL
                : Json.createValue((state.nowMs() - seen.newestMs()) / 1e3));
  }

  /** Returns a time; null for no beginning and no end. */
  static JsonValue time(long millis) {
    return millis == Lease.NO_TIME || millis == Long.MAX_VALUE
        ? JsonValue.NULL
        : Json.createValue(Instant.ofEpochMilli(millis).toString());
  }

  /** Returns a text or null. */
  static JsonValue text(@Nullable String text) {
    return text == null ? JsonValue.NULL : Json.createValue(text);
  }
}
