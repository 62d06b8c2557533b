package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The commands of {@code docs/servers.md}, so that what operators read is what is tested. A block
 * is known by the second word after its opening fence. Immutable.
 */
public final class OperatorGuide {

  private static final String FENCE = "```";

  private final Map<String, String> blocks;

  private OperatorGuide(Map<String, String> blocks) {
    this.blocks = blocks;
  }

  /** Reads the section under a heading of the second level. */
  public static OperatorGuide section(String heading) {
    Path guide = Path.of(System.getProperty("basedir", ""), "docs", "servers.md");
    Map<String, String> blocks = new LinkedHashMap<>();
    boolean inside = false;
    String block = "";
    List<String> content = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(guide)) {
        if (line.startsWith("## ")) {
          inside = line.equals("## " + heading);
        } else if (inside && line.startsWith(FENCE)) {
          if (block.isEmpty()) {
            block = line.substring(line.indexOf(' ') + 1);
          } else {
            blocks.put(block, String.join("\n", content) + "\n");
            content.clear();
            block = "";
          }
        } else if (!block.isEmpty()) {
          content.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new OperatorGuide(blocks);
  }

  /** Starts a database server with the database and user that the guide makes for Promscale. */
  public static PostgresServer startDatabase(Map<String, String> settings) {
    PostgresServer postgres = PostgresServer.start(settings);
    try {
      section("Database")
          .block("database")
          .lines()
          .forEach(statement -> postgres.execute("postgres", statement));
      return postgres;
    } catch (RuntimeException e) {
      postgres.close();
      throw e;
    }
  }

  /** Returns a block of the section. */
  public String block(String name) {
    String block = blocks.get(name);
    if (block == null) {
      throw new IllegalArgumentException("no block " + name + " in " + blocks.keySet());
    }
    return block;
  }
}
