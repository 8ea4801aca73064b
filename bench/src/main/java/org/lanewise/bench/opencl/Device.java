package org.lanewise.bench.opencl;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A device that the kernels can run on.
 *
 * @param id OpenCL's pointer
 * @param name as the driver gives it
 * @param driver the driver's name and version
 * @param processor whether it is a CPU
 */
record Device(MemorySegment id, String name, String driver, boolean processor) {
  private static final String INSTALL =
      "Install the driver of a GPU with its OpenCL part, or PoCL for the CPU (on Debian: apt-get install pocl-opencl-icd).";

  /**
   * What was found.
   *
   * @param device the device to use; null for none
   * @param reason why there is none, in one sentence
   * @param remedy what to do about it
   */
  record Found(@Nullable Device device, @Nullable String reason, @Nullable String remedy) {
    private static Found nothing(String reason, String remedy) {
      return new Found(null, reason, remedy);
    }
  }

  /** The device of this machine, looked for once: no device comes or goes. */
  private static final class Here {
    static final Found FOUND = find();
  }

  static Found here() {
    return Here.FOUND;
  }

  /** The first GPU, otherwise the first device, that has what the kernels need. */
  private static Found find() {
    if (OpenClLibrary.symbols() == null) {
      return Found.nothing(
          "There is no OpenCL library on this machine (%s).".formatted(OpenClLibrary.NAMES.getFirst()),
          "Install a loader (on Debian: apt-get install ocl-icd-libopencl1) and the driver of a GPU, or PoCL for the CPU"
              + " (pocl-opencl-icd).");
    }
    try {
      MemorySegment[] platforms = OpenCl.platforms();
      if (platforms.length == 0) {
        return Found.nothing("The OpenCL library finds no driver.", INSTALL);
      }
      List<Device> usable = new ArrayList<>();
      List<String> lacking = new ArrayList<>();
      for (MemorySegment platform : platforms) {
        find(platform, usable, lacking);
      }
      if (usable.isEmpty()) {
        return Found.nothing(lacking.getFirst(), INSTALL);
      }
      return new Found(
          usable.stream().filter(device -> !device.processor()).findFirst().orElse(usable.getFirst()), null, null);
    } catch (OpenClException e) {
      return Found.nothing("OpenCL does not work here: %s".formatted(e.getMessage()), INSTALL);
    } catch (ExceptionInInitializerError e) { // a library that lacks a function
      return Found.nothing("OpenCL does not work here: %s".formatted(Objects.requireNonNullElse(e.getCause(), e).getMessage()), INSTALL);
    }
  }

  /** The devices of a driver; one that fails is no reason to do without another. */
  private static void find(MemorySegment platform, List<Device> usable, List<String> lacking) {
    String driver = "unknown";
    try {
      driver = OpenCl.platformText(platform, OpenCl.PLATFORM_NAME);
      MemorySegment[] devices = OpenCl.devices(platform);
      if (devices.length == 0) {
        lacking.add("The OpenCL driver '%s' has no device.".formatted(driver));
      }
      for (MemorySegment id : devices) {
        String lacks = lacks(id);
        if (lacks == null) {
          usable.add(of(id, driver));
        } else {
          lacking.add("The OpenCL device '%s' has no %s.".formatted(OpenCl.deviceText(id, OpenCl.DEVICE_NAME), lacks));
        }
      }
    } catch (OpenClException e) {
      lacking.add("The OpenCL driver '%s' does not work: %s".formatted(driver, e.getMessage()));
    }
  }

  /** What the kernels need and a device has not; null for nothing. */
  private static @Nullable String lacks(MemorySegment id) {
    if (OpenCl.deviceNumber(id, OpenCl.DEVICE_AVAILABLE) == 0) {
      return "connection to the machine";
    }
    if (OpenCl.deviceNumber(id, OpenCl.DEVICE_COMPILER_AVAILABLE) == 0) {
      return "compiler";
    }
    if (!OpenCl.deviceText(id, OpenCl.DEVICE_EXTENSIONS).contains("cl_khr_fp64")) {
      return "double precision (cl_khr_fp64), which sums and weighted losses are computed in";
    }
    return null;
  }

  private static Device of(MemorySegment id, String driver) {
    return new Device(
        id,
        OpenCl.deviceText(id, OpenCl.DEVICE_NAME),
        driver + " " + OpenCl.deviceText(id, OpenCl.DRIVER_VERSION),
        (OpenCl.deviceNumber(id, OpenCl.DEVICE_TYPE) & OpenCl.DEVICE_TYPE_CPU) != 0);
  }

  int computeUnits() {
    return (int) OpenCl.deviceNumber(id, OpenCl.DEVICE_MAX_COMPUTE_UNITS);
  }

  /** The largest group of work items. */
  int largestGroup() {
    return (int) OpenCl.deviceNumber(id, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE);
  }

  /** Whether float32 divisions can be asked to be rounded correctly. */
  boolean roundsDivisions() {
    return (OpenCl.deviceNumber(id, OpenCl.DEVICE_SINGLE_FP_CONFIG) & OpenCl.FP_CORRECTLY_ROUNDED_DIVIDE) != 0;
  }

  long memoryBytes() {
    return OpenCl.deviceNumber(id, OpenCl.DEVICE_GLOBAL_MEM_SIZE);
  }

  long cacheBytes() {
    return OpenCl.deviceNumber(id, OpenCl.DEVICE_GLOBAL_MEM_CACHE_SIZE);
  }
}
