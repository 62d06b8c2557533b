package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import javax.naming.NameNotFoundException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class ServerDataSourceTest {

  private static final DataSource FIRST = atPort(1);
  private static final DataSource SECOND = atPort(2);

  private @Nullable DataSource published;
  private final ServerDataSource source =
      new ServerDataSource(
          name -> {
            DataSource there = published;
            if (there == null) {
              throw new NameNotFoundException(name);
            }
            return there;
          });

  @Test
  void withoutOneTheOperatorIsToldWhereToMakeIt() {
    assertAsked("the server has no data source jdbc/promscale");
  }

  @Test
  void oneThatIsMadeLaterIsFound() {
    assertAsked("the server has no data source");
    published = FIRST;
    assertAsked(":1 refused");
  }

  @Test
  void afterATroubleOneThatWasMadeAnewIsFound() {
    published = FIRST;
    assertAsked(":1 refused");
    published = SECOND;
    assertAsked(":2 refused");
  }

  @Test
  void afterATroubleWhoeverMayNotLookItUpAsksTheOneKnownBefore() {
    published = FIRST;
    assertAsked(":1 refused");
    published = null;
    assertAsked(":1 refused");
    assertAsked(":1 refused");
  }

  /** Nobody listens there; the error names the port and so which one was asked. */
  private static DataSource atPort(int port) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {"127.0.0.1"});
    source.setPortNumbers(new int[] {port});
    return source;
  }

  private void assertAsked(String message) {
    assertThatThrownBy(source::getConnection)
        .isInstanceOf(SQLException.class)
        .hasMessageContaining(message);
  }
}
