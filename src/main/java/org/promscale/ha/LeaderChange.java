package org.promscale.ha;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The wish that another replica leads.
 *
 * @param winner the replica
 * @param cause why
 * @param actor who asked for it; null where nobody did
 * @param reason what that person says
 */
public record LeaderChange(
    String winner, Cause cause, @Nullable String actor, @Nullable String reason) {

  /** Why leadership changes. */
  public enum Cause {
    /** The leader has committed nothing for its timeout. */
    SILENT,
    /** The leader has been leaving holes for four timeouts. */
    LAGGING,
    /** An operator wants another one. */
    HANDED_OVER,
    /** An operator has pinned another one, and it delivers again. */
    PINNED,
    /** An operator wants the leader not to lead. */
    DRAINED;

    /** Returns it as it stands in the history of terms. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Tells whether nobody asked for it. */
    public boolean isAutomatic() {
      return this == SILENT || this == LAGGING;
    }

    /**
     * Tells whether the old leader delivers meanwhile: its commits do not stop the change, and it
     * delivers its rest itself before anybody fills what it has left open.
     */
    public boolean leaderLives() {
      return this != SILENT;
    }
  }

  /** Returns a change that nobody asked for. */
  public static LeaderChange automatic(String winner, Cause cause) {
    return new LeaderChange(winner, cause, null, null);
  }

  /** Returns the change from a silent leader. */
  public static LeaderChange silent(String winner) {
    return automatic(winner, Cause.SILENT);
  }
}
