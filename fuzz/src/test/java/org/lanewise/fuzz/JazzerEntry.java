package org.lanewise.fuzz;

/** Where Jazzer comes in: it calls this with the inputs that it makes. */
public final class JazzerEntry {
  private static Target target;

  private JazzerEntry() {}

  /** Called once, before all inputs. */
  public static void fuzzerInitialize() throws Exception {
    target = new Limits(Targets.of(System.getProperty("lanewise.fuzz.target")).create());
  }

  /** Called with each input; an exception is a finding. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    target.feed(input);
  }
}
