package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/** Addresses of databases as operators write them; the driver must read ours the same way. */
class DatabaseUriTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "everything        | postgres://u:p@h:1234/d?sslmode=require | h:1234 | d | u | p",
        "long scheme       | postgresql://u:p@h:1234/d               | h:1234 | d | u | p",
        "jdbc scheme       | jdbc:postgresql://h:1234/d?user=u&password=p | h:1234 | d | u | p",
        "default port      | postgres://u:p@h/d                      | h:5432 | d | u | p",
        "no password       | postgres://u@h/d                        | h:5432 | d | u | ``",
        "empty password    | postgres://u:@h/d                       | h:5432 | d | u | ``",
        "no database       | postgres://u:p@h                        | h:5432 | u | u | p",
        "no database, /    | postgres://u:p@h/                       | h:5432 | u | u | p",
        "IPv6              | postgres://u:p@[::1]/d                  | [::1]:5432 | d | u | p",
        "IPv6 and port     | postgres://u:p@[fe80::1]:6/d            | [fe80::1]:6 | d | u | p",
        "encoded password  | postgres://u:%40%3A%2F%3F%23%25%20%2B@h/d | h:5432 | d | u | @:/?#% +",
        "plus stays        | postgres://u:a+b@h/d                    | h:5432 | d | u | a+b",
        "colon in password | postgres://u:a:b@h/d                    | h:5432 | d | u | a:b",
        "umlaut            | postgres://u:%C3%A4@h/d                 | h:5432 | d | u | \u00e4",
        "shell characters  | postgres://u:$`{HOME}'\"\\&=;@h/d       | h:5432 | d | u | $`{HOME}'\"\\&=;",
        "encoded user      | postgres://u%40x:p@h/d                  | h:5432 | d | u@x | p",
        "encoded database  | postgres://u:p@h/d%20%3F%26             | h:5432 | d ?& | u | p",
        "two hosts         | postgres://u:p@a:1,b/d                  | a:1 b:5432 | d | u | p",
      })
  void readsAddresses(
      String name, String uri, String hosts, String database, String user, String password)
      throws Exception {
    DatabaseAddress address = DatabaseUri.parse(uri);

    assertThat(String.join(" ", address.hosts())).isEqualTo(hosts);
    assertThat(address.name()).isEqualTo(database);
    assertThat(address.user()).isEqualTo(user);
    assertThat(address.password()).isEqualTo(password);
    assertThat(address.toString() + address.display() + address.jdbcUrl())
        .doesNotContain(password.length() > 1 ? password : "password");

    PGSimpleDataSource driver = new PGSimpleDataSource();
    driver.setUrl(address.jdbcUrlWithLogin());
    assertThat(address.jdbcUrlWithLogin()).matches("[!-#%-~]+");
    assertThat(driver.getUser()).isEqualTo(user);
    assertThat(String.valueOf(driver.getPassword()))
        .isEqualTo(password.isEmpty() ? "null" : password);
    assertThat(driver.getDatabaseName()).isEqualTo(database);
    assertThat(driver.getServerNames()).hasSize(address.hosts().size());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "sslmode=verify-full, sslmode=verify-full",
    "application_name=a%20b, ApplicationName=a%20b",
    "connect_timeout=3, connectTimeout=3",
    "target_session_attrs=read-write, targetServerType=primary",
    "keepalives=0, tcpKeepAlive=false",
    "sslrootcert=/x/y.pem, sslrootcert=%2Fx%2Fy.pem",
    "socketTimeout=9, socketTimeout=9",
  })
  void translatesParameters(String given, String driver) throws Exception {
    assertThat(DatabaseUri.parse("postgres://u@h/d?" + given).jdbcUrl()).contains(driver);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "other scheme      | mysql://u:p4ss@h/d            | it must look like",
        "no scheme         | h:5432                        | it must look like",
        "no user           | postgres://h/d                | the user is missing",
        "no host           | postgres://u:p4ss@/d          | the host is missing",
        "raw @             | postgres://u:p4ss@x@h/d       | write @ in user or password as %40",
        "raw /             | postgres://u:p4/ss@h/d        | write / ? # as %2F",
        "raw %             | postgres://u:p4ss%zz@h/d      | write % as %25",
        "port of letters   | postgres://u:p4ss@h:x/d       | the host is missing",
        "port too high     | postgres://u:p4ss@h:70000/d   | port 70000 is not 1 to 65535",
        "unknown parameter | postgres://u:p4ss@h/d?sslmod=x | unknown parameter sslmod, did you mean sslmode?",
        "unknown sslmode   | postgres://u:p4ss@h/d?sslmode=on | sslmode is not one of disable",
        "no value          | postgres://u:p4ss@h/d?sslmode | a parameter after ? is not key=value",
        "timeout of words  | postgres://u:p4ss@h/d?connect_timeout=x | connectTimeout is not a number",
      })
  void refusesInOneLineWithoutThePassword(String name, String uri, String message) {
    assertThatThrownBy(() -> DatabaseUri.parse(uri))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageStartingWith("-db.uri cannot be read: ")
        .hasMessageContaining(message)
        .hasMessageNotContaining("p4")
        .message()
        .hasLineCount(1);
  }
}
