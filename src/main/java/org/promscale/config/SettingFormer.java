package org.promscale.config;

/**
 * What became of a flag of the first Promscale. Immutable.
 *
 * @param key its name there
 * @param fate in which of the four lists it stands
 * @param text SAME: what differs, or empty; RENAMED: the key here; NOT_YET and GONE: one or two
 *     sentences on why and what to do instead
 */
public record SettingFormer(String key, Fate fate, String text) {

  /** The four lists. */
  public enum Fate {
    /** It has the same name and meaning here. */
    SAME,
    /** It is here under another name. */
    RENAMED,
    /** What it belongs to does not exist yet. */
    NOT_YET,
    /** It is not wanted any more. */
    GONE
  }

  /**
   * Returns why it is refused.
   *
   * @param shown its name as the operator wrote it
   * @param renamed the name to use instead, written in the same way; only for RENAMED
   */
  String refusal(String shown, String renamed) {
    return switch (fate) {
      case SAME -> throw new IllegalStateException(key + " is a setting");
      case RENAMED -> shown + " is called " + renamed + " here";
      case NOT_YET -> shown + " does not exist yet: " + text;
      case GONE -> shown + " does not exist any more: " + text;
    };
  }
}
