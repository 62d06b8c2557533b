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
 * A page of {@code docs}, so that what operators read is what is tested. A block of commands is
 * known by the second word after its opening fence. Immutable.
 */
public final class OperatorGuide {

  /** The directory of the pages. */
  static final Path DOCS = Path.of(System.getProperty("basedir", ""), "docs");

  private static final String FENCE = "```";

  private final List<String> lines;
  private final Map<String, String> blocks = new LinkedHashMap<>();

  private OperatorGuide(List<String> lines) {
    this.lines = lines;
    String opening = "";
    List<String> content = new ArrayList<>();
    for (String line : lines) {
      if (!line.startsWith(FENCE)) {
        content.add(line);
      } else if (opening.isEmpty()) {
        opening = line;
        content.clear();
      } else {
        // A block without a name is an example; only those with one are run.
        String block = opening.replaceFirst("^\\S+ ?", "");
        if (!block.isEmpty() && blocks.put(block, String.join("\n", content) + "\n") != null) {
          throw new IllegalArgumentException("two blocks are called " + block);
        }
        opening = "";
      }
    }
  }

  /** Reads a page; its name is that of the file, without the ending. */
  public static OperatorGuide page(String name) {
    try {
      return new OperatorGuide(Files.readAllLines(DOCS.resolve(name + ".md")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a database server with the database and user that the guide makes for Promscale. */
  public static PostgresServer startDatabase(Map<String, String> settings) {
    PostgresServer postgres = PostgresServer.start(settings);
    try {
      page("servers")
          .block("database")
          .lines()
          .forEach(statement -> postgres.execute("postgres", statement));
      return postgres;
    } catch (RuntimeException e) {
      postgres.close();
      throw e;
    }
  }

  /** Returns a block of the page. */
  public String block(String name) {
    String block = blocks.get(name);
    if (block == null) {
      throw new IllegalArgumentException("no block " + name + " in " + blocks.keySet());
    }
    return block;
  }

  /** Returns the text under a heading of the second level. */
  public String section(String heading) {
    int start = lines.indexOf("## " + heading);
    if (start < 0) {
      throw new IllegalArgumentException("no section " + heading);
    }
    List<String> rest = lines.subList(start + 1, lines.size());
    return String.join("\n", rest.stream().takeWhile(line -> !line.startsWith("## ")).toList());
  }
}
