package org.promscale.load;

/** Something that is measured. */
@FunctionalInterface
interface Scenario {

  /** Measures and writes down what came of it. */
  void run(Performance asked, RawResult result) throws Exception;
}
