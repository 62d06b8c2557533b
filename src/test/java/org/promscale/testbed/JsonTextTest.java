package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JsonTextTest {

  static Stream<Arguments> values() {
    Map<String, Object> flat = new LinkedHashMap<>();
    flat.put("a", 1.5);
    flat.put("b", true);
    Map<String, Object> nested = new LinkedHashMap<>();
    nested.put("flat", flat);
    nested.put("list", List.of(flat, "x"));
    nested.put("none", List.of());
    return Stream.of(
        arguments("a number", 12.25, "12.25"),
        arguments("text with what must be escaped", "a\"b\\c\nd", "\"a\\\"b\\\\c\\u000ad\""),
        arguments("a flat map in one line", flat, "{\"a\": 1.5, \"b\": true}"),
        arguments(
            "a line for each member and each element",
            nested,
            """
            {
              "flat": {"a": 1.5, "b": true},
              "list": [
                {"a": 1.5, "b": true},
                "x"
              ],
              "none": []
            }"""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("values")
  void isWrittenAndReadBack(String name, Object value, String text) {
    assertThat(JsonText.write(value)).isEqualTo(text + "\n");
    assertThat(JsonText.parse(text)).isEqualTo(value);
  }
}
