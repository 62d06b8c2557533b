package org.promscale.sim;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.SteeringOrder;
import org.promscale.ingest.Admission;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.DatabaseClock;
import org.promscale.ingest.DatabaseTime;
import org.promscale.ingest.EveryTimePrepared;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.IngestListener;
import org.promscale.ingest.IngestPipeline;
import org.promscale.ingest.IngestReport;
import org.promscale.ingest.Rejections;
import org.promscale.ingest.TimePartitions;
import org.promscale.storage.BatchPolicy;
import org.promscale.storage.SampleBatcher;
import org.promscale.storage.TwinLine;
import org.promscale.storage.TwinWriter;

/** One life of a connector: the shipped pipeline, registry and batchers on a simulated host. */
final class Connector implements TwinLine {

  /** Answers of a connector. */
  static final int NO_CONTENT = 204;

  static final int BAD_REQUEST = 400;
  static final int UNAVAILABLE = 503;
  static final int INTERNAL_ERROR = 500;

  /** The connection broke. */
  static final int RESET = 0;

  private static final int FILL_LANES = 1_000;
  private static final int FILL_WRITERS = 2;
  private static final int MAX_WRITES = 128;
  static final long TOLERANCE_MS = 600_000;
  private static final long PATIENCE_NANOS = 25 * Simulation.SECOND;
  private static final long LOOK_NANOS = Simulation.SECOND;
  private static final long PROBE_NANOS = 2 * Simulation.SECOND;
  private static final long OPEN_NANOS = Simulation.SECOND / 2;
  private static final long DRAIN_NANOS = 10 * Simulation.SECOND;

  /** Somebody who waits for an answer. */
  private static final class Exchange {
    private final long sinceNanos;
    private final IntConsumer answer;
    private boolean answered;

    Exchange(long sinceNanos, IntConsumer answer) {
      this.sinceNanos = sinceNanos;
      this.answer = answer;
    }
  }

  private final World world;
  private final Simulation simulation;
  private final int number;
  private final String name;
  private final Host host;
  private final SampleBatcher storing;
  private final SampleBatcher filling;
  private final Admission admission = new Admission(MAX_WRITES, 1 << 20);
  private final BatchValidator validator;
  private final IngestPipeline pipeline;
  private final Policy.Elector elector;
  private final List<Exchange> exchanges = new ArrayList<>();
  private final DatabaseTime databaseTime;
  private boolean databaseUp;
  private boolean ready;
  private long lookedNanos;
  private long readySinceNanos;
  private boolean stopping;
  private boolean gone;
  private @Nullable Point freezesAt;
  private @Nullable Runnable ambush;

  Connector(World world, int number, int life) {
    this.world = world;
    this.simulation = world.simulation();
    this.number = number;
    this.name = "c" + number + "." + life;
    this.host = new Host(simulation);
    this.databaseTime = new DatabaseTime(clock(), simulation::nowNanos);
    TwinWriter writer = new TwinWriter(world.database(), this, name);
    BatchPolicy storingPolicy =
        new BatchPolicy(
            world.plan().writers(), world.plan().queueBytes(), BatchPolicy.DEFAULT_ROWS);
    BatchPolicy fillingPolicy = new BatchPolicy(FILL_WRITERS, 1 << 20, BatchPolicy.DEFAULT_ROWS);
    this.storing =
        SampleBatcher.overlapping(
            task -> host.later(0, task), writer, storingPolicy, simulation::nowNanos);
    this.filling =
        SampleBatcher.overlapping(
            task -> host.later(0, task),
            writer.filler(FILL_LANES),
            fillingPolicy,
            simulation::nowNanos);
    this.validator = new BatchValidator(clock(), databaseTime, PREPARED, TOLERANCE_MS);
    this.elector = world.policy().elector(this, world);
    this.pipeline = new IngestPipeline(validator, elector.router(), IngestListener.NONE);
  }

  /** Partitions are never missing. */
  private static final TimePartitions PREPARED = new EveryTimePrepared();

  /** Starts it; it takes requests after this time. */
  void start(long nanos) {
    host.every(nanos, PROBE_NANOS, this::probe);
    host.every(nanos + Simulation.MS, OPEN_NANOS, this::open);
    host.every(nanos + LOOK_NANOS / 2, LOOK_NANOS, this::look);
    host.every(nanos + LOOK_NANOS / 2, LOOK_NANOS, this::giveUpLate);
  }

  private void probe() {
    databaseUp = world.database().isUp();
    if (databaseUp) {
      databaseTime.read(world.databaseClockMs(), simulation.nowNanos());
    }
  }

  private void open() {
    if (!ready && databaseUp) {
      try {
        elector.look();
        ready = true;
        readySinceNanos = simulation.nowNanos();
      } catch (IngestFailure e) {
        world.note("cannot open: " + e.getMessage());
      }
    }
  }

  private void look() {
    if (ready && databaseUp && !stopping) {
      try {
        elector.look();
      } catch (IngestFailure e) {
        world.note("cannot look: " + e.getMessage());
      }
    }
    lookedNanos = simulation.nowNanos();
  }

  private void giveUpLate() {
    long now = simulation.nowNanos();
    for (int i = 0; i < exchanges.size(); i++) {
      if (now - exchanges.get(i).sinceNanos > PATIENCE_NANOS) {
        answer(exchanges.get(i--), UNAVAILABLE);
      }
    }
  }

  /** A request has arrived: it waits while the host is frozen. */
  void receive(WriteRequest request, IntConsumer answer) {
    if (host.isDead() || !ready || stopping) {
      answer.accept(ready || stopping ? RESET : UNAVAILABLE);
      return;
    }
    Exchange exchange = new Exchange(simulation.nowNanos(), answer);
    exchanges.add(exchange);
    host.dispatch(() -> handle(request, exchange));
  }

  private void handle(WriteRequest request, Exchange exchange) {
    Admission.Ticket ticket;
    try {
      ticket = admission.enter();
    } catch (IngestFailure e) {
      answer(exchange, UNAVAILABLE);
      return;
    }
    byte[] body = world.bodies().of(request);
    long heardMs = simulation.nowMs();
    var unused =
        pipeline
            .write(request.decode(), new Rejections(), request.size(), request.bytes(), body)
            .whenComplete(
                (report, failure) -> {
                  ticket.close();
                  int status = status(report, failure);
                  if (status == NO_CONTENT) {
                    world.promises().given(this, elector, heardMs, body, elector.held());
                  }
                  answer(exchange, status);
                });
  }

  private int status(@Nullable IngestReport report, @Nullable Throwable failure) {
    if (report != null) {
      return report.isComplete() ? NO_CONTENT : BAD_REQUEST;
    }
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof IngestFailure e) {
      return e.kind().senderRetries() ? UNAVAILABLE : BAD_REQUEST;
    }
    world.unforeseen(cause);
    return INTERNAL_ERROR;
  }

  private void answer(Exchange exchange, int status) {
    if (!exchange.answered) {
      exchange.answered = true;
      exchanges.remove(exchange);
      exchange.answer.accept(status);
    }
  }

  /** An operator has sent an order. */
  void order(SteeringOrder order) {
    host.later(
        0,
        () -> {
          try {
            elector.order(order);
          } catch (IngestFailure e) {
            world.note("cannot steer: " + e.getMessage());
          }
        });
  }

  // Faults.

  /** Dies at once; the database notices a moment later. */
  void crash() {
    if (host.isDead()) {
      return;
    }
    host.kill();
    elector.held().stream().filter(h -> h.shelfId() == 0).forEach(world.bodies()::lose);
    ready = false;
    for (Exchange exchange : List.copyOf(exchanges)) {
      answer(exchange, RESET);
    }
    simulation.after(
        2 * Simulation.MS,
        () -> {
          gone = true;
          world.database().connectorGone(name);
        });
  }

  /** Takes nothing new, stores what it has, then ends. */
  void stop() {
    if (host.isDead() || stopping) {
      return;
    }
    stopping = true;
    close(storing);
    close(filling);
    drain(simulation.nowNanos() + DRAIN_NANOS);
  }

  private static void close(SampleBatcher batcher) {
    try {
      var unused = batcher.close(0);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void drain(long deadlineNanos) {
    host.later(
        50 * Simulation.MS,
        () -> {
          if (exchanges.isEmpty() || simulation.nowNanos() > deadlineNanos) {
            elector.leave();
            crash();
          } else {
            drain(deadlineNanos);
          }
        });
  }

  void freeze() {
    host.freeze();
  }

  void thaw() {
    host.thaw();
  }

  /** Does something to it once it stands at this point of a storing transaction. */
  void lieInWait(Point point, Runnable trap) {
    freezesAt = point;
    ambush = trap;
  }

  @Override
  public void toServer(Runnable statement) {
    simulation.after(
        world.databaseLatency(),
        () -> {
          if (!gone) {
            statement.run();
          }
        });
  }

  @Override
  public void toClient(Point point, Runnable next) {
    simulation.after(
        world.databaseLatency(),
        () ->
            host.dispatch(
                () -> {
                  Runnable trap = ambush;
                  if (point == freezesAt && trap != null) {
                    freezesAt = null;
                    ambush = null;
                    trap.run();
                    host.dispatch(next);
                  } else {
                    next.run();
                  }
                }));
  }

  @Override
  public void await(BooleanSupplier done) {
    simulation.await(() -> host.isDead() || (host.isRunning() && done.getAsBoolean()));
    if (host.isDead()) {
      throw new Simulation.Ended();
    }
  }

  // What others see.

  /** Returns what it holds; a dead one holds nothing. */
  List<HeldRequest> held() {
    return host.isDead() ? List.of() : elector.held();
  }

  /** Tells whether it holds a sample. */
  boolean holds(Bodies bodies, String replica, int series, long timeMs) {
    return held().stream()
        .anyMatch(h -> h.replica().equals(replica) && bodies.has(h.body(), series, timeMs));
  }

  String name() {
    return name;
  }

  int number() {
    return number;
  }

  Host host() {
    return host;
  }

  SampleBatcher storing() {
    return storing;
  }

  BatchValidator validator() {
    return validator;
  }

  SampleBatcher filling() {
    return filling;
  }

  /** Returns what its own wall clock shows. */
  long clockMs() {
    return simulation.nowMs() + world.connectorOffsetMs(number);
  }

  InstantSource clock() {
    return () -> Instant.ofEpochMilli(clockMs());
  }

  DatabaseClock databaseClock() {
    return databaseTime;
  }

  /** Tells whether a load balancer would find it well. */
  boolean isHealthy() {
    return host.isRunning() && ready && !stopping;
  }

  /** Tells whether it has been looking for so long; with a clock set back it may wait for locks. */
  boolean hasLookedFor(long nanos) {
    long now = simulation.nowNanos();
    boolean looks = now - lookedNanos < nanos || !world.hasDatabaseClockGoneBack();
    return isHealthy() && databaseUp && now - readySinceNanos >= nanos && looks;
  }
}
