package org.promscale.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/** The uber-jar as an operator runs it: started, read, used, stopped, started again. */
class UberJarIT {
  private static final Duration STOP = Duration.ofSeconds(15);
  private static final Duration REFUSAL = Duration.ofSeconds(30);

  @TempDir Path directory;
  private Path work = Path.of("unset");
  private String listen = "";

  @BeforeEach
  void choosePort() throws IOException {
    work = directory.resolve("work");
    listen = "-web.listen-address=127.0.0.1:" + UberJar.freePort();
  }

  @AfterEach
  void stopWhatIsLeft() {
    Path data = work.resolve("promscale-data/data");
    Postmaster.of(data).ifPresent(left -> left.process().destroyForcibly());
    Await.until("PostgreSQL is gone", Duration.ofSeconds(20), () -> Postmaster.of(data).isEmpty());
  }

  @Test
  void firstFiveMinutes() throws Exception {
    Path data = work.resolve("promscale-data");
    List<String> first;
    try (UberJar jar = UberJar.start(work, Map.of(), listen, "-metrics.high-availability")) {
      first = jar.banner();
      String url = "http://" + listen.replaceFirst("[^=]*=", "");
      assertThat(first).hasSize(5);
      assertThat(first.get(0)).matches("Promscale \\S+ ready after \\d+\\.\\d s");
      assertThat(first.get(1))
          .matches(
              "database: {5}embedded PostgreSQL 17\\.\\d+ at 127\\.0\\.0\\.1:\\d+, data in \\Q"
                  + data
                  + "\\E");
      assertThat(first.get(2)).isEqualTo("remote_write: " + url + "/api/v1/write");
      assertThat(first.get(3)).isEqualTo("status:       " + url + "/");
      assertThat(jar.err()).allMatch(line -> line.contains(" INFO "));
      assertThat(jar.err()).anyMatch(line -> line.contains("high availability is on"));
      assertThat(psql(first, "CREATE TABLE kept AS SELECT 42 AS n")).isEqualTo("SELECT 1");

      try (UberJar second =
          UberJar.start(work, Map.of(), "-web.listen-address=127.0.0.1:" + UberJar.freePort())) {
        assertThat(second.exitCode(REFUSAL)).isEqualTo(1);
        assertThat(second.err())
            .containsExactly(
                "promscale: another instance runs on "
                    + data
                    + ": stop it, or set another -db.embedded.data-dir");
      }
      try (UberJar third = UberJar.start(work, Map.of(), listen, "-db.embedded.data-dir=other")) {
        assertThat(third.exitCode(REFUSAL)).isEqualTo(1);
        assertThat(third.err())
            .singleElement()
            .asString()
            .startsWith("promscale: cannot listen on ")
            .endsWith("set another -web.listen-address");
      }

      jar.terminate();
      assertThat(jar.exitCode(STOP)).isIn(0, 143);
      assertThat(Postmaster.of(data.resolve("data"))).isEmpty();
    }
    assertNothingIsLeft();

    try (UberJar jar = UberJar.start(work, Map.of(), listen)) {
      List<String> again = jar.banner();
      assertThat(again.subList(1, 5)).isEqualTo(first.subList(1, 5));
      assertThat(psql(again, "SELECT n FROM kept")).isEqualTo("42");
      long postmaster = Postmaster.of(data.resolve("data")).orElseThrow().process().pid();

      jar.kill();
      assertThat(Postmaster.of(data.resolve("data"))).isPresent();
      try (UberJar heir = UberJar.start(work, Map.of(), listen)) {
        assertThat(psql(heir.banner(), "SELECT n FROM kept")).isEqualTo("42");
        assertThat(Postmaster.of(data.resolve("data")).orElseThrow().process().pid())
            .isEqualTo(postmaster);
        heir.terminate();
        assertThat(heir.exitCode(STOP)).isIn(0, 143);
      }
      assertThat(Postmaster.of(data.resolve("data"))).isEmpty();
    }
    assertNothingIsLeft();
  }

  @Test
  void databaseOfTheOperator() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      Map<String, String> uri = Map.of("PROMSCALE_DB_URI", postgres.uri(database));
      try (UberJar jar = UberJar.start(work, uri, listen)) {
        List<String> banner = jar.banner();

        assertThat(banner.get(1))
            .isEqualTo("database:     127.0.0.1:" + postgres.port() + "/" + database);
        assertThat(psql(banner, "SELECT current_database()")).isEqualTo(database);
        jar.terminate();
        assertThat(jar.exitCode(STOP)).isIn(0, 143);
      }
      assertThat(work.resolve("promscale-data")).doesNotExist();
    }
    assertNothingIsLeft();
  }

  @Test
  void speaksTls() throws Exception {
    TlsFilesTest.make(Files.createDirectories(directory), "server", "EC");
    Path certificate = directory.resolve("server-cert.pem");
    String[] flags = {
      listen,
      "-auth.tls-cert-file=" + certificate,
      "-auth.tls-key-file=" + directory.resolve("server-key.pem")
    };
    try (InputStream in = Files.newInputStream(certificate);
        UberJar jar = UberJar.start(work, Map.of(), flags)) {
      OwnCertificate own =
          new OwnCertificate(
              (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
      String url = jar.banner().get(3).replaceFirst("^status: +", "");
      assertThat(url).startsWith("https://");

      HttpsURLConnection connection = (HttpsURLConnection) URI.create(url).toURL().openConnection();
      own.trustedBy(connection);
      assertThat(connection.getResponseCode()).isEqualTo(200);
      URI plain = URI.create(url.replaceFirst("https", "http"));
      assertThatThrownBy(
              () -> ((HttpURLConnection) plain.toURL().openConnection()).getResponseCode())
          .isInstanceOf(IOException.class);
      jar.terminate();
      assertThat(jar.exitCode(STOP)).isIn(0, 143);
    }
  }

  @Test
  void theAdminApiIsRefusedWithoutTokens() throws Exception {
    try (UberJar jar = UberJar.start(work, Map.of(), listen, "-web.enable-admin-api")) {
      assertThat(jar.exitCode(REFUSAL)).isEqualTo(2);
      assertThat(jar.err())
          .containsExactly(
              "promscale: -web.enable-admin-api needs -web.auth.bearer-token-file or -web.auth.basic-file: without a user"
                  + " nobody may use it");
    }
    try (UberJar jar = UberJar.start(work, Map.of(), listen, "-web.auth.bearer-token-file=none")) {
      assertThat(jar.exitCode(REFUSAL)).isEqualTo(1);
      assertThat(jar.err())
          .containsExactly("promscale: -web.auth.bearer-token-file: none: there is no such file");
    }
  }

  @Test
  void endsInTimeWhileItStarts() throws Exception {
    try (UberJar jar = UberJar.start(work, Map.of(), listen)) {
      Path data = work.resolve("promscale-data/data");
      Await.until(
          "PostgreSQL runs",
          Duration.ofMinutes(1),
          () -> Postmaster.of(data).map(Postmaster::isReady).orElse(false));
      jar.terminate();

      assertThat(jar.exitCode(STOP)).isIn(0, 143);
      assertThat(Postmaster.of(data)).isEmpty();
    }
  }

  private void assertNothingIsLeft() throws IOException {
    for (String place : List.of("tmp", "home")) {
      try (Stream<Path> left = Files.list(directory.resolve(place))) {
        assertThat(left).as(place).isEmpty();
      }
    }
  }

  /** Runs the printed psql line in a shell, as an operator pastes it. */
  private static String psql(List<String> banner, String sql) throws Exception {
    String line = banner.get(4).replaceFirst("^psql: +", "");
    Process process =
        new ProcessBuilder("sh", "-c", line + " -At -c \"" + sql + "\"")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
