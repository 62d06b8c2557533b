package org.promscale.admin;

import static org.promscale.admin.ClusterJson.text;
import static org.promscale.admin.ClusterJson.time;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.LeaseHistory;

/** What has happened to a cluster as JSON, in the words of the views. Stateless. */
final class HistoryJson {

  private HistoryJson() {}

  static JsonObjectBuilder of(LeaseHistory.TermEntry term) {
    return Json.createObjectBuilder()
        .add("term", term.term())
        .add("leader", term.leader())
        .add("starts", time(term.startMs()))
        .add("ends", time(term.endMs()))
        .add("cause", term.cause())
        .add("actor", text(term.actor()))
        .add("reason", text(term.reason()))
        .add("hole_ms", number(term.holeMs()))
        .add("silence_ms", number(term.silenceMs()))
        .add("failover_ms", number(term.failoverMs()))
        .add("decided_at", time(term.decidedAtMs()));
  }

  private static JsonValue number(@Nullable Long value) {
    return value == null ? JsonValue.NULL : Json.createValue(value);
  }

  static JsonObjectBuilder of(LeaseHistory.PatchEntry patch) {
    return Json.createObjectBuilder()
        .add("replica", patch.replica())
        .add("cause", patch.cause())
        .add("starts", time(patch.startMs()))
        .add("ends", time(patch.endMs()))
        .add("samples_filled", patch.samplesFilled())
        .add("opened_at", time(patch.openedAtMs()))
        .add("opens_at", time(patch.opensAtMs()))
        .add("open_until", time(patch.openUntilMs()));
  }

  static JsonObjectBuilder of(LeaseHistory.ActionEntry action) {
    return Json.createObjectBuilder()
        .add("at", time(action.atMs()))
        .add("action", action.action())
        .add("replica", text(action.replica()))
        .add("actor", action.actor())
        .add("reason", action.reason())
        .add("forced", action.forced())
        .add("expires", time(action.expiresMs()))
        .add("term", action.term());
  }
}
