package org.promscale.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import org.promscale.model.Labels;

/**
 * What makes two series the same in the database: the first 16 bytes of SHA-256 over the canonical
 * label set. Canonical is, for each label in the order of the names' UTF-8 bytes: length of the
 * name (4 bytes, big-endian), name, length of the value (likewise), value, both in UTF-8.
 *
 * <p>It is stored, so it must never change. The connectors' caches use a keyed hash of their own,
 * which is faster and differs from process to process. One thread at a time.
 */
final class LabelIdentity {

  private final MessageDigest digest;

  LabelIdentity() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns the identity of a series. */
  UUID of(Labels labels) {
    for (int i = 0; i < labels.size(); i++) {
      update(labels.name(i));
      update(labels.value(i));
    }
    return finish();
  }

  /** Returns what stands for a text that may be too long for an index. */
  UUID ofText(String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    return finish();
  }

  /** Returns what stands for several texts. */
  UUID ofTexts(String... texts) {
    for (String text : texts) {
      update(text);
    }
    return finish();
  }

  private void update(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = bytes.length;
    digest.update((byte) (length >>> 24));
    digest.update((byte) (length >>> 16));
    digest.update((byte) (length >>> 8));
    digest.update((byte) length);
    digest.update(bytes);
  }

  private UUID finish() {
    ByteBuffer bytes = ByteBuffer.wrap(digest.digest());
    return new UUID(bytes.getLong(), bytes.getLong());
  }
}
