package org.lanewise.conformance.fresh;
import java.util.List;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
/** Stub. */
public final class FreshCases {
  private FreshCases() {}
  /** Stub. */
  public static List<ReferenceCase> draw(long seed, Operation operation, DType dtype, int count) { return List.of(); }
}
