package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.promscale.testbed.Await;

/** The embedded PostgreSQL with its real programs; as root, as another user, whoever runs this. */
class EmbeddedDatabaseIT {
  private static final Duration STOP = Duration.ofSeconds(10);
  private static final String FLAG = "-db.embedded.data-dir";

  @TempDir Path directory;
  private Path root = Path.of("unset");

  @BeforeEach
  void letOthersPass() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    root = directory.resolve("data dir");
  }

  @AfterEach
  void stopWhatIsLeft() {
    Postmaster.of(root.resolve("data")).ifPresent(left -> left.process().destroyForcibly());
    Await.until(
        "PostgreSQL is gone",
        Duration.ofSeconds(20),
        () -> Postmaster.of(root.resolve("data")).isEmpty());
  }

  @Test
  void keepsDataPortAndPasswordOverRestarts() throws Exception {
    Login first;
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      first = database.login();
      assertThat(query(first, "SHOW fsync")).isEqualTo("on");
      assertThat(query(first, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(query(first, "SHOW server_version")).startsWith(database.version());
      query(first, "CREATE TABLE kept AS SELECT 42 AS n");
      database.stop(STOP);
    }
    assertThat(Postmaster.of(root.resolve("data"))).isEmpty();
    assertThat(Ports.isFree(first.port())).isTrue();

    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      assertThat(database.login()).isEqualTo(first);
      assertThat(query(first, "SELECT n FROM kept")).isEqualTo("42");
      database.stop(STOP);
    }
  }

  @Test
  void onlyThePasswordOpensIt() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      Login login = database.login();

      assertThatThrownBy(() -> query(new Login(login.port(), "wrong"), "SELECT 1"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
      for (Path secret : List.of(root.resolve("pgpass"), root.resolve("embedded.properties"))) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
            .isEqualTo("rw-------");
      }
      database.stop(STOP);
    }
  }

  @Test
  void runsWhereOtherUsersCannotPass() throws Exception {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));

    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      assertThat(query(database.login(), "SELECT 1")).isEqualTo("1");
      database.stop(STOP);
    }
    // And back again: the data follows the user that can run it.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      database.stop(STOP);
    }
  }

  @Test
  void takesOverTheServerOfAKilledLauncher() throws Exception {
    EmbeddedDatabase killed = EmbeddedDatabase.open(root, 0);
    killed.start();
    long pid = pid();
    killed.directory().close();

    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      assertThat(pid()).isEqualTo(pid);
      assertThat(query(database.login(), "SELECT 1")).isEqualTo("1");
      database.stop(STOP);
    }
    killed.stop(STOP);
    Await.until(
        "the process is gone",
        Duration.ofSeconds(10),
        () -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void startsAgainAfterACrash() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      long pid = pid();
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();

      Await.until(
          "PostgreSQL is back",
          Duration.ofSeconds(30),
          () -> query(database.login(), "SELECT 1").equals("1"));
      assertThat(pid()).isNotEqualTo(pid);
      database.stop(STOP);
    }
  }

  @Test
  void aPidFileOfAnotherProgramIsNoServer() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      List<String> lines = Files.readAllLines(root.resolve("data/postmaster.pid"));
      database.stop(STOP);
      String ours = Long.toString(ProcessHandle.current().pid());
      Files.writeString(
          root.resolve("data/postmaster.pid"),
          ours + "\n" + String.join("\n", lines.subList(1, lines.size())) + "\n");
    }
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      assertThat(query(database.login(), "SELECT 1")).isEqualTo("1");
      database.stop(STOP);
    }
  }

  @Test
  void finishesAnInterruptedFirstStart() throws Exception {
    Files.createDirectories(root.resolve("data.unfinished/base"));
    Files.createDirectories(
        root.resolve("postgresql-" + BuildInfo.embeddedPostgresVersion() + ".unfinished/bin"));

    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      database.start();
      assertThat(query(database.login(), "SELECT 1")).isEqualTo("1");
      database.stop(STOP);
    }
    assertThat(root.resolve("data.unfinished")).doesNotExist();
  }

  @Test
  void refusesASecondInstance() throws Exception {
    try (EmbeddedDatabase first = EmbeddedDatabase.open(root, 0)) {
      assertThat(first.login().port()).isPositive();
      assertRefused("another instance runs on " + root + ": stop it, or set another " + FLAG);
    }
  }

  @Test
  void refusesDataOfAnotherMajorVersion() throws Exception {
    Files.createDirectories(root.resolve("data"));
    Files.writeString(root.resolve("data/PG_VERSION"), "15\n");

    assertRefused(
        root.resolve("data")
            + " was written by PostgreSQL 15, this jar brings PostgreSQL 17: dump and restore it,"
            + " or set another "
            + FLAG);
  }

  @Test
  void refusesADamagedDirectory() throws Exception {
    Files.createDirectories(root.resolve("data"));

    assertRefused(
        "the database in "
            + root
            + " is damaged or not yours (no such file "
            + root.resolve("data/PG_VERSION")
            + "): restore it, or set another "
            + FLAG);
  }

  @Test
  void refusesAFileInTheWay() throws Exception {
    Files.writeString(root, "");

    assertRefused(root + " is not a directory: set another " + FLAG);
  }

  @Test
  void refusesATakenPort() throws Exception {
    int port;
    try (EmbeddedDatabase database = EmbeddedDatabase.open(root, 0)) {
      port = database.login().port();
    }
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertRefused(
          "port "
              + taken.getLocalPort()
              + " of the embedded PostgreSQL is taken by another program:"
              + " free it, or set -db.embedded.port");
    }
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> EmbeddedDatabase.open(root, 0))
        .isInstanceOfSatisfying(
            LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(LaunchFailure.ENVIRONMENT))
        .hasMessage(message);
  }

  private long pid() {
    return Postmaster.of(root.resolve("data")).orElseThrow().process().pid();
  }

  private static String query(Login login, String sql) throws SQLException {
    String url = login.address().jdbcUrl();
    try (Connection connection = DriverManager.getConnection(url, Login.USER, login.password());
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet rows = statement.getResultSet()) {
        return rows.next() ? String.valueOf(rows.getString(1)) : "";
      }
    }
  }
}
