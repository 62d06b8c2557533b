package org.promscale.boot;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.promscale.config.Settings;
import org.promscale.config.SettingsReader;
import org.promscale.ha.HaLabels;
import org.promscale.ha.Hold;
import org.promscale.ha.LeasePolicy;
import org.promscale.ingest.BatchRouter;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.BodyDecoder;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.HeldBodies;
import org.promscale.ingest.HeldShelf;
import org.promscale.ingest.HoldKeeper;
import org.promscale.ingest.LeaderChangeLog;
import org.promscale.ingest.LeaderRouter;
import org.promscale.ingest.LeaderSteering;
import org.promscale.ingest.LeaderWatch;
import org.promscale.ingest.LeaseStore;
import org.promscale.metrics.HaMeters;
import org.promscale.metrics.SteeringMeters;
import org.promscale.storage.DatabaseProbe;
import org.promscale.storage.HaLeaderRegistry;
import org.promscale.storage.WriteQueues;

/**
 * Makes the objects of high availability and switches it on.
 *
 * @param settings the connector's settings
 * @param labels which labels say who sent a series
 * @param heap bytes of the heap: the hold takes an eighth unless it is set
 */
record HaParts(
    SettingsReader settings,
    HaLabels labels,
    long heap,
    DataSource dataSource,
    Executor executor,
    InstantSource clock,
    LongSupplier nanoClock,
    DatabaseProbe probe,
    HaLeaderRegistry leaders,
    WriteQueues queues,
    PrometheusRegistry registry) {

  /**
   * Joins them.
   *
   * @param decoder opens what was held
   * @param validator checks it again
   */
  BatchRouter router(BodyDecoder decoder, BatchValidator validator) {
    HaMeters meters = new HaMeters(registry);
    LeaseStore store = leaders.storeIn(dataSource, nanoClock);
    HeldShelf shelf = leaders.shelfIn(dataSource);
    ClusterLeaders table =
        new ClusterLeaders(
            store,
            executor,
            clock,
            nanoClock,
            probe,
            meters,
            settings.number(Settings.HA_MAX_CLUSTERS, 1, Integer.MAX_VALUE));
    Hold hold = new Hold(settings.bytes(Settings.HA_HOLD_MAX_BYTES, heap / 8));
    HeldBodies bodies = new HeldBodies(decoder, validator);
    LeaderRouter router =
        new LeaderRouter(table, queues.storing(), queues.filling(), hold, shelf, bodies, meters);
    HoldKeeper keeper =
        new HoldKeeper(
            hold,
            shelf,
            bodies,
            leaders.proberIn(dataSource),
            store,
            router,
            executor,
            clock,
            nanoClock,
            meters);
    LeasePolicy policy =
        new LeasePolicy(
            settings
                .durationOr(Settings.HA_LEADER_TIMEOUT, "auto")
                .map(Duration::toMillis)
                .orElse(0L));
    long toleranceMs = settings.duration(Settings.MAX_FUTURE).toMillis();
    LeaderWatch watch = new LeaderWatch(store, table, policy, toleranceMs, nanoClock, keeper);
    leaders.switchOn(table, watch, keeper);
    leaders.steerBy(new LeaderSteering(leaders.steering(), store, table, policy, nanoClock));
    List<String> clusterLabels =
        labels.pairs().stream().map(HaLabels.Pair::cluster).distinct().toList();
    leaders.tellIn(
        new LeaderChangeLog(leaders.ledgerIn(dataSource, clusterLabels), executor, meters));
    meters.show(watch::reports);
    SteeringMeters.show(watch::reports, registry);
    meters.show(hold, watch::reports);
    return router;
  }
}
