package org.promscale.storage;

import jakarta.transaction.TransactionManager;
import jakarta.transaction.UserTransaction;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.hibernate.engine.transaction.jta.platform.internal.AbstractJtaPlatform;
import org.hibernate.engine.transaction.jta.platform.spi.JtaPlatformException;

/**
 * Finds the server's transaction manager under the names that Payara and WildFly give it: one WAR
 * runs on both, and Hibernate's own platforms know one server each.
 */
public final class ServerJtaPlatform extends AbstractJtaPlatform {

  private static final long serialVersionUID = 1L;

  private static final List<String> TRANSACTION_MANAGERS =
      List.of("java:appserver/TransactionManager", "java:jboss/TransactionManager");
  private static final List<String> USER_TRANSACTIONS =
      List.of("java:comp/UserTransaction", "java:jboss/UserTransaction");

  @Override
  protected TransactionManager locateTransactionManager() {
    return lookUp(TRANSACTION_MANAGERS, TransactionManager.class);
  }

  @Override
  protected UserTransaction locateUserTransaction() {
    return lookUp(USER_TRANSACTIONS, UserTransaction.class);
  }

  @SuppressWarnings("BanJNDI") // constant names of the server itself
  private static <T> T lookUp(List<String> names, Class<T> type) {
    JtaPlatformException failure = new JtaPlatformException("no " + type + " under " + names, null);
    for (String name : names) {
      try {
        return type.cast(new InitialContext().lookup(name));
      } catch (NamingException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }
}
