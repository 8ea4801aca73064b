package org.lanewise.fuzz;

import java.util.Locale;
import java.util.function.Supplier;
import org.lanewise.bench.cli.JsonTarget;
import org.lanewise.bench.nativelib.NativeOptionsTarget;
import org.lanewise.conformance.remote.ProtocolTarget;

/** The front doors. */
public enum Targets {
  /** The reader of safetensors files. */
  SAFETENSORS(SafetensorsTarget::new),
  /** The readers of case files, result files, grids and policies. */
  JSON(JsonTarget::new),
  /** The public functions of the kernels module. */
  FRONT_DOOR(FrontDoorTarget::new),
  /** What a process under test may answer. */
  PROTOCOL(ProtocolTarget::new),
  /** What a native library may say of itself, and what the native kernels may be handed. */
  NATIVE_OPTIONS(NativeOptionsTarget::new);

  private final Supplier<Target> target;

  Targets(Supplier<Target> target) {
    this.target = target;
  }

  /** A target of its own state. */
  public Target create() {
    return target.get();
  }

  /** The name on the command line and of the folder of the corpus. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The target of a name. */
  public static Targets of(String id) {
    return valueOf(id.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
