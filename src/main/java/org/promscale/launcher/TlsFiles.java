package org.promscale.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.promscale.config.Setting;
import org.promscale.config.Settings;

/**
 * The operator's certificate and key, from PEM files. Immutable.
 *
 * @param chain the certificate first, then those that vouch for it
 * @param key its key
 */
record TlsFiles(List<X509Certificate> chain, PrivateKey key) {

  /** The server looks for this entry. */
  static final String ALIAS = "s1as";

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");
  private static final String SOME_KEY = "PRIVATE KEY-----";

  TlsFiles {
    chain = List.copyOf(chain);
  }

  /**
   * Reads both files.
   *
   * @return empty where none is given
   * @throws LaunchFailure if one is missing, or both do not belong together
   */
  static Optional<TlsFiles> from(Options options) throws LaunchFailure {
    refuseAlone(options, Settings.TLS_CERT_FILE, Settings.TLS_KEY_FILE);
    refuseAlone(options, Settings.TLS_KEY_FILE, Settings.TLS_CERT_FILE);
    if (!options.has(Settings.TLS_CERT_FILE)) {
      return Optional.empty();
    }
    TlsFiles files =
        new TlsFiles(
            chain(options, read(options, Settings.TLS_CERT_FILE)),
            key(options, read(options, Settings.TLS_KEY_FILE)));
    if (!files.belongTogether()) {
      throw LaunchFailure.environment(
          options.nameOf(Settings.TLS_KEY_FILE)
              + " is not the key of "
              + options.nameOf(Settings.TLS_CERT_FILE));
    }
    return Optional.of(files);
  }

  private static void refuseAlone(Options options, Setting one, Setting other)
      throws LaunchFailure {
    if (options.has(one) && !options.has(other)) {
      throw LaunchFailure.usage(options.nameOf(one) + " needs " + options.nameOf(other) + " too");
    }
  }

  private static String read(Options options, Setting setting) throws LaunchFailure {
    Path file = Path.of(options.text(setting));
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw LaunchFailure.environment(options.nameOf(setting) + ": there is no file " + file);
    } catch (IOException e) {
      throw LaunchFailure.environment(
          options.nameOf(setting) + ": cannot read " + file + ": " + e.getMessage());
    }
  }

  private static List<X509Certificate> chain(Options options, String text) throws LaunchFailure {
    try {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!chain.isEmpty()) {
        return chain;
      }
    } catch (CertificateException e) {
      throw noCertificate(options);
    }
    throw noCertificate(options);
  }

  private static LaunchFailure noCertificate(Options options) {
    return LaunchFailure.environment(
        options.nameOf(Settings.TLS_CERT_FILE)
            + ": "
            + options.text(Settings.TLS_CERT_FILE)
            + " holds no certificate in PEM form");
  }

  private static PrivateKey key(Options options, String text) throws LaunchFailure {
    Matcher matcher = KEY.matcher(text);
    String name = options.nameOf(Settings.TLS_KEY_FILE);
    String file = options.text(Settings.TLS_KEY_FILE);
    if (!matcher.find()) {
      throw LaunchFailure.environment(
          text.contains(SOME_KEY)
              ? name
                  + ": convert it with: openssl pkcs8 -topk8 -nocrypt -in "
                  + file
                  + " -out key.pem"
              : name + ": " + file + " holds no private key in PEM form");
    }
    for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
      try {
        byte[] bytes = Base64.getMimeDecoder().decode(matcher.group(1));
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
      } catch (InvalidKeySpecException | IllegalArgumentException e) {
        // One of the others, then.
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java has " + algorithm, e);
      }
    }
    throw LaunchFailure.environment(name + ": " + file + " holds no RSA, EC or Ed25519 key");
  }

  private boolean belongTogether() {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> "Ed25519";
        };
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(new byte[] {1});
      byte[] signed = signature.sign();
      signature.initVerify(chain.get(0).getPublicKey());
      signature.update(new byte[] {1});
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Writes both as a key store, which is protected by this password. */
  void store(Path file, String password) throws LaunchFailure {
    try (OutputStream out = Files.newOutputStream(file)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      Certificate[] certificates = chain.toArray(Certificate[]::new);
      store.setKeyEntry(ALIAS, key, password.toCharArray(), certificates);
      store.store(out, password.toCharArray());
    } catch (IOException | GeneralSecurityException e) {
      throw LaunchFailure.environment("cannot write " + file + ": " + e.getMessage());
    }
  }
}
