package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.Lease;
import org.promscale.ha.Seam;

/** When a change of leader is told, by whom, and in which words. */
class LeaderChangeLogTest {

  private static final long START = 1_764_000_000_000L;

  private final Logger logger = Logger.getLogger(LeaderChangeLog.class.getName());
  private final List<String> lines = new ArrayList<>();
  private final Handler ear = new Ear();
  private final Ledger ledger = new Ledger();
  private final List<String> heard = new ArrayList<>();

  @BeforeEach
  void listen() {
    logger.addHandler(ear);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void listenNoMore() {
    logger.removeHandler(ear);
    logger.setUseParentHandlers(true);
  }

  private void look(TermLedger.NewTerm... open) {
    ledger.open = List.of(open);
    log().look();
  }

  private LeaderChangeLog log() {
    HaListener listener =
        new HaListener() {
          @Override
          public void changeMeasured(
              String cluster, String cause, @Nullable Long failoverMs, @Nullable Long holeMs) {
            heard.add(cluster + " " + cause + " " + failoverMs + " " + holeMs);
          }
        };
    return new LeaderChangeLog(ledger, Runnable::run, listener);
  }

  private static TermLedger.NewTerm silent(
      @Nullable Long failoverMs, long frontierMs, long ageMs, boolean over, boolean seamOpen) {
    return new TermLedger.NewTerm(
        1,
        0,
        "prod",
        2,
        "a",
        "b",
        START,
        "silent",
        null,
        null,
        45_600,
        failoverMs,
        frontierMs,
        ageMs,
        over,
        seamOpen);
  }

  @Test
  @DisplayName("A takeover whose seam is filled is told in one line with all of it")
  void told() {
    look(silent(47_250L, START + 60_000, 20_000, false, false));
    assertThat(lines)
        .containsExactly(
            "INFO cluster prod: leader a -> b, term 2, silent; a is stored until"
                + " 2025-11-24T16:00:00Z, b from there on; a had been silent for 45 s; nothing was"
                + " stored for 47.2 s, no hole is left");
    assertThat(heard).containsExactly("prod silent 47250 0");
  }

  @Test
  @DisplayName("An order is told with who gave it and why")
  void ordered() {
    look(
        new TermLedger.NewTerm(
            1,
            0,
            "prod",
            3,
            "b",
            "a",
            START,
            "handed over",
            "alice",
            "upgrade\nof b",
            900,
            2_000L,
            START + 60_000,
            20_000,
            false,
            false));
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).contains("term 3, handed over by alice (upgrade").doesNotContain("\n");
  }

  @Test
  @DisplayName("A hole that is left is a warning, and counted")
  void hole() {
    ledger.seam = new Seam(9, 30_000, 15_000);
    look(silent(47_250L, START + 60_000, 20_000, false, false));
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).startsWith("WARNING").endsWith("a hole of 30.0 s is left");
    assertThat(heard).containsExactly("prod silent 47250 30000");
  }

  @Test
  @DisplayName("While the seam is filled, or nothing is stored yet, nothing is told")
  void notYet() {
    look(silent(47_250L, START + 60_000, 20_000, false, true));
    look(silent(null, START, 20_000, false, false));
    assertThat(ledger.measured).isZero();
    assertThat(lines).isEmpty();
  }

  @Test
  @DisplayName("After two minutes, or when the term is over, it is told all the same")
  void late() {
    look(silent(null, START, 120_000, false, true));
    look(silent(null, START, 20_000, true, false));
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).contains("b has stored nothing yet");
  }

  @Test
  @DisplayName("Samples that come seldom are waited for, and not asked for in between")
  void seldom() {
    ledger.seam = new Seam(0, 0, 60_000);
    LeaderChangeLog log = log();
    for (long frontier : new long[] {10_000, 20_000, 119_000}) {
      ledger.open = List.of(silent(47_250L, START + frontier, 20_000, false, false));
      log.look();
    }
    assertThat(lines).isEmpty();
    assertThat(ledger.measured).isOne();
    ledger.seam = new Seam(5, 0, 60_000);
    ledger.open = List.of(silent(47_250L, START + 120_000, 20_000, false, false));
    log.look();
    assertThat(lines).hasSize(1);
  }

  @Test
  @DisplayName("What another connector has told is not told again")
  void toldByAnother() {
    ledger.closes = false;
    look(silent(47_250L, START + 60_000, 20_000, false, false));
    assertThat(lines).isEmpty();
    assertThat(heard).isEmpty();
  }

  @Test
  @DisplayName("A leader that never stored anything leaves no hole to measure")
  void nothingBefore() {
    look(
        new TermLedger.NewTerm(
            1,
            0,
            "prod",
            2,
            "a",
            "b",
            Lease.NO_TIME,
            "silent",
            null,
            null,
            45_600,
            null,
            START,
            130_000,
            false,
            false));
    assertThat(ledger.measured).isZero();
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).contains("a is stored until never").endsWith("holes not measured");
  }

  private static final class Ledger implements TermLedger {
    private List<NewTerm> open = List.of();
    private Seam seam = new Seam(200, 0, 15_000);
    private boolean closes = true;
    private int measured;

    @Override
    public List<NewTerm> open() {
      return open;
    }

    @Override
    public Seam measure(NewTerm term) {
      measured++;
      return seam;
    }

    @Override
    public boolean close(NewTerm term, @Nullable Long holeMs) {
      return closes;
    }
  }

  private final class Ear extends Handler {
    @Override
    public void publish(LogRecord line) {
      lines.add(
          line.getLevel() + " " + new java.util.logging.SimpleFormatter().formatMessage(line));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
