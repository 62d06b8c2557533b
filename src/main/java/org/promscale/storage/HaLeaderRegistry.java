package org.promscale.storage;

import jakarta.annotation.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import jakarta.transaction.UserTransaction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Standing;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.ClusterReport;
import org.promscale.ingest.HeldShelf;
import org.promscale.ingest.HoldKeeper;
import org.promscale.ingest.HoleProber;
import org.promscale.ingest.LeaderChangeLog;
import org.promscale.ingest.LeaderSteering;
import org.promscale.ingest.LeaderWatch;
import org.promscale.ingest.Leadership;
import org.promscale.ingest.LeaseHistory;
import org.promscale.ingest.LeaseSteering;
import org.promscale.ingest.LeaseStore;
import org.promscale.ingest.TermLedger;
import org.promscale.model.ReplicaIdentity;

/**
 * The one door to leadership: it owns the lease rows and every transition of them, and answers from
 * memory who leads. Decisions are made by the rules in {@code ha}; this bean gives them the
 * container's transactions. Thread-safe.
 */
@ApplicationScoped
public class HaLeaderRegistry implements Leadership {

  private static final Logger LOG = System.getLogger(HaLeaderRegistry.class.getName());

  @PersistenceContext(unitName = "promscale")
  private EntityManager entityManager;

  @Resource private UserTransaction transaction;

  private volatile @Nullable ClusterLeaders leaders;
  private volatile @Nullable LeaderWatch watch;
  private volatile @Nullable HoldKeeper keeper;
  private volatile @Nullable LeaderSteering helm;
  private volatile @Nullable LeaderChangeLog changeLog;

  /**
   * Returns the leases in this database; transitions run in the container's transactions.
   *
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public LeaseStore storeIn(DataSource dataSource, LongSupplier nanoClock) {
    return new PgLeaseStore(dataSource, new ContainerTransactions(), nanoClock);
  }

  /**
   * Tries the container's transactions once, so that a server that cannot give them is seen at the
   * start and not at a failover, and no sender waits for their first use (half a second). Blocks.
   *
   * @throws org.promscale.ingest.IngestFailure UNAVAILABLE if that fails; call again
   */
  public void tryTransactions() {
    new LeaseTransitions(new ContainerTransactions()).warmUp();
  }

  /** Returns what operators do to leases; it runs in the container's transactions. */
  public LeaseSteering steering() {
    return new PgLeaseSteering(new ContainerTransactions());
  }

  /** Returns the history of the leases in this database. */
  public LeaseHistory historyIn(DataSource dataSource) {
    return new PgLeaseHistory(dataSource);
  }

  /**
   * Returns the terms that were not measured yet.
   *
   * @param clusterLabels names of the labels that say which cluster a series belongs to
   */
  public TermLedger ledgerIn(DataSource dataSource, List<String> clusterLabels) {
    return new PgTermLedger(dataSource, clusterLabels);
  }

  /** Returns the held requests in this database. */
  public HeldShelf shelfIn(DataSource dataSource) {
    return new PgHeldShelf(dataSource);
  }

  /** Returns what compares held requests with what this database stores. */
  public HoleProber proberIn(DataSource dataSource) {
    return new PgHoleProber(dataSource);
  }

  /** Switches high availability on; before that the registry knows no cluster. */
  public void switchOn(ClusterLeaders table, LeaderWatch lookout, HoldKeeper holdKeeper) {
    leaders = table;
    watch = lookout;
    keeper = holdKeeper;
  }

  /** Lets leadership be steered; before that no order is carried out. */
  public void steerBy(LeaderSteering steering) {
    helm = steering;
  }

  /** Lets changes of leader be measured and logged; before that none is. */
  public void tellIn(LeaderChangeLog log) {
    changeLog = log;
  }

  /**
   * Carries out an operator's order. Blocks.
   *
   * @throws org.promscale.ingest.IngestFailure UNAVAILABLE if the database does not answer: look
   *     what came of it
   */
  public SteeringRuling steer(int tenant, String cluster, SteeringOrder order) {
    LeaderSteering steering = helm;
    return steering == null
        ? SteeringRuling.unknown("high availability is switched off")
        : steering.steer(tenant, cluster, order);
  }

  /**
   * Leaves what is held to other connectors; call it last. Does nothing without high availability.
   *
   * @param patienceMs how long it tries while the database is out of reach
   * @return how many requests had to be given up
   */
  public int leave(long patienceMs) {
    HoldKeeper holdKeeper = keeper;
    return holdKeeper == null ? 0 : holdKeeper.leave(patienceMs);
  }

  /** Looks at all clusters; call it every second. Does nothing without high availability. */
  public void look() {
    LeaderWatch lookout = watch;
    if (lookout != null) {
      lookout.look();
    }
    LeaderSteering steering = helm;
    if (steering != null) {
      steering.look();
    }
    LeaderChangeLog log = changeLog;
    if (log != null) {
      log.look();
    }
  }

  /** Returns what is known of all clusters, from memory. */
  public List<ClusterReport> reports() {
    LeaderWatch lookout = watch;
    return lookout == null ? List.of() : lookout.reports();
  }

  @Override
  public CompletionStage<List<@Nullable Standing>> standings(
      int tenant, List<@Nullable ReplicaIdentity> replicas) {
    return table().standings(tenant, replicas);
  }

  @Override
  public void saw(Standing standing, long newestMs) {
    table().saw(standing, newestMs);
  }

  @Override
  public LeaseClaim withWorstLag(LeaseClaim claim) {
    return table().withWorstLag(claim);
  }

  @Override
  public CompletionStage<Void> refresh(Set<Long> clusterIds) {
    return table().refresh(clusterIds);
  }

  private ClusterLeaders table() {
    ClusterLeaders table = leaders;
    if (table == null) {
      throw new IllegalStateException("high availability is switched off");
    }
    return table;
  }

  /** Begins and ends transactions by hand: they run on threads where no interceptor does. */
  private final class ContainerTransactions implements LeaseTransactions {

    @Override
    public <T> T call(Function<EntityManager, T> work) {
      try {
        transaction.begin();
        boolean done = false;
        try {
          T result = work.apply(entityManager);
          transaction.commit();
          done = true;
          return result;
        } finally {
          if (!done && transaction.getStatus() != Status.STATUS_NO_TRANSACTION) {
            rollback();
          }
        }
      } catch (jakarta.persistence.PersistenceException
          | NotSupportedException
          | SystemException
          | RollbackException
          | jakarta.transaction.HeuristicMixedException
          | jakarta.transaction.HeuristicRollbackException e) {
        throw LeaseSql.unavailable(e);
      }
    }

    private void rollback() {
      try {
        transaction.rollback();
      } catch (SystemException | IllegalStateException e) {
        LOG.log(Level.DEBUG, "rollback of a lease transaction failed", e);
      }
    }
  }
}
