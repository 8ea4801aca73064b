package org.lanewise.bench.opencl;

import java.util.Map;

/** A function of OpenCL that failed: which one, and how. */
public final class OpenClException extends RuntimeException {
  private static final long serialVersionUID = 1;

  static final int DEVICE_NOT_FOUND = -1;
  static final int PLATFORM_NOT_FOUND = -1001;

  /** Those that a user can meet, under the names of the OpenCL headers. */
  private static final Map<Integer, String> NAMES =
      Map.of(
          DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND",
          -2, "CL_DEVICE_NOT_AVAILABLE",
          -3, "CL_COMPILER_NOT_AVAILABLE",
          -4, "CL_MEM_OBJECT_ALLOCATION_FAILURE",
          -5, "CL_OUT_OF_RESOURCES",
          -6, "CL_OUT_OF_HOST_MEMORY",
          -11, "CL_BUILD_PROGRAM_FAILURE",
          -61, "CL_INVALID_BUFFER_SIZE",
          PLATFORM_NOT_FOUND, "CL_PLATFORM_NOT_FOUND_KHR");

  /** The error code. */
  private final int code;

  OpenClException(String function, int code) {
    super("%s answered %d%s.".formatted(function, code, NAMES.containsKey(code) ? ", " + NAMES.get(code) : ""));
    this.code = code;
  }

  OpenClException(String message) {
    super(message);
    this.code = 0;
  }

  /** Whether the device, or the host, has too little memory. */
  boolean isOutOfMemory() {
    return code == -4 || code == -5 || code == -6 || code == -61;
  }

  int code() {
    return code;
  }
}
