package org.promscale.storage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.resource.LoadableResource;
import org.jspecify.annotations.Nullable;

/**
 * The migrations by name. Scanning the class path for them fails in servers that do not keep a WAR
 * as files.
 */
final class MigrationFiles implements ResourceProvider {

  private static final List<String> NAMES =
      List.of(
          "V1__schemas.sql",
          "V2__catalog.sql",
          "V3__data.sql",
          "V4__partitions.sql",
          "V5__high_availability.sql",
          "V6__views.sql",
          "V7__roles.sql",
          "V8__leadership.sql",
          "V9__hold.sql",
          "V10__retention.sql",
          "V11__maintenance.sql",
          "V12__forgetting.sql",
          "V13__upkeep.sql",
          "V14__compression.sql",
          "V15__chunks.sql",
          "V16__maintainers.sql",
          "V17__time_index.sql",
          "V18__chunk_sizes.sql",
          "V19__chunks_beside_compression.sql");

  /** The version that the last file brings the schema to. */
  static final int NEWEST_VERSION = NAMES.size();

  @Override
  public @Nullable LoadableResource getResource(String name) {
    return NAMES.contains(name) ? new File(name) : null;
  }

  @Override
  public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
    return NAMES.stream()
        .filter(name -> name.startsWith(prefix))
        .filter(name -> Arrays.stream(suffixes).anyMatch(name::endsWith))
        .<LoadableResource>map(File::new)
        .toList();
  }

  private static final class File extends LoadableResource {

    private final String name;

    File(String name) {
      this.name = name;
    }

    @Override
    public Reader read() {
      try (InputStream in = MigrationFiles.class.getResourceAsStream("migration/" + name)) {
        if (in == null) {
          throw new IllegalStateException("migration is missing from the application: " + name);
        }
        return new BufferedReader(
            new StringReader(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String getAbsolutePath() {
      return name;
    }

    @Override
    public String getAbsolutePathOnDisk() {
      return name;
    }

    @Override
    public String getFilename() {
      return name;
    }

    @Override
    public String getRelativePath() {
      return name;
    }
  }
}
