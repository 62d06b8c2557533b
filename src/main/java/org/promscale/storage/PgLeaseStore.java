package org.promscale.storage;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Settlement;
import org.promscale.ingest.LeaseStore;

/**
 * The leases in PostgreSQL: transitions through JPA and its pessimistic locks, everything that
 * reads or writes single rows through SQL. Thread-safe, but for {@link #endFrozenSessions}, which
 * is for one thread at a time.
 */
final class PgLeaseStore implements LeaseStore {

  private final DataSource dataSource;
  private final LeaseTransitions transitions;
  private final PatchTransitions patches;
  private final FrozenSessions frozen;

  PgLeaseStore(DataSource dataSource, LeaseTransactions transactions, LongSupplier nanoClock) {
    this.dataSource = dataSource;
    this.frozen = new FrozenSessions(nanoClock);
    this.transitions = new LeaseTransitions(transactions);
    this.patches = new PatchTransitions(transactions);
  }

  @Override
  public List<ClusterState> readAll(Set<UUID> knownFences) {
    return LeaseSql.call(dataSource, c -> LeaseRows.readAll(c, knownFences));
  }

  @Override
  public List<ClusterState> read(Set<Long> clusterIds) {
    return LeaseSql.call(dataSource, c -> LeaseRows.read(c, clusterIds));
  }

  @Override
  public Optional<Long> elect(int tenant, String cluster, String replica, int maxClusters) {
    return transitions.elect(tenant, cluster, replica, maxClusters);
  }

  @Override
  public boolean takeOver(ClusterState seen, LeaderChange change) {
    return transitions.takeOver(seen, change);
  }

  @Override
  public boolean openPatch(ClusterState seen, Settlement.PatchWish wish, long runGapMs) {
    return patches.open(seen, wish, runGapMs);
  }

  @Override
  public void note(List<ReplicaNote> replicas, List<LookNote> looks) {
    LeaseSql.note(dataSource, replicas, looks);
  }

  @Override
  public void closePatch(long clusterId, long patchId) {
    patches.close(clusterId, patchId);
  }

  @Override
  public void foldLanes(long clusterId) {
    transitions.foldLanes(clusterId);
  }

  @Override
  public void forgetReplicas(long clusterId) {
    LeaseSql.forgetReplicas(dataSource, clusterId);
  }

  @Override
  public int endFrozenSessions() {
    return LeaseSql.call(dataSource, frozen::end);
  }
}
