package org.promscale.boot;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.promscale.health.ConnectorHealth;
import org.promscale.http.ConnectorInfo;
import org.promscale.ingest.IngestFailure;
import org.promscale.storage.DatabaseProbe;
import org.promscale.storage.HaLeaderRegistry;
import org.promscale.storage.Maintenance;
import org.promscale.storage.PgStorage;
import org.promscale.storage.SchemaException;
import org.promscale.storage.WriteQueues;
import org.promscale.wire.ArrivingBodies;

/**
 * Starts the periodic work, and at the end lets the queue run empty before anything is taken away.
 * The application starts without the database: storage opens as soon as it answers.
 */
@ApplicationScoped
public class Lifecycle {

  private static final Logger LOG = System.getLogger(Lifecycle.class.getName());

  /** With the time the server itself takes, a stop stays below 15 s. */
  private static final long DRAIN_MILLIS = 10_000;

  /** The launcher waits ten seconds for all; a queue whose database is away drains at once. */
  private static final long LEAVE_MILLIS = 4_000;

  private static final long PROBE_MILLIS = 2_000;
  private static final long OPEN_MILLIS = 500;
  private static final long VIEWS_MILLIS = 1_000;
  private static final long BODIES_MILLIS = 500;
  private static final long LOOK_MILLIS = 1_000;
  private static final long TICK_MILLIS = 1_000;

  /** Once a minute. */
  private static final int PARTITIONS_TICKS = 60;

  @Resource private ManagedScheduledExecutorService scheduler;

  @Inject private ConnectorHealth health;
  @Inject private ConnectorInfo info;
  @Inject private DatabaseProbe probe;
  @Inject private PgStorage storage;
  @Inject private Maintenance maintenance;
  @Inject private WriteQueues queues;
  @Inject private ArrivingBodies bodies;
  @Inject private HaLeaderRegistry leaders;

  private final List<ScheduledFuture<?>> schedules = new ArrayList<>();
  private String lastTrouble = "";
  private boolean opened;

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    LOG.log(Level.INFO, "Promscale {0} starts", info.version());
    every(BODIES_MILLIS, "looking at bodies", bodies::sweep);
    every(PROBE_MILLIS, "asking the database", probe::run);
    every(OPEN_MILLIS, "opening the database", whileItAnswers(this::open));
    every(VIEWS_MILLIS, "making views", whileItAnswers(storage::keepViews));
    every(LOOK_MILLIS, "looking at leaders", whileItAnswers(this::look));
    // No long delay: a cancelled task stays in a server's queue until its delay is over, and keeps
    // the whole application in memory after its undeployment.
    every(
        TICK_MILLIS,
        "making partitions",
        PeriodicWork.onceIn(PARTITIONS_TICKS, storage::keepPartitions));
    every(TICK_MILLIS, "maintenance", whileItAnswers(this::maintain));
  }

  @PreDestroy
  void stop() {
    health.stopping();
    schedules.forEach(schedule -> schedule.cancel(false));
    bodies.stop();
    try {
      if (!queues.close(DRAIN_MILLIS)) {
        LOG.log(Level.WARNING, "stopping with writes in the queue; their senders keep the data");
      }
      int lost = leaders.leave(LEAVE_MILLIS);
      if (lost > 0) {
        LOG.log(
            Level.WARNING,
            "stopping with {0} held requests of standbys that nobody else has; if their leader was"
                + " killed within the last seconds, its samples may have a hole",
            lost);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.log(Level.INFO, "Promscale stops");
  }

  private void open() throws SQLException {
    if (opened) {
      return;
    }
    try {
      if (info.highAvailability()) {
        // Before any write is taken: the fence relies on it.
        storage.requireReadCommitted();
      }
      if (!storage.isOpen()) {
        storage.open();
      }
      if (info.highAvailability()) {
        leaders.tryTransactions();
        leaders.look();
      }
      LOG.log(
          Level.INFO,
          "the schema is current; high availability is {0}",
          info.highAvailability() ? "on" : "off");
      health.schemaCurrent();
      opened = true;
    } catch (SchemaException e) {
      trouble(String.valueOf(e.getMessage()));
    } catch (SQLException | IngestFailure e) {
      // The probe says why the database does not answer; anything else is worth a line.
      trouble("cannot prepare the database: " + e.getMessage());
    }
  }

  private void look() {
    if (opened) {
      leaders.look();
    }
  }

  private void maintain() throws SQLException {
    if (opened) {
      maintenance.tick();
    }
  }

  private void trouble(String message) {
    health.schemaFailed(message);
    if (!message.equals(lastTrouble)) {
      LOG.log(Level.WARNING, message);
      lastTrouble = message;
    }
  }

  /** One question at a time to a database that is away: servers log a failed one at length. */
  private PeriodicWork whileItAnswers(PeriodicWork work) {
    return () -> {
      if (health.isDatabaseUp()) {
        work.run();
      }
    };
  }

  private void every(long millis, String what, PeriodicWork work) {
    schedules.add(
        scheduler.scheduleWithFixedDelay(
            PeriodicWork.guarded(what, work, health::isStopping),
            0,
            millis,
            TimeUnit.MILLISECONDS));
  }
}
