import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.Reduction;

/**
 * BCE of a kernel for a program in another language: reads float32 logits in little-endian bytes, and writes the losses at
 * target 0, those at target 1, the gradients at target 0 and those at target 1.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp bench/target/lanewise.jar bench/peers/KernelValues.java vector}
 */
class KernelValues {
  public static void main(String[] args) throws IOException {
    byte[] bytes = System.in.readAllBytes();
    int length = bytes.length / Float.BYTES;
    float[] logits = new float[length];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(logits);
    BceWithLogits loss = BceWithLogits.on(Kernels.require(args[0])).reduction(Reduction.NONE);
    float[][] losses = new float[2][length];
    float[][] gradients = new float[2][length];
    for (int t = 0; t < 2; t++) {
      float[] target = new float[length];
      Arrays.fill(target, t);
      loss.elementwise(logits, target, length, 1, losses[t], gradients[t]);
    }
    ByteBuffer out = ByteBuffer.allocate(4 * bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] values : new float[][] {losses[0], losses[1], gradients[0], gradients[1]}) {
      for (float value : values) {
        out.putFloat(value);
      }
    }
    System.out.write(out.array());
    System.out.flush();
  }
}
