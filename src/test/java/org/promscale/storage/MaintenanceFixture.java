package org.promscale.storage;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.promscale.ingest.MaintenanceListener;
import org.promscale.model.Labels;

/** Databases with samples of some days, and runs of maintenance as of a day in their past. */
interface MaintenanceFixture extends StorageFixture {

  /** Noon of the day that tests call day 0. */
  Instant DAY_0 = Instant.parse("2024-05-01T12:00:00Z");

  /** Stores one sample of a series at noon of each of these days. */
  default void samplesAt(DataSource database, long series, int... days) throws SQLException {
    Partitions partitions = Partitions.load(database);
    for (int day : days) {
      Instant time = DAY_0.plus(Duration.ofDays(day));
      partitions.ensure(new TreeSet<>(List.of(partitions.slotOf(time.toEpochMilli()))));
      execute(
          database,
          "INSERT INTO prom_data.sample VALUES ('%s', %d, %d)".formatted(time, series, day));
    }
  }

  /** Registers one series of a metric with a label, as if it had been long ago. */
  default long oldSeries(DataSource database, String metric, String job) throws SQLException {
    long id = register(database, Labels.of("__name__", metric, "job", job))[0];
    execute(
        database,
        "UPDATE _prom_catalog.series SET created_at = '2024-01-01'",
        "UPDATE _prom_catalog.maintenance_state SET forget_after = '2024-01-01'");
    return id;
  }

  /** Makes a connector's maintenance whose clock stands at noon of this day. */
  default Maintenance maintenance(DataSource database, String connector, int day) {
    InstantSource clock = InstantSource.fixed(DAY_0.plus(Duration.ofDays(day)));
    return new Maintenance(database, connector, MaintenanceListener.NONE, clock, System::nanoTime);
  }

  /** Goes on with the connector's run to its end. */
  static void runOnce(Maintenance maintenance) throws SQLException {
    boolean more = true;
    while (more) {
      more = maintenance.tick();
    }
  }

  /** Lets one whole run happen now, as of noon of this day; returns what went wrong or nothing. */
  default String maintain(DataSource database, int day) throws SQLException {
    execute(
        database,
        "UPDATE _prom_catalog.maintenance_run SET ended_at = ended_at - interval '1 hour'");
    runOnce(maintenance(database, "test", day));
    return rows(
            database,
            "SELECT running, trouble FROM prom_info.maintenance ORDER BY run_id DESC LIMIT 1")
        .get(0)
        .replaceFirst("^f\\|", "");
  }

  /** Returns the days of which a series has samples. */
  default List<String> days(DataSource database, long series) throws SQLException {
    return rows(
        database,
        "SELECT extract(day FROM time - '%s')::int FROM prom_data.sample WHERE series_id = %d ORDER BY time"
            .formatted(DAY_0, series));
  }
}
