package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ha.SteeringRuling;
import org.promscale.ha.SteeringRuling.Outcome;

/** Orders that meet automatic changes of leader, and each other: exactly one wins. */
class PgSteeringRaceIT extends SteeredCluster {

  private static final int RACES = 10;

  @Test
  void theHandOverIsFirst() throws Exception {
    ClusterState seen = read();
    Gate gate = new Gate();
    gate.shut();
    PgLeaseSteering slow = new PgLeaseSteering(stage.transactions().before(gate));
    Future<SteeringRuling> ordered =
        stage.async(() -> slow.steer(seen, order(Action.HAND_OVER, "B"), TIMEOUT_MS));
    gate.awaitSomebody();
    Future<Boolean> automatic =
        stage.async(() -> connector.store().takeOver(seen, LeaderChange.silent("C")));
    stage.awaitBlockedOrDone("_prom_catalog.ha_lease", automatic);
    gate.open();
    assertThat(HaStage.join(ordered).outcome()).isEqualTo(Outcome.DONE);
    assertThat(HaStage.join(automatic)).isFalse();
    assertThat(terms()).containsExactly("1|A|first|null|null", "2|B|handed over|ops|new disk");
  }

  @Test
  void theTakeoverIsFirst() throws Exception {
    ClusterState seen = read();
    Gate gate = new Gate();
    gate.shut();
    PgLeaseStore slow =
        new PgLeaseStore(stage.database(), stage.transactions().before(gate), System::nanoTime);
    Future<Boolean> automatic = stage.async(() -> slow.takeOver(seen, LeaderChange.silent("C")));
    gate.awaitSomebody();
    Future<SteeringRuling> ordered =
        stage.async(() -> steering.steer(seen, order(Action.HAND_OVER, "B"), TIMEOUT_MS));
    stage.awaitBlockedOrDone("_prom_catalog.ha_lease", ordered);
    gate.open();
    assertThat(HaStage.join(automatic)).isTrue();
    assertThat(HaStage.join(ordered).outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(terms()).containsExactly("1|A|first|null|null", "2|C|silent|null|null");
    assertThat(actions()).isEmpty();
  }

  @Test
  void ofManyAtOnceExactlyOneWins() throws Exception {
    for (int round = 0; round < RACES; round++) {
      cluster();
      ClusterState seen = read();
      List<Callable<Boolean>> all = new ArrayList<>();
      for (String winner : List.of("B", "C")) {
        all.add(() -> connector.store().takeOver(seen, LeaderChange.silent(winner)));
        all.add(
            () ->
                steering
                        .steer(seen, order(Action.HAND_OVER, winner, true, null, null), TIMEOUT_MS)
                        .outcome()
                    == Outcome.DONE);
      }
      assertThat(LeaseStoreFixture.together(all)).containsOnlyOnce(true);
      assertThat(terms()).hasSize(2);
      assertThat(actions().size()).isEqualTo(terms().get(1).contains("|handed over|") ? 1 : 0);
    }
  }
}
