package org.promscale.ingest;

/**
 * What became of a request that did not fail as a whole.
 *
 * @param items everything the request carried
 * @param rejections what of it can never be stored; the rest is stored
 */
public record IngestReport(long items, Rejections rejections) {

  /** Tells whether everything was accepted. */
  public boolean isComplete() {
    return rejections.total() == 0;
  }
}
