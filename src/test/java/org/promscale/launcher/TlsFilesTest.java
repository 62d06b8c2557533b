package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which certificates and keys are taken, and what is said of others. */
class TlsFilesTest {

  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir Path directory;

  /** Writes NAME-cert.pem and NAME-key.pem, made by the JDK's keytool. */
  static void make(Path directory, String name, String algorithm) throws Exception {
    Path store = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name,
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
    pem(
        directory.resolve(name + "-cert.pem"),
        "CERTIFICATE",
        keys.getCertificate(name).getEncoded());
    pem(
        directory.resolve(name + "-key.pem"),
        "PRIVATE KEY",
        keys.getKey(name, PASSWORD).getEncoded());
  }

  private static void pem(Path file, String title, byte[] content) throws Exception {
    String text = Base64.getMimeEncoder().encodeToString(content);
    Files.writeString(
        file, "-----BEGIN " + title + "-----\n" + text + "\n-----END " + title + "-----\n");
  }

  @BeforeEach
  void one() throws Exception {
    make(directory, "one", "EC");
  }

  private java.util.Optional<TlsFiles> read(String certificate, String key) throws Exception {
    return TlsFiles.from(
        CommandLineTest.read(
            new String[] {
              "-auth.tls-cert-file=" + directory.resolve(certificate),
              "-auth.tls-key-file=" + directory.resolve(key)
            },
            Map.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void readsAndStores(String algorithm) throws Exception {
    make(directory, "two", algorithm);
    TlsFiles files = read("two-cert.pem", "two-key.pem").orElseThrow();

    Path store = directory.resolve("store.p12");
    files.store(store, "secret-1");
    KeyStore stored = KeyStore.getInstance(store.toFile(), "secret-1".toCharArray());
    assertThat(stored.getCertificate(TlsFiles.ALIAS)).isEqualTo(files.chain().get(0));
    assertThat(stored.getKey(TlsFiles.ALIAS, "secret-1".toCharArray())).isEqualTo(files.key());
  }

  @Test
  void nothingIsReadWhereNothingIsGiven() throws Exception {
    assertThat(TlsFiles.from(CommandLineTest.read(new String[0], Map.of()))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-auth.tls-cert-file", "-auth.tls-key-file"})
  void neitherComesAlone(String flag) {
    assertThatThrownBy(
            () -> TlsFiles.from(CommandLineTest.read(new String[] {flag + "=x"}, Map.of())))
        .isInstanceOfSatisfying(LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(2))
        .hasMessageMatching(flag + " needs -auth.tls-(cert|key)-file too");
  }

  @Test
  void refusesInOneLine() throws Exception {
    make(directory, "two", "EC");
    Path old = directory.resolve("old.pem");
    Files.writeString(old, "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n");

    assertThatThrownBy(() -> read("one-cert.pem", "two-key.pem"))
        .hasMessage("-auth.tls-key-file is not the key of -auth.tls-cert-file");
    assertThatThrownBy(() -> read("none", "one-key.pem"))
        .hasMessage("-auth.tls-cert-file: there is no file " + directory.resolve("none"));
    assertThatThrownBy(() -> read("one-key.pem", "one-key.pem"))
        .hasMessageEndingWith(" holds no certificate in PEM form");
    assertThatThrownBy(() -> read("one-cert.pem", "one-cert.pem"))
        .hasMessageEndingWith(" holds no private key in PEM form");
    assertThatThrownBy(() -> read("one-cert.pem", "old.pem"))
        .hasMessage(
            "-auth.tls-key-file: convert it with: openssl pkcs8 -topk8 -nocrypt -in "
                + old
                + " -out key.pem");
  }
}
