package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import org.promscale.ha.SteeringOrder;
import org.promscale.ingest.HeldShelf;
import org.promscale.storage.TwinDatabase;
import org.promscale.storage.TwinLine;

/** Makes a plan's faults happen, and remembers whom they hit. */
final class Faults {

  /** A fault as it came: whom it hit. */
  record Hit(Fault fault, int target) {}

  private final World world;
  private final List<Hit> hits = new ArrayList<>();
  private int databaseStops;
  private long lostMs = -1;

  Faults(World world) {
    this.world = world;
  }

  List<Hit> hits() {
    return hits;
  }

  /** Tells whether the database went back to an older state. */
  boolean lostCommits() {
    return lostMs >= 0;
  }

  void plan(Fault fault) {
    if (fault.kind() == Fault.Kind.DATABASE_LOSES_COMMITS) {
      TwinDatabase.Snapshot[] older = new TwinDatabase.Snapshot[1];
      at(
          Math.max(0, fault.atMs() - fault.size()),
          () -> {
            if (world.database().isUp()) {
              older[0] = world.database().snapshot();
            }
          });
      at(
          fault.atMs(),
          () -> {
            if (older[0] != null) {
              hits.add(new Hit(fault, 0));
              loseCommits(fault, older[0]);
            }
          });
      return;
    }
    at(
        fault.atMs(),
        () -> {
          int target = target(fault);
          if (!fault.kind().liesInWait()) {
            hits.add(new Hit(fault, target));
          }
          begin(fault, target);
        });
  }

  private int target(Fault fault) {
    if (fault.target() != Fault.LEADER) {
      return fault.target();
    }
    String leader = world.history(0).leader();
    for (Replica replica : world.replicas()) {
      if (replica.name().equals(leader)) {
        return replica.number();
      }
    }
    return 0;
  }

  private void at(long ms, Runnable action) {
    long now = world.simulation().nowNanos();
    world.simulation().after(ms * Simulation.MS - now, action);
  }

  private void begin(Fault fault, int target) {
    switch (fault.kind()) {
      case CONNECTOR_CRASH -> {
        world.connector(target).crash();
        world.restart(target, fault.forMs() * Simulation.MS);
      }
      case CONNECTOR_STOP -> {
        world.connector(target).stop();
        world.restart(target, fault.forMs() * Simulation.MS + 11 * Simulation.SECOND);
      }
      case CONNECTOR_FREEZE -> freeze(world.connector(target), fault.forMs());
      case CONNECTOR_FREEZE_IN_COPY -> {
        Connector connector = world.connector(target);
        ambush(fault, TwinLine.Point.IN_COPY, connector, () -> freeze(connector, fault.forMs()));
      }
      case CONNECTOR_FREEZE_BEFORE_COMMIT -> {
        Connector connector = world.connector(target);
        ambush(
            fault, TwinLine.Point.BEFORE_COMMIT, connector, () -> freeze(connector, fault.forMs()));
      }
      case CONNECTOR_CRASH_BEFORE_COMMIT -> {
        Connector connector = world.connector(target);
        ambush(
            fault,
            TwinLine.Point.BEFORE_COMMIT,
            connector,
            () -> {
              connector.crash();
              world.restart(target, fault.forMs() * Simulation.MS);
            });
      }
      case CONNECTOR_CLOCK ->
          during(
              fault,
              () -> world.jumpConnector(target, fault.size()),
              () -> world.jumpConnector(target, -fault.size()));
      case DATABASE_STOP -> stopDatabase(fault.forMs());
      case DATABASE_SLOW ->
          during(
              fault,
              () -> world.setDatabaseSlow(fault.size() * Simulation.MS),
              () -> world.setDatabaseSlow(0));
      case DATABASE_CLOCK ->
          during(
              fault,
              () -> world.jumpDatabase(fault.size()),
              () -> world.jumpDatabase(-fault.size()));
      case DATABASE_LOSES_COMMITS -> throw new IllegalStateException("planned elsewhere");
      case REPLICA_KILL -> during(fault, world.replica(target)::kill, world.replica(target)::start);
      case REPLICA_CUT_OFF ->
          during(
              fault,
              () -> world.replica(target).cutOff(true),
              () -> world.replica(target).cutOff(false));
      case REPLICA_SLOW ->
          during(
              fault,
              () -> world.replica(target).slow(fault.size() * Simulation.MS),
              () -> world.replica(target).slow(0));
      case REPLICA_CLOCK ->
          during(
              fault,
              () -> world.replica(target).jump(fault.size()),
              () -> world.replica(target).jump(-fault.size()));
      case REPLICA_SHARD_STUCK ->
          during(
              fault,
              () -> world.replica(target).stick((int) fault.size(), true),
              () -> world.replica(target).stick((int) fault.size(), false));
      case REPLICA_FUTURE ->
          during(
              fault,
              () -> world.replica(target).stampAhead(fault.size()),
              () -> world.replica(target).stampAhead(0));
      case DUPLICATES ->
          during(fault, () -> world.network().copy(true), () -> world.network().copy(false));
      case TARGET_GONE ->
          during(fault, () -> world.setTargetsGone(true), () -> world.setTargetsGone(false));
      case ORDER_HAND_OVER -> order(fault, SteeringOrder.Action.HAND_OVER);
      case ORDER_PIN ->
          during(
              fault,
              () -> order(fault, SteeringOrder.Action.PIN),
              () -> order(fault, SteeringOrder.Action.UNPIN));
      case ORDER_DRAIN ->
          during(
              fault,
              () -> order(fault, SteeringOrder.Action.DRAIN),
              () -> order(fault, SteeringOrder.Action.UNDRAIN));
    }
  }

  /** Sends an order through one of the connectors that are well. */
  private void order(Fault fault, SteeringOrder.Action action) {
    List<Connector> well = world.connectors().stream().filter(Connector::isHealthy).toList();
    if (!well.isEmpty()) {
      boolean force = fault.size() % 3 == 0;
      String replica = Replica.nameOf(fault.target());
      well.get((int) fault.size() % well.size())
          .order(new SteeringOrder(action, replica, force, null, null, null, "ops", "chaos"));
    }
  }

  /** It happens when the connector gets there, which may be later. */
  private void ambush(Fault fault, TwinLine.Point point, Connector connector, Runnable trap) {
    connector.lieInWait(
        point,
        () -> {
          long nowMs = world.simulation().nowNanos() / Simulation.MS;
          Fault late = new Fault(fault.kind(), nowMs, fault.forMs(), fault.target(), fault.size());
          hits.add(new Hit(late, connector.number()));
          trap.run();
        });
  }

  private void during(Fault fault, Runnable begin, Runnable end) {
    begin.run();
    world.simulation().after(fault.forMs() * Simulation.MS, end);
  }

  private void freeze(Connector connector, long ms) {
    connector.freeze();
    world.simulation().after(ms * Simulation.MS, connector::thaw);
  }

  private void stopDatabase(long ms) {
    databaseStops++;
    world.database().stop();
    world
        .simulation()
        .after(
            ms * Simulation.MS,
            () -> {
              if (--databaseStops == 0) {
                world.database().start();
              }
            });
  }

  private void loseCommits(Fault fault, TwinDatabase.Snapshot older) {
    lostMs = fault.atMs();
    List<HeldShelf.Shelved> shelved = world.database().shelved();
    world.database().restore(older);
    List<byte[]> left = world.database().shelved().stream().map(HeldShelf.Shelved::body).toList();
    for (HeldShelf.Shelved one : shelved) {
      if (left.stream().noneMatch(body -> body == one.body())) {
        world.bodies().lose(one.sender().replica(), one.body());
      }
    }
    stopDatabase(fault.forMs());
  }
}
