package org.lanewise.conformance.remote;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** Serves the scalar kernels, and others that are sick in one way each and otherwise those. */
final class KernelChild {
  private static final List<byte[]> EATEN = new ArrayList<>();
  private static volatile boolean forever = true;

  /** What a sick kernel does after an honest call, by its id. */
  static final Map<String, Sickness> SICK =
      Map.of(
          "exits", call -> System.exit(0),
          "halts", call -> Runtime.getRuntime().halt(7),
          "loops", call -> {
            while (forever) {
              Thread.onSpinWait();
            }
          },
          "eats", call -> {
            while (true) {
              byte[] more = new byte[1 << 20];
              java.util.Arrays.fill(more, (byte) 1);
              EATEN.add(more);
            }
          },
          "throws", call -> {
            throw new IllegalStateException("I am sick");
          },
          "says-and-halts", call -> {
            System.err.println("the last words");
            Runtime.getRuntime().halt(9);
          },
          "writes-past-the-end", call -> call.loss.array[call.loss.offset + call.rows * call.columns] = 42,
          "writes-before", call -> call.loss.array[call.loss.offset - 3] = 43,
          "writes-an-input", call -> call.target.array[call.target.offset] = 44,
          "reads-outside", call -> call.loss.array[call.loss.offset] = call.logits.array[call.logits.offset - 1]);

  /** Copies inputs into outputs as they are. */
  static final String COPIES = "copies";

  interface Sickness {
    void befall(BceWithLogitsCall<float[]> call);
  }

  private KernelChild() {}

  public static void main(String[] arguments) throws IOException {
    new Server(providers()).serve(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out));
  }

  static List<KernelProvider> providers() {
    List<KernelProvider> providers = new ArrayList<>();
    providers.add(Kernels.require("scalar"));
    SICK.forEach((id, sickness) -> providers.add(new Provider(id, sickness)));
    providers.add(new Provider(COPIES, call -> {}));
    return providers;
  }

  private record Provider(String id, Sickness sickness) implements KernelProvider {
    @Override
    public String description() {
      return "of the tests";
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
      return Kernels.require("scalar").declarations();
    }

    @Override
    @SuppressWarnings("unchecked") // sicknesses are of float32
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      if (id.equals(COPIES)) {
        return KernelChild::copy;
      }
      BceWithLogitsKernel<A> honest = Kernels.require("scalar").bceWithLogits(dtype);
      return call -> {
        honest.compute(call);
        sickness.befall((BceWithLogitsCall<float[]>) call);
      };
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      return id.equals(COPIES) ? KernelChild::copy : Kernels.require("scalar").crossEntropy(dtype);
    }
  }

  private static <A> void copy(BceWithLogitsCall<A> call) {
    copy(call.logits.array, call.loss.array);
    copy(call.target.array, call.logitsGradient.array);
    copy(call.upstream.array, call.targetGradient.array);
    call.lossSum = call.gradientScale;
  }

  private static <A> void copy(CrossEntropyCall<A> call) {
    copy(call.logits.array, call.logitsGradient.array);
    copy(call.classWeight, call.targetGradient.array);
    call.lossSum = call.labelSmoothing;
    call.weightSum = call.gradientScale;
  }

  private static void copy(Object from, Object to) {
    System.arraycopy(from, 0, to, 0, java.lang.reflect.Array.getLength(from));
  }
}
