package org.lanewise.conformance.fresh;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * Draws cases of the losses: the same from the same seed, on every machine. Each is of one kind of data and of one shape and
 * choice of options; inputs that are NaN or infinite are among them.
 */
public final class FreshCases {
  /** A draw that proves nothing is drawn again, so often on average at most. */
  private static final int PATIENCE = 20;

  /** What a case is said to show where PyTorch's formula is so wrong that its error would accept anything. */
  private static final List<String> DEVIATION = List.of("formula");

  private FreshCases() {}

  /**
   * Cases of an operation.
   *
   * @param dtype float32 or float64, of all operands but class indices
   * @param trusted whether a case proves something; one that does not is drawn again
   */
  @SuppressWarnings("EnumOrdinal") // the seed of a drawn case is part of its name, so these numbers stay
  public static List<ReferenceCase> draw(
      long seed, Operation operation, DType dtype, int count, Predicate<ReferenceCase> trusted) {
    SplittableRandom random = new SplittableRandom(seed * 31 + operation.ordinal() * 7L + dtype.ordinal());
    List<ReferenceCase> cases = new ArrayList<>();
    for (int attempt = 0; cases.size() < count && attempt < PATIENCE * count; attempt++) {
      String id = "%s/%s/%s-seed-%d-%d".formatted(operation.id(), ReferenceCase.DRAWN, dtype.id(), seed, cases.size());
      RandomGenerator own = random.split();
      Drawn drawn =
          switch (operation) {
            case BCE_WITH_LOGITS -> new DrawnBce(own, dtype);
            case CROSS_ENTROPY -> new DrawnCrossEntropy(own, dtype);
          };
      ReferenceCase reference = drawn.toCase(id, List.of());
      if (!trusted.test(reference)) {
        reference = drawn.toCase(id, DEVIATION);
      }
      if (reference.deviations().isEmpty() || trusted.test(reference)) {
        cases.add(reference);
      }
    }
    return cases;
  }
}
