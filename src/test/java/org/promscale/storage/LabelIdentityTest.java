package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.promscale.model.Labels;

class LabelIdentityTest {

  @Test
  void isWhatItHasAlwaysBeen() {
    // Computed once by hand from the definition; stored identities depend on it.
    assertThat(new LabelIdentity().of(Labels.of("b", "ü", "a", "1")))
        .isEqualTo(UUID.fromString("22a09f11-fb42-0de6-4d1a-60d73ef0e3ad"));
    assertThat(new LabelIdentity().ofText("abc"))
        .isEqualTo(UUID.fromString("ba7816bf-8f01-cfea-4141-40de5dae2223"));
  }

  @Test
  void bordersBetweenTextsCount() {
    Set<UUID> seen = new HashSet<>();
    LabelIdentity identity = new LabelIdentity();
    for (Labels labels :
        List.of(
            Labels.of("ab", "c"),
            Labels.of("a", "bc"),
            Labels.of("a", "b", "c", "d"),
            Labels.of("a", "bc\0\0\0\1d"),
            Labels.of())) {
      assertThat(seen.add(identity.of(labels))).isTrue();
    }
  }
}
