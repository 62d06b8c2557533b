package org.promscale.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.testbed.JsonText;

/** What an operator may send, and what is said to everything else. */
class OrderBodyTest {

  private static OrderBody read(Action action, String json) throws OrderBody.Unusable {
    Map<String, Object> fields = new HashMap<>();
    ((Map<?, ?>) Objects.requireNonNull(JsonText.parse(json)))
        .forEach(
            (name, value) ->
                fields.put(
                    String.valueOf(name),
                    value instanceof Double number ? BigDecimal.valueOf(number) : value));
    return OrderBody.of(action, fields);
  }

  @Test
  void everyField() throws Exception {
    assertThat(
            read(
                Action.PIN,
                "{\"replica\": \" b \", \"reason\": \"new disk\", \"force\": true, \"expires\":"
                    + " \"1h30m\", \"tenant\": 7}"))
        .isEqualTo(new OrderBody(7, "b", "new disk", true, Duration.ofMinutes(90), null));
    assertThat(
            read(
                Action.PIN,
                "{\"replica\":\"b\",\"reason\":\"r\",\"expires\":\"2026-11-24T18:00:00Z\"}"))
        .isEqualTo(new OrderBody(0, "b", "r", false, null, Instant.parse("2026-11-24T18:00:00Z")));
    assertThat(read(Action.UNPIN, "{\"reason\":\"r\"}"))
        .isEqualTo(new OrderBody(0, null, "r", false, null, null));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "no replica     | DRAIN | {\"reason\":\"r\"} | \"replica\" is missing: send the name of the replica",
        "null replica   | DRAIN | {\"replica\":null,\"reason\":\"r\"} | \"replica\" is no text",
        "no reason      | PIN | {\"replica\":\"b\"} | \"reason\" is missing: say in a few words why",
        "blank reason   | PIN | {\"replica\":\"b\",\"reason\":\"  \"} | \"reason\" is missing",
        "reason no text | PIN | {\"replica\":\"b\",\"reason\":1} | \"reason\" is no text",
        "misspelt field | PIN | {\"replica\":\"b\",\"reason\":\"r\",\"forse\":true} | unknown field \"forse\": pin takes [replica, reason, force, expires, tenant]",
        "claimed actor  | PIN | {\"replica\":\"b\",\"reason\":\"r\",\"actor\":\"root\"} | unknown field \"actor\"",
        "expiry of a drain | DRAIN | {\"replica\":\"b\",\"reason\":\"r\",\"expires\":\"2h\"} | unknown field \"expires\": drain takes [replica, reason, force, tenant]",
        "force as text  | DRAIN | {\"replica\":\"b\",\"reason\":\"r\",\"force\":\"yes\"} | \"force\" is neither true nor false",
        "tenant as text | DRAIN | {\"replica\":\"b\",\"reason\":\"r\",\"tenant\":\"0\"} | \"tenant\" is not the number of a tenant",
        "tenant too big | DRAIN | {\"replica\":\"b\",\"reason\":\"r\",\"tenant\":5000000000} | \"tenant\" is not the number of a tenant",
        "no length      | PIN | {\"replica\":\"b\",\"reason\":\"r\",\"expires\":\"soon\"} | \"expires\" is neither a length of time such as 2h nor a time such as 2026-11-24T18:00:00Z",
        "zero length    | PIN | {\"replica\":\"b\",\"reason\":\"r\",\"expires\":\"0s\"} | \"expires\" is neither",
        "far future     | PIN | {\"replica\":\"b\",\"reason\":\"r\",\"expires\":\"+19999-01-01T00:00:00Z\"} | \"expires\" is neither",
      })
  void refusesAndSaysWhatToSend(String name, Action action, String json, String message) {
    assertThatThrownBy(() -> read(action, json))
        .isInstanceOf(OrderBody.Unusable.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void textsAreBounded() {
    assertThatThrownBy(
            () ->
                read(Action.DRAIN, "{\"replica\":\"b\",\"reason\":\"" + "x".repeat(1_001) + "\"}"))
        .hasMessageContaining("\"reason\" is longer than 1000");
  }
}
