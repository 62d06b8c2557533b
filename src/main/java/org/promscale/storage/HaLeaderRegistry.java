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
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Standing;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.ClusterReport;
import org.promscale.ingest.LeaderWatch;
import org.promscale.ingest.Leadership;
import org.promscale.ingest.LeaseStore;
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

  /** Returns the leases in this database; transitions run in the container's transactions. */
  public LeaseStore storeIn(DataSource dataSource) {
    return new PgLeaseStore(dataSource, new ContainerTransactions());
  }

  /** Switches high availability on; before that the registry knows no cluster. */
  public void switchOn(ClusterLeaders table, LeaderWatch lookout) {
    leaders = table;
    watch = lookout;
  }

  /** Looks at all clusters; call it every second. Does nothing without high availability. */
  public void look() {
    LeaderWatch lookout = watch;
    if (lookout != null) {
      lookout.look();
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
