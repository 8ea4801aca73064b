package org.lanewise.conformance.fresh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class FreshCasesTest {
  private static final Conformance CONFORMANCE = new Conformance(ReferenceData.builtIn());

  @Test
  void theBuiltInKernelsPassWhateverIsDrawn() {
    List<String> others = new ArrayList<>();
    for (long seed : new long[] {1, 42, -7, 20_250_101, Long.MAX_VALUE}) {
      for (Operation operation : Operation.values()) {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
          List<ReferenceCase> drawn = draw(seed, operation, dtype, 100);
          assertEquals(100, drawn.size());
          for (String kernel : List.of("scalar", "vector")) {
            KernelSubject subject = new KernelSubject(Kernels.require(kernel));
            for (ReferenceCase reference : drawn) {
              List<CaseResult> results = CONFORMANCE.judge(subject, reference);
              assertTrue(results.stream().anyMatch(result -> result.verdict() == Verdict.PASSED), reference.id());
              results.stream()
                  .filter(result -> result.verdict() == Verdict.FAILED || result.verdict() == Verdict.MISTRUSTED)
                  .forEach(result -> others.add(result.toString()));
            }
          }
        }
      }
    }
    assertEquals(List.of(), others.stream().limit(8).toList(), others.size() + " not passed");
  }

  @Test
  void aSeedAlwaysDrawsTheSame() {
    for (Operation operation : Operation.values()) {
      List<ReferenceCase> first = draw(5, operation, DType.FLOAT32, 50);
      List<ReferenceCase> second = draw(5, operation, DType.FLOAT32, 50);
      List<ReferenceCase> other = draw(6, operation, DType.FLOAT32, 50);
      for (int i = 0; i < 50; i++) {
        assertEquals(first.get(i).id(), second.get(i).id());
        assertTrue(sameInputs(first.get(i), second.get(i)), first.get(i).id());
        assertFalse(sameInputs(first.get(i), other.get(i)), first.get(i).id());
      }
    }
  }

  private static List<ReferenceCase> draw(long seed, Operation operation, DType dtype, int count) {
    return FreshCases.draw(seed, operation, dtype, count, CONFORMANCE::trusts);
  }

  private static boolean sameInputs(ReferenceCase one, ReferenceCase other) {
    Map<String, Tensor> inputs = one.inputs();
    Map<String, Tensor> others = other.inputs();
    return inputs.keySet().equals(others.keySet())
        && inputs.keySet().stream().allMatch(name -> inputs.get(name).sameBits(others.get(name)));
  }
}
