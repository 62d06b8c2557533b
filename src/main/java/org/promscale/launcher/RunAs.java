package org.promscale.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How PostgreSQL's programs are started: PostgreSQL refuses to run as root, so root has to hand
 * over to somebody else. Immutable.
 *
 * @param prefix the command that changes the user, empty where none is needed
 * @param owner who must own the data, null where that is this process' user anyway
 */
record RunAs(List<String> prefix, @Nullable UserPrincipal owner) {
  private static final Duration PROBE = Duration.ofSeconds(10);
  private static final List<String> USERS = List.of("postgres", "nobody");
  private static final String ROOT = "root";

  RunAs {
    prefix = List.copyOf(prefix);
  }

  /**
   * Finds a way by trying the real program at its real path, because the user it changes to may not
   * be allowed to go there.
   *
   * @param data the data directory: if it exists, its owner is the first choice
   * @throws LaunchFailure when no way works
   */
  static RunAs find(PostgresBinaries binaries, Path data) throws LaunchFailure {
    String program = binaries.program("postgres");
    if (!isRoot()) {
      Subprocess.Result result = probe(List.of(), program);
      if (result.succeeded()) {
        return new RunAs(List.of(), null);
      }
      throw LaunchFailure.environment(
          "the bundled PostgreSQL does not run on this machine ("
              + result.line()
              + "): name a database with -db.uri");
    }
    List<String> candidates = new ArrayList<>(USERS);
    String before = ownerOf(data);
    if (before != null && !before.equals(ROOT)) {
      candidates.remove(before);
      candidates.add(0, before);
    }
    String refused = "no other user is known";
    for (String user : candidates) {
      for (List<String> prefix : changesTo(user)) {
        Subprocess.Result result = probe(prefix, program);
        if (result.succeeded()) {
          return new RunAs(prefix, principal(user));
        }
        refused = result.line();
      }
    }
    // In a user namespace of its own root is nobody in particular, and still owns root's files.
    List<String> namespace = List.of("unshare", "-U");
    if (probe(namespace, program).succeeded()) {
      return new RunAs(namespace, principal(ROOT));
    }
    throw LaunchFailure.environment(
        "PostgreSQL does not run as root and changing the user fails ("
            + refused
            + "): start this as another user, or name a database with -db.uri");
  }

  /** Returns the command as the right user runs it. */
  List<String> command(List<String> command) {
    List<String> all = new ArrayList<>(prefix);
    all.addAll(command);
    return all;
  }

  /** Gives a file or directory to the user that runs PostgreSQL, if it is not theirs already. */
  void own(Path path) throws IOException {
    if (owner != null && !owner.equals(Files.getOwner(path))) {
      Directories.giveTo(path, owner);
    }
  }

  private static List<List<String>> changesTo(String user) {
    List<List<String>> ways = new ArrayList<>();
    Subprocess.Result uid = Subprocess.run(PROBE, List.of("id", "-u", user), "");
    Subprocess.Result gid = Subprocess.run(PROBE, List.of("id", "-g", user), "");
    if (!uid.succeeded() || !gid.succeeded()) {
      return ways;
    }
    ways.add(
        List.of("setpriv", "--reuid=" + uid.line(), "--regid=" + gid.line(), "--clear-groups"));
    ways.add(List.of("runuser", "-u", user, "--"));
    ways.add(List.of("gosu", user));
    ways.add(List.of("su-exec", user));
    return ways;
  }

  private static Subprocess.Result probe(List<String> prefix, String program) {
    List<String> command = new ArrayList<>(prefix);
    command.add(program);
    command.add("--version");
    return Subprocess.run(PROBE, command, "");
  }

  private static boolean isRoot() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    } catch (IOException | UnsupportedOperationException e) {
      return ROOT.equals(System.getProperty("user.name"));
    }
  }

  private static @Nullable String ownerOf(Path data) {
    try {
      return Files.getOwner(data).getName();
    } catch (IOException e) {
      return null;
    }
  }

  private static @Nullable UserPrincipal principal(String user) throws LaunchFailure {
    try {
      return Path.of("/")
          .getFileSystem()
          .getUserPrincipalLookupService()
          .lookupPrincipalByName(user);
    } catch (IOException e) {
      throw LaunchFailure.environment("no user " + user + ": name a database with -db.uri");
    }
  }
}
