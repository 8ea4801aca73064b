package org.lanewise.fuzz;

import java.util.Locale;
import org.lanewise.bench.cli.JsonTarget;
import org.lanewise.bench.nativelib.NativeOptionsTarget;
import org.lanewise.conformance.remote.ProtocolTarget;

/** The front doors. */
public enum Targets {
  /** The reader of safetensors files. */
  SAFETENSORS,
  /** The readers of case files, result files, grids and policies. */
  JSON,
  /** The public functions of the kernels module. */
  FRONT_DOOR,
  /** What a process under test may answer. */
  PROTOCOL,
  /** What a native library may say of itself, and what the native kernels may be handed. */
  NATIVE_OPTIONS;

  /** A target of its own state. */
  public Target create() {
    return switch (this) {
      case SAFETENSORS -> new SafetensorsTarget();
      case JSON -> new JsonTarget();
      case FRONT_DOOR -> new FrontDoorTarget();
      case PROTOCOL -> new ProtocolTarget();
      case NATIVE_OPTIONS -> new NativeOptionsTarget();
    };
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
