package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;

/** What becomes of held requests in the connector that got them. */
class HoldIT extends HoldFixture {

  @Test
  @DisplayName("What the leader has stored is let go, a while after the frontier has passed it")
  void settles() throws Exception {
    send(one, "A", name, every10(0, 60));
    send(other, "B", name, every10(3, 63));
    assertThat(other.hold().items()).isEqualTo(7);
    send(one, "A", name, 70, 80);
    other.look();
    other.pass(Duration.ofSeconds(10));
    other.look();
    assertThat(other.hold().items()).as("the frontier is not far enough").isEqualTo(7);

    send(one, "A", name, 90);
    other.look();
    other.pass(Duration.ofSeconds(4));
    other.look();
    assertThat(other.hold().items()).as("another request may show a hole").isEqualTo(7);
    other.pass(Duration.ofSeconds(2));
    other.look();
    assertThat(other.hold().items()).isZero();
    assertThat(other.hold().bytes()).isZero();
    assertThat(stage.stored(name)).isEqualTo(samples(every10(0, 90)));
    assertThat(patches()).isEmpty();
    assertThat(shelf()).isEmpty();
  }

  @Test
  @DisplayName("Holes of the leader are filled out of the holds of all connectors")
  void fillsHoles() throws Exception {
    String more = name + "_more";
    send(one, "A", name, every10(-80, -10)); // it is known how often they are scraped
    send(one, "A", more, every10(-80, -10));
    send(one, "A", name, 0, 10, 20, 30, 70, 80, 90, 100, 110, 120);
    send(one, "A", more, 0, 10, 20, 30, 40, 60, 70, 80, 90, 100, 110, 120);
    send(one, "B", name, every10(3, 83));
    send(other, "B", more, every10(3, 83));
    ClusterState before = one.read(cluster);
    lookBoth();
    one.look();
    assertThat(patches()).containsExactly("B|hole|-2|83|0|t");
    ClusterState patched = one.read(cluster);
    assertThat(patched.lease().sealMs()).isEqualTo(T0 + 83_000);
    assertThat(patched.lease().fence()).isNotEqualTo(before.lease().fence());
    assertThat(patched.progress()).isEqualTo(before.progress());

    lookBoth();
    awaitEmpty(one);
    awaitEmpty(other);
    int[] ofA = habitAnd(0, 10, 20, 30, 70, 80, 90, 100, 110, 120);
    int[] moreOfA = habitAnd(0, 10, 20, 30, 40, 60, 70, 80, 90, 100, 110, 120);
    assertThat(stage.stored(name)).isEqualTo(samples(ofA, 43, 53, 63));
    assertThat(stage.stored(more)).isEqualTo(samples(moreOfA, 53));
    assertThat(patches()).containsExactly("B|hole|-2|83|4|t");

    assertHeldBack(ask(one, "A", name, 40, 50, 60));
    stage.pass(Duration.ofSeconds(11));
    lookBoth();
    lookBoth();
    assertThat(patches()).containsExactly("B|hole|-2|83|4|f");
    send(one, "A", name, 40, 50, 60);
    send(other, "A", more, 50);
    send(other, "A", name + "_late", 40, 50);
    assertThat(stage.stored(name)).isEqualTo(samples(ofA, 43, 53, 63));
    assertThat(stage.stored(more)).isEqualTo(samples(moreOfA, 53));
    assertThat(stage.stored(name + "_late")).isEqualTo(samples(new int[] {40, 50}));
    send(one, "A", name, 130);
    assertThat(stage.stored(name)).endsWith("130000=1");
  }

  @Test
  @DisplayName("A connector that has stored nothing of a series finds its holes")
  void findsHolesOfUnknownSeries() throws Exception {
    send(one, "A", name, habitAnd(0, 10, 20, 30, 40, 80, 90, 100, 110, 120));
    send(other, "B", name, every10(3, 83));
    other.look();
    other.look();
    assertThat(patches()).containsExactly("B|hole|-2|83|0|t");
    other.look();
    awaitEmpty(other);
    assertThat(patches()).containsExactly("B|hole|-2|83|3|t");
  }

  @Test
  @DisplayName("After a change of leader both connectors replay what they hold of the new one")
  void replays() throws Exception {
    String more = name + "_more";
    for (String metric : List.of(name, more)) {
      send(one, "A", metric, every10(0, 60));
    }
    send(one, "B", name, every10(3, 103));
    send(other, "B", more, every10(3, 103));
    lead("B");
    lookBoth();
    awaitEmpty(one);
    awaitEmpty(other);
    for (String metric : List.of(name, more)) {
      assertThat(stage.stored(metric)).isEqualTo(samples(every10(0, 60), 63, 73, 83, 93, 103));
    }
    assertThat(one.read(cluster).progress().frontierMs()).isEqualTo(T0 + 103_000);
    send(other, "B", more, 113);
    assertThat(stage.stored(more)).endsWith("113000=2");
  }

  @Test
  @DisplayName("What is held of a cluster that is gone from the database is not held for ever")
  void clusterIsGone() throws Exception {
    send(one, "A", name, every10(0, 10));
    send(other, "B", name, every10(3, 13));
    for (String table :
        List.of("progress", "sighting", "patch", "term", "held", "lease", "cluster")) {
      stage.execute("DELETE FROM _prom_catalog.ha_" + table + " WHERE cluster_id = " + cluster);
    }
    other.look();
    assertThat(other.hold().items()).isZero();
    assertThat(other.hold().bytes()).isZero();
  }
}
