package org.promscale.storage;

import org.jspecify.annotations.Nullable;

/**
 * The database cannot be used as it is, and trying again will not help. The message is one or two
 * sentences for the person who runs the connector: what is wrong and what to do.
 */
public final class SchemaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Makes an exception with a message for an operator. */
  public SchemaException(String message) {
    this(message, null);
  }

  /** Makes an exception with a message for an operator and the cause for the log. */
  public SchemaException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
