package org.promscale.launcher;

import fish.payara.micro.PayaraMicro;

/** Entry point of the uber-jar. */
public final class Main {

  private Main() {}

  /** Starts the connector; see {@code -help}. */
  public static void main(String[] args) throws Exception {
    PayaraMicro.main(new String[] {"--nohazelcast", "--disablephonehome", "--port", "9201"});
  }
}
