package org.promscale.admin;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParserFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ingest.OneLine;

/**
 * The body of an order. Everything is checked before anything is done; a field that nobody knows is
 * refused, because it may be a misspelt {@code force}.
 *
 * @param tenant whose cluster it is about
 */
record OrderBody(
    int tenant,
    @Nullable String replica,
    String reason,
    boolean force,
    @Nullable Duration pinFor,
    @Nullable Instant pinUntil) {

  private static final int MOST_BYTES = 16 << 10;
  private static final int MOST_REASON = 1_000;
  private static final int MOST_REPLICA_BYTES = 1_024;

  private static final Pattern LENGTH =
      Pattern.compile("(?:(\\d{1,5})d)?(?:(\\d{1,6})h)?(?:(\\d{1,8})m)?(?:(\\d{1,9})s)?");

  /** A body that says something we do not take; the message says what to send. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String message) {
      super(message);
    }
  }

  /**
   * Reads a body.
   *
   * @param body JSON; at most 16 KiB of it are read
   */
  static OrderBody read(Action action, InputStream body) throws IOException, Unusable {
    return of(action, parse(action, body.readNBytes(MOST_BYTES + 1)));
  }

  /** Makes one of the fields of a JSON object. */
  static OrderBody of(Action action, Map<String, ?> json) throws Unusable {
    List<String> fields =
        action == Action.PIN
            ? List.of("replica", "reason", "force", "expires", "tenant")
            : List.of("replica", "reason", "force", "tenant");
    for (String field : new TreeSet<>(json.keySet())) {
      if (!fields.contains(field)) {
        throw new Unusable(
            "unknown field \"" + shown(field) + "\": " + action.text() + " takes " + fields);
      }
    }
    String replica = text(json, "replica", MOST_REPLICA_BYTES);
    if (replica == null && action != Action.UNPIN) {
      throw new Unusable("\"replica\" is missing: send the name of the replica");
    }
    String reason = text(json, "reason", MOST_REASON);
    if (reason == null) {
      throw new Unusable(
          "\"reason\" is missing: say in a few words why, it stays in the history of the cluster");
    }
    String expires = text(json, "expires", MOST_REASON);
    Duration length = expires == null ? null : length(expires);
    return new OrderBody(
        tenant(json),
        replica,
        reason,
        force(json),
        length,
        expires == null || length != null ? null : instant(expires));
  }

  /** Returns the order that this body makes. */
  SteeringOrder order(Action action, @Nullable UUID fence, String actor) {
    return new SteeringOrder(action, replica, force, pinFor, pinUntil, fence, actor, reason);
  }

  /** Returns an object's fields; anything but text, truth and whole numbers as the JSON value. */
  private static Map<String, Object> parse(Action action, byte[] bytes) throws Unusable {
    String example =
        "send a JSON object such as {"
            + (action == Action.UNPIN ? "" : "\"replica\": \"b\", ")
            + "\"reason\": \"upgrade of a\"}";
    if (bytes.length > MOST_BYTES) {
      throw new Unusable("the body has more than " + MOST_BYTES + " bytes: " + example);
    }
    JsonParserFactory parsers = Json.createParserFactory(Map.of());
    Map<String, Object> fields = new HashMap<>();
    // A reader would stop behind the object: half of two orders is not what was meant.
    try (JsonParser parser = parsers.createParser(new ByteArrayInputStream(bytes))) {
      parser.next();
      parser.getObject().forEach((name, value) -> fields.put(name, plain(value)));
      if (!parser.hasNext()) {
        return fields;
      }
    } catch (JsonException | IllegalStateException | NoSuchElementException e) {
      throw new Unusable("the body is no JSON object: " + example);
    }
    throw new Unusable("something follows the JSON object in the body: " + example);
  }

  private static Object plain(JsonValue value) {
    return switch (value.getValueType()) {
      case STRING -> ((JsonString) value).getString();
      case TRUE -> true;
      case FALSE -> false;
      case NUMBER -> ((JsonNumber) value).bigDecimalValue();
      case NULL, ARRAY, OBJECT -> value;
    };
  }

  private static @Nullable String text(Map<String, ?> json, String field, int most)
      throws Unusable {
    if (!json.containsKey(field)) {
      return null;
    }
    if (!(json.get(field) instanceof String text)) {
      throw new Unusable("\"" + field + "\" is no text");
    }
    String stripped = text.strip();
    if (stripped.length() > most || stripped.indexOf('\0') >= 0) {
      throw new Unusable("\"" + field + "\" is longer than " + most + ", or no text");
    }
    return stripped.isEmpty() ? null : stripped;
  }

  private static boolean force(Map<String, ?> json) throws Unusable {
    if (!json.containsKey("force")) {
      return false;
    }
    if (json.get("force") instanceof Boolean force) {
      return force;
    }
    throw new Unusable("\"force\" is neither true nor false");
  }

  private static int tenant(Map<String, ?> json) throws Unusable {
    if (!json.containsKey("tenant")) {
      return 0;
    }
    try {
      if (json.get("tenant") instanceof BigDecimal number && number.signum() >= 0) {
        return number.intValueExact();
      }
    } catch (ArithmeticException e) {
      throw new Unusable("\"tenant\" is not the number of a tenant");
    }
    throw new Unusable("\"tenant\" is not the number of a tenant");
  }

  private static @Nullable Duration length(String text) {
    Matcher parts = LENGTH.matcher(text);
    if (!parts.matches()) {
      return null;
    }
    Duration sum =
        Duration.ofDays(part(parts, 1))
            .plusHours(part(parts, 2))
            .plusMinutes(part(parts, 3))
            .plusSeconds(part(parts, 4));
    return sum.isZero() ? null : sum;
  }

  private static long part(Matcher parts, int group) {
    String digits = parts.group(group);
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static Instant instant(String text) throws Unusable {
    try {
      Instant end = Instant.parse(text);
      // What the database can hold.
      if (end.isAfter(Instant.EPOCH) && end.isBefore(Instant.parse("9999-12-31T00:00:00Z"))) {
        return end;
      }
    } catch (DateTimeException e) {
      throw new Unusable(notAnEnd());
    }
    throw new Unusable(notAnEnd());
  }

  private static String notAnEnd() {
    return "\"expires\" is neither a length of time such as 2h nor a time such as"
        + " 2026-11-24T18:00:00Z";
  }

  private static String shown(String field) {
    return OneLine.of(field, 100);
  }
}
