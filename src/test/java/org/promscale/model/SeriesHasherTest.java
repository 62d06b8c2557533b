package org.promscale.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The keyed hash: published vectors, and that different label sets are different messages. */
class SeriesHasherTest {

  private static final long KEY0 = 0x0706050403020100L;
  private static final long KEY1 = 0x0f0e0d0c0b0a0908L;

  @ParameterizedTest(name = "SipHash-{0}-{1}-128 of {2} words")
  @CsvSource({
    "2, 4, 0, A3817F04BA25A8E66DF67214C7550293",
    "2, 4, 1, 3B62A9BA6258F5610F83E264F31497B4",
    "2, 4, 2, 6EE2A4CA67B054BBFD3315BF85230577",
    "1, 3, 0, E77EBCB22788A5BEFD62DB6ADD303001",
    "1, 3, 1, AA12FEE1D5E3DAB4724F16AB35F9C799",
    "1, 3, 2, D0A8D95715518EEBB513B0F83D9E1793"
  })
  void agreesWithTheVectors(int compression, int finalisation, int words, String expected) {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1, compression, finalisation);
    hasher.reset();
    for (int i = 0; i < words; i++) {
      hasher.word(0x0706050403020100L + 0x0808080808080808L * i);
    }
    hasher.finish();
    assertThat(hex(hasher)).isEqualTo(expected);
  }

  @Test
  void usesOneAndThreeRounds() {
    SeriesHasher published = new SeriesHasher(KEY0, KEY1, 1, 3);
    SeriesHasher ours = new SeriesHasher(KEY0, KEY1);
    assertThat(hash(ours, 0, "a", "b")).isEqualTo(hash(published, 0, "a", "b"));
  }

  @Test
  void canBeUsedAgain() {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1);
    String first = hash(hasher, 0, "a", "b");
    hash(hasher, 1, "something", "else");
    assertThat(hash(hasher, 0, "a", "b")).isEqualTo(first);
  }

  /** Each pair would be the same bytes if names and values just followed one another. */
  @ParameterizedTest(name = "[{0}] and [{1}]")
  @CsvSource({
    "'ab,c', 'a,bc'",
    "'a,b,c,d', 'a,bc,d,'",
    "'a,b,c,d', 'ab,,c,d'",
    "'a,b', 'a,b,,'",
    "'aaaaaaaa,b', 'aaaaaaaab,'",
    "'a,bbbbbbbb', 'a,bbbbbbbbb'",
    "'a,b,c,d', 'c,d,a,b'"
  })
  void boundariesCount(String left, String right) {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1);
    assertThat(hash(hasher, 0, left.split(",", -1)))
        .isNotEqualTo(hash(hasher, 0, right.split(",", -1)));
  }

  @Test
  void paddingIsNotZeroBytesOfTheValue() {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1);
    assertThat(hash(hasher, 0, "a", "b")).isNotEqualTo(hash(hasher, 0, "a", "b\0"));
  }

  @Test
  void keyAndTenantCount() {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1);
    String hash = hash(hasher, 0, "a", "b");
    assertThat(hash(hasher, 1, "a", "b")).isNotEqualTo(hash);
    assertThat(hash(hasher, -1, "a", "b")).isNotEqualTo(hash);
    assertThat(hash(new SeriesHasher(KEY0 + 1, KEY1), 0, "a", "b")).isNotEqualTo(hash);
    assertThat(hash(new SeriesHasher(KEY0, KEY1 + 1), 0, "a", "b")).isNotEqualTo(hash);
  }

  /** The last word is read in one piece where the buffer allows it, else byte by byte. */
  @Test
  void bytesAfterAStringDoNotCount() {
    SeriesHasher hasher = new SeriesHasher(KEY0, KEY1);
    for (int length = 0; length <= 17; length++) {
      byte[] tight = "nabcdefghijklmnopq".substring(0, 1 + length).getBytes(StandardCharsets.UTF_8);
      byte[] roomy = Arrays.copyOf(tight, tight.length + 16);
      Arrays.fill(roomy, tight.length, roomy.length, (byte) 0xff);
      String expected = hash(hasher, tight, length);
      assertThat(hash(hasher, roomy, length)).as("length %d", length).isEqualTo(expected);
    }
  }

  private static String hash(SeriesHasher hasher, byte[] buffer, int valueLength) {
    hasher.begin(0);
    hasher.add(buffer, 0, 1, 1, valueLength);
    hasher.finish();
    return hex(hasher);
  }

  private static String hash(SeriesHasher hasher, int tenant, String... namesAndValues) {
    hasher.begin(tenant);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      byte[] name = namesAndValues[i].getBytes(StandardCharsets.UTF_8);
      byte[] value = namesAndValues[i + 1].getBytes(StandardCharsets.UTF_8);
      byte[] buffer = Arrays.copyOf(name, name.length + value.length);
      System.arraycopy(value, 0, buffer, name.length, value.length);
      hasher.add(buffer, 0, name.length, name.length, value.length);
    }
    hasher.finish();
    return hex(hasher);
  }

  private static String hex(SeriesHasher hasher) {
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(hasher.low()).putLong(hasher.high());
    return HexFormat.of().withUpperCase().formatHex(bytes.array());
  }
}
