package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.model.Labels;

/** Series that people delete by matchers. */
interface DeletionContract extends MaintenanceFixture {

  /**
   * A call.
   *
   * @param arguments as SQL
   * @param left names of the metrics that have series afterwards, each once per series
   */
  record Deletion(String name, String arguments, String left) {}

  /** Calls and what they leave of four series. */
  List<Deletion> DELETIONS =
      List.of(
          new Deletion("by name", "'__name__=a'", "b c d"),
          new Deletion("two that are equal", "'__name__=a', 'job=x'", "b c d"),
          new Deletion("two that exclude each other", "'job=x', 'job=y'", "a b c d"),
          new Deletion("an expression", "'job=~x|y'", "c d"),
          new Deletion("it fits the whole value", "'job=~x'", "b c d"),
          new Deletion("a value with the operator's signs", "'url=/q?a=~b'", "a b d"),
          new Deletion("an absent label has the empty value", "'job=', 'url=~.+'", "a b d"),
          new Deletion("not equal", "'__name__=~.+', 'job!=x'", "a"),
          new Deletion("no match", "'__name__=~.+', 'job!~x|'", "a c d"),
          new Deletion("quotes", "'job=o''brien'", "a b c d"),
          new Deletion("nothing fits", "'__name__=nothing'", "a b c d"));

  @Test
  @DisplayName("Matchers select as they do in Prometheus")
  default void matchers() throws SQLException {
    for (Deletion row : DELETIONS) {
      DataSource database = freshDatabase();
      register(
          database,
          Labels.of("__name__", "a", "job", "x"),
          Labels.of("__name__", "b", "job", "y"),
          Labels.of("__name__", "c", "url", "/q?a=~b"),
          Labels.of("__name__", "d"));
      String deleted =
          rows(database, "SELECT prom_api.delete_series(" + row.arguments() + ")").get(0);
      List<String> left =
          rows(database, "SELECT labels ->> '__name__' FROM _prom_catalog.series ORDER BY 1");
      assertThat(String.join(" ", left)).as(row.name()).isEqualTo(row.left());
      assertThat(deleted).as(row.name()).isEqualTo(String.valueOf(4 - left.size()));
    }
  }

  @Test
  @DisplayName("Samples of deleted series go, those of others stay")
  default void samplesGo() throws SQLException {
    DataSource database = freshDatabase();
    long gone = oldSeries(database, "a", "x");
    long stays = oldSeries(database, "a", "y");
    samplesAt(database, gone, 0, 1, 2);
    samplesAt(database, stays, 0, 1, 2);
    execute(database, "SELECT prom_api.delete_series('__name__=a', 'job=x')");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(days(database, gone)).isEmpty();
    assertThat(days(database, stays)).containsExactly("0", "1", "2");
    assertThat(rows(database, "SELECT unnest(\"values\") FROM prom_info.label WHERE key = 'job'"))
        .containsExactly("y");
  }

  @Test
  @DisplayName("What would delete everything, or cannot be read, is refused with a hint")
  default void refused() {
    assertRefused("'job=x', 'nonsense'", "no matcher: nonsense", "Write name=value");
    assertRefused("'job=~.*'", "these matchers would delete every series", "At least one");
    assertRefused("'job!=x'", "these matchers would delete every series", "At least one");
    assertRefused("'job=~('", "invalid regular expression", "");
  }

  private void assertRefused(String arguments, String message, String hint) {
    assertThatThrownBy(() -> rows(database(), "SELECT prom_api.delete_series(" + arguments + ")"))
        .hasMessageContaining(message)
        .hasMessageContaining(hint);
  }

  @Test
  @DisplayName("A metric that is not there, and a retention that is too short, are refused")
  default void unknownMetric() {
    for (String call :
        List.of(
            "drop_metric('nothing')",
            "set_metric_retention_period('nothing', '1 day')",
            "reset_metric_retention_period('nothing')",
            "get_metric_retention_period('nothing')")) {
      assertThatThrownBy(() -> rows(database(), "SELECT prom_api." + call))
          .as(call)
          .hasMessageContaining("there is no metric \"nothing\"")
          .hasMessageContaining("prom_info.metric");
    }
    assertThatThrownBy(
            () -> rows(database(), "SELECT prom_api.set_default_retention_period('59 min')"))
        .hasMessageContaining("too short")
        .hasMessageContaining("1 hour");
  }
}
