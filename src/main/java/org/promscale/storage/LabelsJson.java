package org.promscale.storage;

import org.promscale.model.Labels;

/** Writes label sets as JSON objects. One thread at a time. */
final class LabelsJson {

  private final StringBuilder text = new StringBuilder(512);

  /** Returns the labels, name to value, in the order of the set. */
  String write(Labels labels) {
    text.setLength(0);
    text.append('{');
    for (int i = 0; i < labels.size(); i++) {
      if (i > 0) {
        text.append(',');
      }
      quote(labels.name(i));
      text.append(':');
      quote(labels.value(i));
    }
    return text.append('}').toString();
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ') {
        text.append("\\u00").append(Character.forDigit(c >> 4, 16));
        text.append(Character.forDigit(c & 15, 16));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }
}
