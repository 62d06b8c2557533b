package org.promscale.ingest;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.promscale.model.SeriesTable;

/**
 * The items of one request that can never be stored, counted by reason, with one example each. One
 * thread at a time.
 */
public final class Rejections {

  private static final int EXAMPLE_BYTES = 160;
  private static final int SENTENCE_BYTES = 240;

  /** Senders log 1 KiB at the most. */
  private static final int TEXT_BYTES = 900;

  private final Map<RejectReason, Tally> tallies = new EnumMap<>(RejectReason.class);
  private final Map<Integer, Long> senders = new HashMap<>(0);
  private long total;

  /** Counts items refused for a reason; the example is only built for the first one. */
  public void add(RejectReason reason, long items, Supplier<String> example) {
    add(reason, items, reason::text, example);
  }

  /**
   * Counts items refused for a reason that is told in other words than {@link RejectReason#text}.
   * Sentence and example are only built for the first ones.
   */
  public void add(
      RejectReason reason, long items, Supplier<String> sentence, Supplier<String> example) {
    Tally tally = tallies.get(reason);
    if (tally == null) {
      tally =
          new Tally(
              OneLine.of(sentence.get(), SENTENCE_BYTES), OneLine.of(example.get(), EXAMPLE_BYTES));
      tallies.put(reason, tally);
    }
    tally.count += items;
    total += items;
  }

  /**
   * Notes that one of the refused items came from this sender.
   *
   * @param identity position in the batch's list of identities, or {@link SeriesTable#NO_IDENTITY}
   */
  void addOf(int identity) {
    if (identity != SeriesTable.NO_IDENTITY) {
      senders.merge(identity, 1L, Long::sum);
    }
  }

  /** Calls back for each sender of which items were refused for their time, with their number. */
  void forEachSender(BiConsumer<Integer, Long> action) {
    senders.forEach(action);
  }

  /** Returns the number of refused items. */
  public long total() {
    return total;
  }

  /** Calls back for each reason with its number of items. */
  public void forEach(BiConsumer<RejectReason, Long> action) {
    tallies.forEach((reason, tally) -> action.accept(reason, tally.count));
  }

  /** Returns one line for the sender: how many of how many, why, and an example for each reason. */
  public String describe(long itemsInRequest) {
    StringBuilder text = new StringBuilder();
    text.append(total).append(" of ").append(itemsInRequest).append(" items rejected");
    String separator = ": ";
    for (Map.Entry<RejectReason, Tally> entry : tallies.entrySet()) {
      StringBuilder part = new StringBuilder(separator);
      part.append(entry.getValue().count).append(" x ").append(entry.getValue().sentence);
      part.append(" (").append(entry.getValue().example).append(')');
      if (OneLine.utf8Bytes(text) + OneLine.utf8Bytes(part) > TEXT_BYTES) {
        text.append("; …");
        break;
      }
      text.append(part);
      separator = "; ";
    }
    return text.toString();
  }

  private static final class Tally {
    private final String sentence;
    private final String example;
    private long count;

    private Tally(String sentence, String example) {
      this.sentence = sentence;
      this.example = example;
    }
  }
}
