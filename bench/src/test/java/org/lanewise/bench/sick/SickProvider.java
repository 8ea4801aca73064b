package org.lanewise.bench.sick;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lanewise.kernels.scalar.ScalarKernelProvider;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * A kernel as a third party might bring it: the float32 BCE of {@code scalar} under an id of its own, and one sickness that
 * only a process of its own can contain.
 */
public abstract class SickProvider implements KernelProvider {
  /** Calls of so many elements fall ill, all others are sound: only a few cases have that size. */
  public static final int SICK_SIZE = 997;

  /** What happens in a call that falls ill, before its results are computed. */
  void fallIll() throws Exception {}

  /** Whether a call falls ill. */
  boolean isSick(BceWithLogitsCall<float[]> call) {
    return call.rows * call.columns == SICK_SIZE;
  }

  @Override
  public String id() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  @Override
  public String description() {
    return "a sickness of its own";
  }

  @Override
  public Availability availability() {
    return Availability.AVAILABLE;
  }

  @Override
  public int lanes() {
    return 1;
  }

  @Override
  public List<Declaration> declarations() {
    return List.of(new Declaration(Operation.BCE_WITH_LOGITS, DType.FLOAT32, 1, 1, 2, 1.5, false, false));
  }

  @Override
  @SuppressWarnings("unchecked") // only float32 is declared
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    BceWithLogitsKernel<float[]> sound = new ScalarKernelProvider().bceWithLogits(dtype);
    return (BceWithLogitsKernel<A>)
        (BceWithLogitsKernel<float[]>)
            call -> {
              if (isSick(call)) {
                try {
                  fallIll();
                } catch (Exception e) {
                  throw e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
                }
              }
              sound.compute(call);
            };
  }

  @Override
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    throw new UnsupportedOperationException("not declared");
  }

  /** Not sick. */
  public static final class Healthy extends SickProvider {}

  /** Ends the JVM and claims success. */
  public static final class Exits extends SickProvider {
    @Override
    void fallIll() {
      System.exit(0);
    }
  }

  /** Never returns. */
  public static final class LoopsForever extends SickProvider {
    private volatile boolean waits = true;

    @Override
    void fallIll() {
      while (waits) {
        Thread.onSpinWait();
      }
    }
  }

  /** Never lets go of memory. */
  public static final class EatsHeap extends SickProvider {
    private static final List<byte[]> KEPT = new ArrayList<>();

    @Override
    void fallIll() {
      while (true) {
        KEPT.add(new byte[1 << 20]);
      }
    }
  }

  /** Throws. */
  public static final class Throws extends SickProvider {
    @Override
    void fallIll() {
      throw new IllegalStateException("table of 1,024 entries exhausted");
    }
  }

  /** Calls itself for ever. */
  @SuppressWarnings({"InfiniteRecursion", "UnusedVariable"}) // the sickness, and what keeps it from being compiled to a loop
  public static final class OverflowsStack extends SickProvider {
    private int depth;

    @Override
    void fallIll() {
      depth++;
      fallIll();
      depth--;
    }
  }

  /** Prints in every call; its results are right. */
  public static final class Prints extends SickProvider {
    @Override
    boolean isSick(BceWithLogitsCall<float[]> call) {
      System.out.println(call.columns + " columns");
      return super.isSick(call);
    }
  }

  /** Writes to the file descriptor that is standard output, past {@link System#out}; its results are right. */
  public static final class PrintsPastSystemOut extends SickProvider {
    @Override
    void fallIll() throws IOException {
      new FileOutputStream(FileDescriptor.out).write("997 columns\n".getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Closes standard input; its results are right. */
  public static final class ClosesStandardInput extends SickProvider {
    @Override
    void fallIll() throws IOException {
      System.in.close();
    }
  }

  /** Leaves a thread behind that keeps the JVM alive; its results are right. */
  public static final class LeavesThread extends SickProvider {
    @Override
    void fallIll() {
      Thread.ofPlatform()
          .daemon(false)
          .start(
              () -> {
                while (true) {
                  try {
                    Thread.sleep(1000);
                  } catch (InterruptedException goesOn) {
                    Thread.onSpinWait();
                  }
                }
              });
    }
  }

  /** Keeps the JVM from ending; its results are right. */
  public static final class HangsAtExit extends SickProvider {
    @Override
    void fallIll() {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    while (true) {
                      Thread.onSpinWait();
                    }
                  }));
    }
  }

  /** Cannot be made. */
  public static final class ThrowsWhenMade extends SickProvider {
    /** For the ServiceLoader. */
    public ThrowsWhenMade() {
      throw new IllegalStateException("no licence found");
    }
  }

  /** Ends the JVM when it is made. */
  public static final class ExitsWhenMade extends SickProvider {
    /** For the ServiceLoader. */
    public ExitsWhenMade() {
      System.exit(0);
    }
  }

  /** Takes the id of a built-in provider. */
  public static final class TakesBuiltInId extends SickProvider {
    @Override
    public String id() {
      return "scalar";
    }
  }

  /** Cannot run on any machine. */
  public static final class Unavailable extends SickProvider {
    @Override
    public Availability availability() {
      return Availability.unavailable("This CPU lacks the instructions.", "Use another CPU.");
    }
  }
}
