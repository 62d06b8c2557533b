package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * An application server that the build unpacked (system property {@code promscale.servers}), as a
 * fresh copy on free ports, operated with the commands of {@link OperatorGuide}. One thread at a
 * time.
 */
public abstract class ApplicationServer extends ServerProcess {

  /** The heading of the guide above what is done in the admin console. */
  static final String CONSOLE = "In the admin console";

  /** Settings for tests in which a dead leader is soon replaced. */
  public static final Map<String, String> SETTINGS =
      Map.of(
          "PROMSCALE_METRICS_HIGH_AVAILABILITY", "true",
          "PROMSCALE_METRICS_HIGH_AVAILABILITY_LEADER_TIMEOUT", "5s",
          "PROMSCALE_METRICS_HIGH_AVAILABILITY_MISSING_LABELS", "accept");

  private static final Duration TOOL_LIMIT = Duration.ofMinutes(5);

  private final Path directory;
  private final Path home;
  private final OperatorGuide guide;
  private final Map<String, String> settings;

  /**
   * Copies the server.
   *
   * @param page the server's page of the guide
   * @param unpacked the directory that its archive holds
   * @param settings the connector's, as variables of the server's environment
   */
  protected ApplicationServer(
      String name, String page, String unpacked, Map<String, String> settings) {
    super(name);
    this.settings = Map.copyOf(settings);
    guide = OperatorGuide.page(page);
    directory = Programs.temporaryDirectory(name);
    home = directory.resolve(unpacked);
    Path servers = Path.of(System.getProperty("promscale.servers", "target/servers"));
    Path war = Path.of(System.getProperty("promscale.war", "target/promscale.war"));
    if (!Files.isDirectory(servers.resolve(unpacked)) || !Files.exists(war)) {
      throw new IllegalStateException(
          unpacked + " or the WAR is missing: the profile does it all, './mvnw verify -Plong'");
    }
    String original = servers.resolve(unpacked).toAbsolutePath().toString();
    Programs.run(TOOL_LIMIT, List.of("cp", "-a", original, directory.toString()));
    try {
      Files.createSymbolicLink(directory.resolve("promscale.war"), war.toAbsolutePath());
      Files.createSymbolicLink(
          directory.resolve("postgresql.jar"), servers.resolve("postgresql.jar").toAbsolutePath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns what the guide's examples are replaced with: paths, hosts and ports. */
  protected abstract Map<String, String> replacements();

  /** Returns further variables of the tools' environment. */
  protected abstract Map<String, String> environment();

  /** Returns the commands that print what the server knows of the data source. */
  protected abstract String settingsCommand();

  /** Returns what the server knows of the data source and whatever else the guide sets. */
  public String settings() {
    Programs.Result result = Programs.tryRun(TOOL_LIMIT, shell(settingsCommand()));
    if (result.status() != 0) {
      throw new IllegalStateException(result.output());
    }
    return result.output();
  }

  /**
   * Does in the admin console what the guide says, from the driver to the deployment. The system
   * property {@code console.screenshots} names the directory for the guide's pictures, if they are
   * to be made anew.
   */
  public void operateInConsole() {
    try (ConsoleBrowser browser = new ConsoleBrowser(directory)) {
      for (ConsoleSteps.Step step : ConsoleSteps.of(local(guide.section(CONSOLE)))) {
        if (step instanceof ConsoleSteps.Open open) {
          browser.open(open.address(), open.user(), open.password());
        } else if (step instanceof ConsoleSteps.Click click) {
          browser.click(click.name());
        } else if (step instanceof ConsoleSteps.Enter enter) {
          browser.enter(enter.field(), enter.value());
        } else if (step instanceof ConsoleSteps.Picture picture) {
          keep(picture.file(), browser.picture(replacements()));
        } else if (step instanceof ConsoleSteps.Run run) {
          operate(run.block());
        }
      }
    }
  }

  private static void keep(String file, byte[] picture) {
    String pictures = System.getProperty("console.screenshots", "");
    if (!pictures.isEmpty()) {
      try {
        Files.write(Files.createDirectories(Path.of(pictures)).resolve(file), picture);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Puts another WAR where the guide's commands find it.
   *
   * @param writer writes it to a new file
   */
  public void replaceWar(Consumer<Path> writer) {
    Path war = directory.resolve("promscale.war");
    try {
      Files.delete(war);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    writer.accept(war);
  }

  /** Deploys the WAR with the server's tool. */
  public void deploy() {
    operate("deploy");
  }

  /** Puts the WAR in the place of itself, while it runs. */
  public void redeploy() {
    operateWith(block("deploy").replace("deploy promscale.war", "deploy --force promscale.war"));
  }

  /**
   * Makes a second data source, of the database {@code second}, and deploys the WAR with it and
   * with settings of its own.
   */
  public void deploySecond() {
    secondFiles().forEach(file -> write(file, block(file)));
    operate("second");
  }

  /** Returns the names of the guide's files for a second application, which are blocks of it. */
  protected abstract List<String> secondFiles();

  /** Lets the server ask for a user, as {@code docs/security.md} says. */
  public void secure() {
    OperatorGuide security = OperatorGuide.page("security");
    write("security.xml", security.block("security.xml"));
    operateWith(local(security.block("descriptor")));
    operateWith(local(security.block(securitySteps())));
  }

  /** Returns the name of the commands with which the server asks for a user. */
  protected abstract String securitySteps();

  /** Takes the WAR away with the server's tool. */
  public void undeploy() {
    operate("undeploy");
  }

  /** Returns an address of the application, whose context is the root. */
  public abstract URI uri(String path);

  /** Returns the lines of the server's log that report an error. */
  public List<String> errors() {
    return output().stream().filter(l -> l.contains("ERROR") || l.contains("SEVERE")).toList();
  }

  /** Returns how many class loaders of applications hold a class of this name. */
  public long copiesOf(String className) {
    return jvm().copiesOf(className);
  }

  /**
   * Returns how many copies of the application may stay in memory once it was replaced so often and
   * some time has passed: the one that runs, and what nothing of ours can let go.
   */
  public abstract long copiesAfter(int redeployments);

  /** Returns the number of threads of the server. */
  public long threads() {
    return jvm().threads();
  }

  private RunningJvm jvm() {
    return RunningJvm.under(processes().findFirst().orElseThrow());
  }

  @Override
  protected void askToEnd() {
    operate("stop");
  }

  @Override
  protected Duration startLimit() {
    return Duration.ofMinutes(5);
  }

  @Override
  protected String deathSignal() {
    // The process is a script or a tool that passes it on to the server.
    return "TERM";
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(directory);
  }

  /** Returns the server's own directory. */
  protected final Path home() {
    return home;
  }

  /** Returns the directory in which the guide's commands run. */
  protected final Path directory() {
    return directory;
  }

  /** Returns a block of the guide for this copy of the server. */
  protected final String block(String name) {
    return local(guide.block(name));
  }

  /** Returns a text of the guide with the paths, hosts and ports of this copy of the server. */
  private String local(String text) {
    String local = text;
    for (Map.Entry<String, String> replacement : replacements().entrySet()) {
      local = local.replace(replacement.getKey(), replacement.getValue());
    }
    return local;
  }

  /** Writes a file where the guide's commands run. */
  private void write(String name, String text) {
    try {
      Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a block of the guide to its end. */
  protected final void operate(String block) {
    operateWith(block(block));
  }

  /** Runs commands to their end where the operator would; fails with their output. */
  protected final void operateWith(String commands) {
    Programs.run(TOOL_LIMIT, shell(commands));
  }

  /** Returns the command that runs a script where the operator would. */
  protected final List<String> shell(String script) {
    List<String> line = new ArrayList<>(List.of("env"));
    line.add("PATH=" + home.resolve("bin") + ":" + System.getenv("PATH"));
    environment().forEach((name, value) -> line.add(name + "=" + value));
    // Settings reach the connector from the environment of the server's JVM.
    settings.forEach((name, value) -> line.add(name + "=" + value));
    line.addAll(List.of("bash", "-e", "-c", "cd '" + directory + "'\n" + script));
    return line;
  }

  /** Returns a base to which all of these can be added and give free ports. */
  protected static int freeBase(int step, int... offsets) {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      int base = ThreadLocalRandom.current().nextInt(12_000 / step, 22_000 / step) * step;
      if (Arrays.stream(offsets).allMatch(offset -> isFree(base + offset))) {
        return base;
      }
    }
    throw new IllegalStateException("no free ports");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("0.0.0.0"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
