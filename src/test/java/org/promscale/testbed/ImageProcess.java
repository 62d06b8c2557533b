package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code docker/Dockerfile} makes, made without Docker: its steps are read from the file and
 * done in a directory that stands for the image's root, except for the operating system and the
 * build itself, which are this machine's and this build's. A step that is not known fails. One
 * thread at a time.
 */
public final class ImageProcess extends ServerProcess {

  private static final Duration STEP_LIMIT = Duration.ofMinutes(5);
  private static final String INSTALLED = "/promscale/";

  private final Path root = Programs.temporaryDirectory("image").toAbsolutePath();
  private final Path built = Path.of("target").toAbsolutePath();
  private final List<String> stepsLeftOut = new ArrayList<>();
  private final List<String> environment;
  private final int port = Programs.freePort();
  private String runsAs = "";
  private List<String> entryPoint = List.of();
  private List<String> defaults = List.of();

  /**
   * Does the steps.
   *
   * @param environment variables as {@code docker run -e} takes them
   */
  public ImageProcess(Path dockerfile, String... environment) {
    super("image");
    this.environment = List.of(environment);
    Programs.require("zip", "zip");
    if (!Programs.isRoot()) {
      throw new IllegalStateException("the image's steps need root, to run as the image's user");
    }
    try {
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.createDirectories(root.resolve("build/target"));
      Files.copy(built.resolve("promscale.jar"), root.resolve("build/target/promscale.jar"));
      Programs.run(
          STEP_LIMIT,
          List.of("cp", "-r", built.resolve("promscale.d").toString(), inRoot("/build/target")));
      for (String step : instructions(Files.readString(dockerfile))) {
        perform(step);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns instructions without comments, continued lines joined. */
  private static List<String> instructions(String dockerfile) {
    return Stream.of(dockerfile.replaceAll("(?m)^#.*\n", "").replaceAll("\\\\\n", " ").split("\n"))
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .toList();
  }

  private void perform(String step) {
    String what = step.substring(0, step.indexOf(' '));
    String rest = step.substring(what.length()).strip();
    switch (what) {
      case "FROM", "LABEL", "WORKDIR", "EXPOSE" -> stepsLeftOut.add(step);
      case "RUN" -> runStep(step, rest);
      case "COPY" -> copy(step, rest);
      case "USER" -> runsAs = rest;
      case "ENTRYPOINT" -> entryPoint = words(rest);
      case "CMD" -> defaults = words(rest);
      default -> throw new IllegalStateException("how to do this step? " + step);
    }
  }

  private void runStep(String step, String command) {
    if (command.startsWith("apt-get ") || command.contains("./mvnw ")) {
      stepsLeftOut.add(step);
      return;
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Programs.run(
        STEP_LIMIT,
        List.of(
            "sh",
            "-c",
            "cd "
                + inRoot("/build")
                + " && "
                + command
                    .replaceFirst("^java ", java + " ")
                    .replace(INSTALLED, inRoot(INSTALLED))));
  }

  private void copy(String step, String rest) {
    String[] words = rest.split("\\s+", -1);
    if (!words[0].equals("--from=build")) {
      stepsLeftOut.add(step);
      return;
    }
    Programs.run(STEP_LIMIT, List.of("mkdir", "-p", inRoot(INSTALLED)));
    Programs.run(STEP_LIMIT, List.of("cp", "-r", inRoot(words[1]), inRoot(words[2])));
  }

  private String inRoot(String path) {
    return root + path;
  }

  private static List<String> words(String json) {
    return Stream.of(json.substring(1, json.length() - 1).split(","))
        .map(word -> word.strip().replaceAll("^\"|\"$", ""))
        .toList();
  }

  /** Returns the steps that this machine or this build stands for. */
  public List<String> stepsLeftOut() {
    return stepsLeftOut;
  }

  /** Returns the directory that the image has as {@code /promscale}. */
  public Path installed() {
    return Path.of(inRoot(INSTALLED));
  }

  /** Returns user and group of the running process, as numbers joined by a colon. */
  public String runningAs() throws IOException {
    Path process = Path.of("/proc", String.valueOf(pid()));
    return Files.getAttribute(process, "unix:uid") + ":" + Files.getAttribute(process, "unix:gid");
  }

  @Override
  protected List<String> command() {
    String[] user = runsAs.split(":", -1);
    List<String> line =
        new ArrayList<>(
            List.of("setpriv", "--reuid=" + user[0], "--regid=" + user[1], "--clear-groups"));
    // The kernel forgets the death signal when credentials change.
    line.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--", "env"));
    line.addAll(environment);
    line.add("PROMSCALE_WEB_LISTEN_ADDRESS=127.0.0.1:" + port);
    line.add(Path.of(System.getProperty("java.home"), "bin", entryPoint.get(0)).toString());
    entryPoint.stream()
        .skip(1)
        .map(word -> word.replace(INSTALLED, inRoot(INSTALLED)))
        .forEach(line::add);
    line.addAll(defaults);
    return line;
  }

  @Override
  protected Duration startLimit() {
    return Duration.ofMinutes(2);
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(uri("/-/ready"));
  }

  /** Returns an address of the connector. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(root);
  }
}
