package org.promscale.launcher;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.promscale.config.SettingNames;
import org.promscale.config.Settings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * The YAML file of settings: names flat ({@code db.host: h}) or nested ({@code db: {host: h}}).
 * Values are taken as they are written, so that {@code 010} and {@code off} mean what a flag of the
 * same text means. Immutable.
 */
final class SettingsFile {

  /** A text and the name it stands under, with the file's. */
  record Entry(String text, String name) {}

  /** Deeper than any name; an anchor that contains itself ends here too. */
  private static final int MOST_LEVELS = 10;

  private static final long MOST_BYTES = 1 << 20;

  private final Path file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private SettingsFile(Path file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @param source the flag or variable that names it
   * @throws LaunchFailure if it cannot be read, or holds anything but settings, each at most once
   */
  static SettingsFile read(Path file, String source) throws LaunchFailure {
    SettingsFile settings = new SettingsFile(file);
    try {
      if (Files.isDirectory(file) || Files.size(file) > MOST_BYTES) {
        throw LaunchFailure.environment(source + ": " + file + " is no file of settings");
      }
      LoadSettings form =
          LoadSettings.builder().setLabel(file.toString()).setSchema(new CoreSchema()).build();
      Optional<Node> root = new Compose(form).composeString(Files.readString(file));
      if (root.isPresent() && !isEmpty(root.get())) {
        settings.add("", root.get(), 0);
      }
    } catch (NoSuchFileException e) {
      throw LaunchFailure.environment(source + ": there is no file " + file);
    } catch (AccessDeniedException e) {
      throw LaunchFailure.environment(source + ": " + file + " may not be read by this user");
    } catch (CharacterCodingException e) {
      throw LaunchFailure.environment(source + ": " + file + " is not UTF-8 text");
    } catch (IOException e) {
      throw LaunchFailure.environment(source + ": cannot read " + file + ": " + e.getMessage());
    } catch (MarkedYamlEngineException e) {
      throw LaunchFailure.usage(
          file
              + e.getProblemMark().map(mark -> " line " + (mark.getLine() + 1)).orElse("")
              + " is no YAML: "
              + oneLine(e.getProblem()));
    } catch (YamlEngineException e) {
      throw LaunchFailure.usage(file + " is no YAML: " + oneLine(String.valueOf(e.getMessage())));
    }
    return settings;
  }

  /** Returns what is set, by key. */
  Map<String, Entry> entries() {
    return entries;
  }

  private void add(String prefix, Node node, int level) throws LaunchFailure {
    if (!(node instanceof MappingNode mapping) || level > MOST_LEVELS) {
      throw refused(node, prefix.isEmpty() ? "write name: value" : prefix + " takes one text");
    }
    for (NodeTuple pair : mapping.getValue()) {
      if (!(pair.getKeyNode() instanceof ScalarNode name)) {
        throw refused(pair.getKeyNode(), "a name is one text");
      }
      String key = prefix.isEmpty() ? name.getValue() : prefix + "." + name.getValue();
      Node value = pair.getValueNode();
      if (value instanceof ScalarNode scalar) {
        put(key, scalar);
      } else if (!(value instanceof MappingNode)) {
        throw refused(value, key + " takes one text");
      } else if (SettingNames.FILE.groups(key)) {
        add(key, value, level + 1);
      } else {
        throw refused(value, SettingNames.FILE.trouble(key).orElse(key + " takes one text"));
      }
    }
  }

  private void put(String key, ScalarNode value) throws LaunchFailure {
    Optional<String> trouble = SettingNames.FILE.trouble(key);
    if (trouble.isPresent()) {
      throw refused(value, trouble.get());
    }
    if (key.equals(Settings.CONFIG.key())) {
      throw refused(value, "a file of settings names no other");
    }
    String text = isEmpty(value) ? "" : value.getValue();
    if (entries.put(key, new Entry(text, file + ": " + key)) != null) {
      throw refused(value, key + " stands here twice");
    }
  }

  private static boolean isEmpty(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }

  private LaunchFailure refused(Node node, String why) {
    return LaunchFailure.usage(
        file + node.getStartMark().map(m -> " line " + (m.getLine() + 1)).orElse("") + ": " + why);
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
