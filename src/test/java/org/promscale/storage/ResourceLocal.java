package org.promscale.storage;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.EntityTransaction;
import jakarta.persistence.PersistenceException;
import java.util.Properties;
import java.util.function.Function;
import javax.sql.DataSource;
import org.hibernate.cfg.Configuration;
import org.hibernate.type.descriptor.WrapperOptions;
import org.hibernate.type.descriptor.java.JavaType;
import org.hibernate.type.format.FormatMapper;

/** Lease transactions without a container: each on a connection of its own. Thread-safe. */
final class ResourceLocal implements LeaseTransactions, AutoCloseable {

  private final EntityManagerFactory factory;
  private final boolean owner;
  private final Runnable beforeCommit;

  private ResourceLocal(EntityManagerFactory factory, boolean owner, Runnable beforeCommit) {
    this.factory = factory;
    this.owner = owner;
    this.beforeCommit = beforeCommit;
  }

  /** Makes transactions in this database. */
  static ResourceLocal in(DataSource database) {
    Properties properties = new Properties();
    properties.put("jakarta.persistence.nonJtaDataSource", database);
    // No entity has such a column; the servers bring what Hibernate would look for.
    properties.put("hibernate.type.json_format_mapper", new NoFormat());
    properties.put("hibernate.type.xml_format_mapper", new NoFormat());
    Configuration configuration = new Configuration().addProperties(properties);
    return new ResourceLocal(
        configuration.addAnnotatedClass(ClusterLease.class).buildSessionFactory(), true, () -> {});
  }

  /** Returns transactions of a connector that does this between its last statement and COMMIT. */
  ResourceLocal before(Runnable commit) {
    return new ResourceLocal(factory, false, commit);
  }

  @Override
  public <T> T call(Function<EntityManager, T> work) {
    try (EntityManager manager = factory.createEntityManager()) {
      EntityTransaction transaction = manager.getTransaction();
      transaction.begin();
      boolean done = false;
      try {
        T result = work.apply(manager);
        beforeCommit.run();
        transaction.commit();
        done = true;
        return result;
      } finally {
        if (!done && transaction.isActive()) {
          transaction.rollback();
        }
      }
    } catch (PersistenceException e) {
      throw LeaseSql.unavailable(e);
    }
  }

  private static final class NoFormat implements FormatMapper {

    @Override
    public <T> T fromString(CharSequence text, JavaType<T> type, WrapperOptions options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> String toString(T value, JavaType<T> type, WrapperOptions options) {
      throw new UnsupportedOperationException();
    }
  }

  @Override
  public void close() {
    if (owner) {
      factory.close();
    }
  }
}
