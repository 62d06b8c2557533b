package org.promscale.boot;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.ConfigProvider;
import org.promscale.admin.HaDesk;
import org.promscale.config.Setting;
import org.promscale.config.Settings;
import org.promscale.config.SettingsReader;
import org.promscale.ha.HaLabels;
import org.promscale.health.ConnectorHealth;
import org.promscale.http.ConnectorInfo;
import org.promscale.http.WriteEntrance;
import org.promscale.ingest.Admission;
import org.promscale.ingest.BatchRouter;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.IngestPipeline;
import org.promscale.metrics.Exposition;
import org.promscale.metrics.IngestMeters;
import org.promscale.metrics.JvmMeters;
import org.promscale.metrics.MaintenanceMeters;
import org.promscale.metrics.StorageMeters;
import org.promscale.security.Access;
import org.promscale.storage.BatchPolicy;
import org.promscale.storage.DatabaseProbe;
import org.promscale.storage.HaLeaderRegistry;
import org.promscale.storage.Maintenance;
import org.promscale.storage.PgStorage;
import org.promscale.storage.SampleBatcher;
import org.promscale.storage.SeriesCache;
import org.promscale.storage.ServerDataSource;
import org.promscale.storage.WriteQueues;
import org.promscale.wire.ArrivingBodies;
import org.promscale.wire.BufferPool;
import org.promscale.wire.CompressedDecoder;
import org.promscale.wire.WireLimits;

/** Makes the objects of one running application and hands them to whoever injects them. */
@ApplicationScoped
public class Wiring {

  /** Writes that may wait for their commit at once; the servers have 200 request threads. */
  private static final int MAX_WRITES = 128;

  /**
   * Series kept in memory per megabyte of heap. A generation takes 36 to 72 bytes a series, and
   * there are two: at the worst 28 % of the heap, usually half of that.
   */
  private static final int CACHED_SERIES_PER_HEAP_MB = 2_000;

  /** Two clusters can be filled at once; fillers of one cluster wait for each other anyhow. */
  private static final int FILL_WRITERS = 2;

  private static final int KEPT_BUFFERS = 64;
  private static final int KEPT_BUFFER_BYTES = 4 << 20;

  @Resource private ManagedExecutorService executor;

  @Inject private InstantSource clock;
  @Inject private LongSupplier nanoClock;
  @Inject private HaLeaderRegistry leaders;

  private final DataSource dataSource = new ServerDataSource();
  private ConnectorInfo info;
  private HaDesk desk;
  private Access access;
  private ConnectorHealth health;
  private DatabaseProbe probe;
  private PgStorage storage;
  private Maintenance maintenance;
  private WriteQueues queues;
  private Admission admission;
  private IngestMeters ingestMeters;
  private ArrivingBodies bodies;
  private WriteEntrance entrance;
  private Exposition exposition;

  @PostConstruct
  void make() {
    SettingsReader settings =
        new SettingsReader(key -> ConfigProvider.getConfig().getOptionalValue(key, String.class));
    if (!Boolean.getBoolean(Setting.JUDGED)) {
      SettingsCheck.run(settings, ConfigProvider.getConfig().getPropertyNames(), System.getenv());
    }
    SecureRandom random = new SecureRandom();
    long heap = Runtime.getRuntime().maxMemory();
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMeters.register(registry);
    ingestMeters = new IngestMeters(registry);
    StorageMeters storageMeters = new StorageMeters(registry);
    exposition = new Exposition(registry);

    health = new ConnectorHealth(clock);
    probe = new DatabaseProbe(dataSource, clock, nanoClock, health);
    String connector = HexFormat.of().toHexDigits(random.nextLong());
    SeriesCache cache =
        new SeriesCache((int) Math.min(1 << 26, (heap >> 20) * CACHED_SERIES_PER_HEAP_MB));
    storage =
        new PgStorage(
            dataSource,
            cache,
            settings.flag(Settings.DB_SYNCHRONOUS_COMMIT),
            retentionMs(settings),
            connector,
            storageMeters,
            clock,
            nanoClock);
    maintenance =
        new Maintenance(
            dataSource,
            ManagementFactory.getRuntimeMXBean().getName() + " " + connector,
            new MaintenanceMeters(registry),
            clock,
            nanoClock);
    queues = queues(settings, heap);
    admission = new Admission(MAX_WRITES, heap / 4);
    BatchValidator validator =
        new BatchValidator(
            clock, probe, storage, settings.duration(Settings.MAX_FUTURE).toMillis());
    ByteBuffer key = ByteBuffer.wrap(random.generateSeed(16));
    BufferPool buffers =
        new BufferPool(
            (int) Math.max(8, Math.min(KEPT_BUFFERS, heap / 16 / KEPT_BUFFER_BYTES)),
            KEPT_BUFFER_BYTES);
    bodies =
        new ArrivingBodies(
            ArrivingBodies.Limits.of(WireLimits.DEFAULT.compressedBytes(), heap),
            buffers,
            nanoClock,
            ingestMeters::slowBody);
    HaLabels labels = haLabels(settings);
    CompressedDecoder decoder =
        new CompressedDecoder(
            WireLimits.DEFAULT, buffers, labels, cache, key.getLong(), key.getLong());
    HaParts parts =
        new HaParts(
            settings,
            labels,
            heap,
            dataSource,
            executor,
            clock,
            nanoClock,
            probe,
            leaders,
            queues,
            registry);
    BatchRouter router =
        settings.flag(Settings.HIGH_AVAILABILITY)
            ? parts.router(decoder, validator)
            : BatchRouter.everything(queues.storing());
    entrance =
        new WriteEntrance(buffers, decoder, new IngestPipeline(validator, router, ingestMeters));
    info =
        new ConnectorInfo(
            BuildVersion.read(), settings.flag(Settings.HIGH_AVAILABILITY), probe::description);
    desk =
        new HaDesk(
            info.highAvailability(),
            leaders::reports,
            leaders.historyIn(dataSource),
            leaders::steer,
            settings.flag(Settings.ADMIN_API));
    access = AccessSettings.access(settings, clock);
    new Gauges(storageMeters, registry).register(info, health, cache, queues, bodies, admission);
  }

  private static OptionalLong retentionMs(SettingsReader settings) {
    if (settings.text(Settings.RETENTION).isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        settings
            .durationOr(Settings.RETENTION, Settings.FOREVER)
            .map(Duration::toMillis)
            .orElse(PgStorage.FOREVER));
  }

  private WriteQueues queues(SettingsReader settings, long heap) {
    BatchPolicy storing =
        new BatchPolicy(
            settings.number(Settings.DB_NUM_WRITERS, 1, 64),
            settings.bytes(Settings.DB_QUEUE_MAX_BYTES, heap / 8),
            BatchPolicy.DEFAULT_ROWS,
            BatchPolicy.DEFAULT_IDLE_MILLIS);
    BatchPolicy filling = new BatchPolicy(FILL_WRITERS, heap / 32, BatchPolicy.DEFAULT_ROWS);
    return new WriteQueues(
        new SampleBatcher(executor, storage, storing, nanoClock),
        new SampleBatcher(executor, storage.filling(), filling, nanoClock));
  }

  private static HaLabels haLabels(SettingsReader settings) {
    HaLabels.MissingLabels missing =
        settings.choice(Settings.HA_MISSING_LABELS, HaLabels.MissingLabels.class);
    // Read although it may not be used: a mistake shows when it is made, not when it is needed.
    HaLabels labels = settings.parsed(Settings.HA_LABELS, text -> HaLabels.parse(text, missing));
    return settings.flag(Settings.HIGH_AVAILABILITY) ? labels : HaLabels.OFF;
  }

  @Produces
  ConnectorInfo info() {
    return info;
  }

  @Produces
  HaDesk desk() {
    return desk;
  }

  @Produces
  Access access() {
    return access;
  }

  @Produces
  ConnectorHealth health() {
    return health;
  }

  @Produces
  DatabaseProbe probe() {
    return probe;
  }

  @Produces
  PgStorage storage() {
    return storage;
  }

  @Produces
  Maintenance maintenance() {
    return maintenance;
  }

  @Produces
  WriteQueues queues() {
    return queues;
  }

  @Produces
  Admission admission() {
    return admission;
  }

  @Produces
  IngestMeters ingestMeters() {
    return ingestMeters;
  }

  @Produces
  ArrivingBodies bodies() {
    return bodies;
  }

  @Produces
  WriteEntrance entrance() {
    return entrance;
  }

  @Produces
  Exposition exposition() {
    return exposition;
  }
}
