package org.promscale.testbed;

/** A sample that PostgreSQL refuses. */
public final class Poison {

  /** The value that is refused once {@link #SQL} has run. */
  public static final double VALUE = 666;

  /** Makes the database refuse the value, as data that it cannot take. */
  public static final String SQL =
      """
      CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.value = 666 THEN RAISE EXCEPTION 'poison' USING ERRCODE = '22000'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON prom_data.sample
        FOR EACH ROW EXECUTE FUNCTION public.refuse();
      """;

  private Poison() {}
}
