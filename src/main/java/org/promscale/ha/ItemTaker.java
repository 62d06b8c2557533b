package org.promscale.ha;

import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;

/** Takes items of one batch, whatever it does with them. One thread. */
interface ItemTaker {

  /** Takes a sample of the batch, by its index. */
  void addSample(int index);

  /** Takes a histogram of the batch. */
  void add(HistogramSample histogram);

  /** Takes an exemplar of the batch. */
  void add(Exemplar exemplar);
}
