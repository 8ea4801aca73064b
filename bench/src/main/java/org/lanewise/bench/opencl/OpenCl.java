package org.lanewise.bench.opencl;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The functions of libOpenCL that are called here, all of OpenCL 1.2. Objects of OpenCL are pointers; what begins with {@code
 * create} is released by the caller or kept to the end.
 *
 * <p>The class is initialised where {@link OpenClLibrary} has found the library.
 */
@SuppressWarnings("restricted") // native access is what this class is for
final class OpenCl {
  static final long DEVICE_TYPE_ALL = 0xFFFFFFFFL;
  static final long DEVICE_TYPE_CPU = 1 << 1;
  static final int PLATFORM_NAME = 0x0902;
  static final int DEVICE_TYPE = 0x1000;
  static final int DEVICE_MAX_COMPUTE_UNITS = 0x1002;
  static final int DEVICE_MAX_WORK_GROUP_SIZE = 0x1004;
  static final int DEVICE_SINGLE_FP_CONFIG = 0x101B;
  static final int DEVICE_GLOBAL_MEM_CACHE_SIZE = 0x101E;
  static final int DEVICE_GLOBAL_MEM_SIZE = 0x101F;
  static final int DEVICE_AVAILABLE = 0x1027;
  static final int DEVICE_COMPILER_AVAILABLE = 0x1028;
  static final int DEVICE_NAME = 0x102B;
  static final int DRIVER_VERSION = 0x102D;
  static final int DEVICE_EXTENSIONS = 0x1030;
  static final long FP_CORRECTLY_ROUNDED_DIVIDE = 1 << 7;

  private static final long QUEUE_PROFILING = 1 << 1;
  private static final long MEM_READ_WRITE = 1;
  private static final long MEM_ALLOC_HOST_POINTER = 1 << 4;
  private static final long MAP_READ_WRITE = 3;
  private static final int PROGRAM_BUILD_LOG = 0x1183;
  private static final int PROFILING_START = 0x1282;
  private static final int PROFILING_END = 0x1283;

  /** A transfer that the JVM passes its own heap to holds up the garbage collector, so it is cut into parts of some ms. */
  private static final long HEAP_PART = 16 << 20;

  private static final MethodHandle GET_PLATFORMS = function("clGetPlatformIDs", JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle PLATFORM_INFO = info("clGetPlatformInfo");
  private static final MethodHandle GET_DEVICES =
      function("clGetDeviceIDs", ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle DEVICE_INFO = info("clGetDeviceInfo");
  private static final MethodHandle CREATE_CONTEXT =
      creation("clCreateContext", ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle CREATE_QUEUE =
      creation("clCreateCommandQueue", ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle CREATE_PROGRAM =
      creation("clCreateProgramWithSource", ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle BUILD_PROGRAM =
      function("clBuildProgram", ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle BUILD_INFO =
      function("clGetProgramBuildInfo", ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
  private static final MethodHandle CREATE_KERNEL = creation("clCreateKernel", ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle CREATE_BUFFER =
      creation("clCreateBuffer", ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
  private static final MethodHandle RELEASE_BUFFER = function("clReleaseMemObject", ADDRESS);
  private static final MethodHandle MAP =
      creation(
          "clEnqueueMapBuffer",
          ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle UNMAP =
      function("clEnqueueUnmapMemObject", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SET_ARGUMENT = function("clSetKernelArg", ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle LAUNCH =
      function(
          "clEnqueueNDRangeKernel",
          ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle FINISH = function("clFinish", ADDRESS);
  private static final MethodHandle EVENT_INFO = info("clGetEventProfilingInfo");
  private static final MethodHandle RELEASE_EVENT = function("clReleaseEvent", ADDRESS);
  private static final MemoryLayout[] TRANSFER = {
    ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS
  };
  private static final MethodHandle WRITE = function("clEnqueueWriteBuffer", TRANSFER);
  private static final MethodHandle READ = function("clEnqueueReadBuffer", TRANSFER);
  private static final MethodHandle COPY =
      function(
          "clEnqueueCopyBuffer",
          ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle WRITE_HEAP = onHeap("clEnqueueWriteBuffer");
  private static final MethodHandle READ_HEAP = onHeap("clEnqueueReadBuffer");

  private OpenCl() {}

  private static MemorySegment symbol(String name) {
    SymbolLookup library = OpenClLibrary.symbols();
    if (library == null) {
      throw new OpenClException("There is no OpenCL library.");
    }
    return library
        .find(name)
        .orElseThrow(() -> new OpenClException("The OpenCL library has no function %s.".formatted(name)));
  }

  private static MethodHandle function(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private static MethodHandle onHeap(String name) {
    return Linker.nativeLinker()
        .downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, TRANSFER), Linker.Option.critical(true));
  }

  /** A function that gives an object, and its error through the last pointer. */
  private static MethodHandle creation(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbol(name), FunctionDescriptor.of(ADDRESS, parameters));
  }

  private static MethodHandle info(String name) {
    return function(name, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
  }

  private static void check(String function, int code) {
    if (code != 0) {
      throw new OpenClException(function, code);
    }
  }

  /** A failure of OpenCL; whatever else an invocation throws can only be a fault of ours. */
  private static OpenClException failure(Throwable e) {
    if (e instanceof OpenClException failure) {
      return failure;
    }
    throw new AssertionError(e);
  }

  /** The drivers; none where the loader finds none. */
  static MemorySegment[] platforms() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      int code = (int) GET_PLATFORMS.invokeExact(0, NULL, count);
      if (code == OpenClException.PLATFORM_NOT_FOUND || code == 0 && count.get(JAVA_INT, 0) == 0) {
        return new MemorySegment[0];
      }
      check("clGetPlatformIDs", code);
      MemorySegment ids = arena.allocate(ADDRESS, count.get(JAVA_INT, 0));
      check("clGetPlatformIDs", (int) GET_PLATFORMS.invokeExact(count.get(JAVA_INT, 0), ids, NULL));
      return pointers(ids);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The devices of a driver; none where it has none. */
  static MemorySegment[] devices(MemorySegment platform) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      int code = (int) GET_DEVICES.invokeExact(platform, DEVICE_TYPE_ALL, 0, NULL, count);
      if (code == OpenClException.DEVICE_NOT_FOUND || code == 0 && count.get(JAVA_INT, 0) == 0) {
        return new MemorySegment[0];
      }
      check("clGetDeviceIDs", code);
      MemorySegment ids = arena.allocate(ADDRESS, count.get(JAVA_INT, 0));
      check(
          "clGetDeviceIDs",
          (int) GET_DEVICES.invokeExact(platform, DEVICE_TYPE_ALL, count.get(JAVA_INT, 0), ids, NULL));
      return pointers(ids);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private static MemorySegment[] pointers(MemorySegment array) {
    MemorySegment[] pointers = new MemorySegment[(int) (array.byteSize() / ADDRESS.byteSize())];
    Arrays.setAll(pointers, i -> array.getAtIndex(ADDRESS, i));
    return pointers;
  }

  static String platformText(MemorySegment platform, int parameter) {
    return text(info(PLATFORM_INFO, "clGetPlatformInfo", platform, parameter));
  }

  static String deviceText(MemorySegment device, int parameter) {
    return text(info(DEVICE_INFO, "clGetDeviceInfo", device, parameter));
  }

  /** A number of a device, whatever its width. */
  static long deviceNumber(MemorySegment device, int parameter) {
    byte[] bytes = info(DEVICE_INFO, "clGetDeviceInfo", device, parameter);
    // Little-endian, as all hosts of such drivers are.
    MemorySegment value = MemorySegment.ofArray(Arrays.copyOf(bytes, Long.BYTES));
    return value.get(JAVA_LONG.withByteAlignment(1), 0);
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8).strip();
  }

  private static byte[] info(MethodHandle function, String name, MemorySegment object, int parameter) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_LONG);
      check(name, (int) function.invokeExact(object, parameter, 0L, NULL, size));
      MemorySegment value = arena.allocate(Math.max(1, size.get(JAVA_LONG, 0)));
      check(name, (int) function.invokeExact(object, parameter, value.byteSize(), value, NULL));
      return value.toArray(JAVA_BYTE);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static MemorySegment createContext(MemorySegment device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(ADDRESS, device);
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment context = (MemorySegment) CREATE_CONTEXT.invokeExact(NULL, 1, devices, NULL, NULL, error);
      check("clCreateContext", error.get(JAVA_INT, 0));
      return context;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** A queue that computes in order and keeps times. */
  static MemorySegment createQueue(MemorySegment context, MemorySegment device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment queue = (MemorySegment) CREATE_QUEUE.invokeExact(context, device, QUEUE_PROFILING, error);
      check("clCreateCommandQueue", error.get(JAVA_INT, 0));
      return queue;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** A compiled program; where the compiler refuses it, its first complaint is in the message. */
  static MemorySegment createProgram(MemorySegment context, MemorySegment device, String source, String options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment sources = arena.allocateFrom(ADDRESS, arena.allocateFrom(source));
      MemorySegment program = (MemorySegment) CREATE_PROGRAM.invokeExact(context, 1, sources, NULL, error);
      check("clCreateProgramWithSource", error.get(JAVA_INT, 0));
      MemorySegment devices = arena.allocateFrom(ADDRESS, device);
      MemorySegment flags = arena.allocateFrom(options);
      int code = (int) BUILD_PROGRAM.invokeExact(program, 1, devices, flags, NULL, NULL);
      if (code != 0) {
        MemorySegment log = arena.allocate(1 << 16);
        MemorySegment size = arena.allocate(JAVA_LONG);
        int _ = (int) BUILD_INFO.invokeExact(program, device, PROGRAM_BUILD_LOG, log.byteSize(), log, size);
        String said = log.getString(0);
        throw new OpenClException(
            "The OpenCL compiler refuses the kernels (error %d): %s."
                .formatted(
                    code,
                    said.lines().filter(line -> line.contains("error")).findFirst().orElse(said).strip()));
      }
      return program;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static MemorySegment createKernel(MemorySegment program, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment kernel =
          (MemorySegment) CREATE_KERNEL.invokeExact(program, arena.allocateFrom(name), error);
      check("clCreateKernel", error.get(JAVA_INT, 0));
      return kernel;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Device memory; with {@code pinned}, of the host, where the device reaches it fastest. */
  static MemorySegment createBuffer(MemorySegment context, long bytes, boolean pinned) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      long flags = pinned ? MEM_READ_WRITE | MEM_ALLOC_HOST_POINTER : MEM_READ_WRITE;
      MemorySegment buffer = (MemorySegment) CREATE_BUFFER.invokeExact(context, flags, bytes, NULL, error);
      check("clCreateBuffer", error.get(JAVA_INT, 0));
      return buffer;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void releaseBuffer(MemorySegment buffer) {
    try {
      check("clReleaseMemObject", (int) RELEASE_BUFFER.invokeExact(buffer));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The memory of a pinned buffer, as the host sees it. */
  static MemorySegment map(MemorySegment queue, MemorySegment buffer, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment mapped =
          (MemorySegment) MAP.invokeExact(queue, buffer, 1, MAP_READ_WRITE, 0L, bytes, 0, NULL, NULL, error);
      check("clEnqueueMapBuffer", error.get(JAVA_INT, 0));
      return mapped.reinterpret(bytes);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void unmap(MemorySegment queue, MemorySegment buffer, MemorySegment mapped) {
    try {
      check("clEnqueueUnmapMemObject", (int) UNMAP.invokeExact(queue, buffer, mapped, 0, NULL, NULL));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** @param value native memory that holds the argument, a pointer to a buffer included */
  static void setArgument(MemorySegment kernel, int index, long bytes, MemorySegment value) {
    try {
      check("clSetKernelArg", (int) SET_ARGUMENT.invokeExact(kernel, index, bytes, value));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Queues a kernel.
   *
   * @param sizes native memory that holds the number of work items, of all and of a group
   * @param event native memory for the event, or null for none
   */
  static void launch(MemorySegment queue, MemorySegment kernel, MemorySegment sizes, MemorySegment event) {
    try {
      check(
          "clEnqueueNDRangeKernel",
          (int)
              LAUNCH.invokeExact(
                  queue, kernel, 1, NULL, sizes.asSlice(0, JAVA_LONG), sizes.asSlice(8, JAVA_LONG), 0, NULL, event));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Waits for all that has been queued. */
  static void finish(MemorySegment queue) {
    try {
      check("clFinish", (int) FINISH.invokeExact(queue));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** When a finished command began, in nanoseconds of the device's clock. */
  static long began(MemorySegment event) {
    return time(event, PROFILING_START);
  }

  /** When a finished command ended. */
  static long ended(MemorySegment event) {
    return time(event, PROFILING_END);
  }

  private static long time(MemorySegment event, int parameter) {
    return MemorySegment.ofArray(info(EVENT_INFO, "clGetEventProfilingInfo", event, parameter))
        .get(JAVA_LONG.withByteAlignment(1), 0);
  }

  static void releaseEvent(MemorySegment event) {
    try {
      check("clReleaseEvent", (int) RELEASE_EVENT.invokeExact(event));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Copies to the start of a buffer, and waits until that is done; from the heap without another copy. */
  static void write(MemorySegment queue, MemorySegment buffer, MemorySegment from) {
    transfer("clEnqueueWriteBuffer", from.isNative() ? WRITE : WRITE_HEAP, queue, buffer, from, true);
  }

  /** Queues a copy of native memory to the start of a buffer. */
  static void queueWrite(MemorySegment queue, MemorySegment buffer, MemorySegment from) {
    transfer("clEnqueueWriteBuffer", WRITE, queue, buffer, from, false);
  }

  /** Copies from the start of a buffer, when all that was queued before is done. */
  static void read(MemorySegment queue, MemorySegment buffer, MemorySegment to) {
    if (!to.isNative()) {
      finish(queue); // not while the garbage collector is held up
    }
    transfer("clEnqueueReadBuffer", to.isNative() ? READ : READ_HEAP, queue, buffer, to, true);
  }

  /** Queues a copy from the start of a buffer to native memory. */
  static void queueRead(MemorySegment queue, MemorySegment buffer, MemorySegment to) {
    transfer("clEnqueueReadBuffer", READ, queue, buffer, to, false);
  }

  private static void transfer(
      String name, MethodHandle function, MemorySegment queue, MemorySegment buffer, MemorySegment host, boolean wait) {
    try {
      long part = host.isNative() ? Long.MAX_VALUE : HEAP_PART;
      for (long at = 0; at < host.byteSize(); at += Math.min(part, host.byteSize() - at)) {
        MemorySegment piece = host.asSlice(at, Math.min(part, host.byteSize() - at));
        check(name, (int) function.invokeExact(queue, buffer, wait ? 1 : 0, at, piece.byteSize(), piece, 0, NULL, NULL));
      }
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Queues a copy of the first bytes of a buffer to those behind them. */
  static void copyHalf(MemorySegment queue, MemorySegment buffer, long bytes) {
    try {
      check("clEnqueueCopyBuffer", (int) COPY.invokeExact(queue, buffer, buffer, 0L, bytes, bytes, 0, NULL, NULL));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Queues a copy from one buffer to another, with an event. */
  static void copy(MemorySegment queue, MemorySegment from, MemorySegment to, long bytes, MemorySegment event) {
    try {
      check(
          "clEnqueueCopyBuffer", (int) COPY.invokeExact(queue, from, to, 0L, 0L, bytes, 0, NULL, event));
    } catch (Throwable e) {
      throw failure(e);
    }
  }
}
