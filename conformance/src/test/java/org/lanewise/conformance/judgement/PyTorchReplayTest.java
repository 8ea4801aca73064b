package org.lanewise.conformance.judgement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.Tensor;

/** PyTorch itself keeps the contract {@code pytorch}; held to the truth, it fails only where a case says that it deviates. */
class PyTorchReplayTest {
  /** Answers with what is stored of PyTorch. */
  private record Replay(boolean answersAsPytorch) implements Subject {
    @Override
    public String id() {
      return "replay";
    }

    @Override
    public boolean lists(ReferenceCase reference) {
      return true;
    }

    @Override
    public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
      return Optional.empty();
    }

    @Override
    public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
      return switch (reference.expectation()) {
        case Expectation.Error error -> new Outcome.Raised(error.torchClass(), error.message());
        case Expectation.Outputs expected -> {
          Map<String, Object> values = new HashMap<>(expected.texts());
          expected.outputs().forEach((name, output) -> values.put(name, whole(output)));
          yield new Outcome.Outputs(values);
        }
      };
    }

    /** The stored values at their positions, 0 elsewhere. */
    private static Tensor whole(Expectation.Output output) {
      if (output.positions() == null) {
        return output.pytorch().reshape(output.shape());
      }
      Tensor whole = Tensor.zeros(output.dtype(), output.shape());
      for (int i = 0; i < output.size(); i++) {
        System.arraycopy(output.pytorch().array(), i, whole.array(), output.position(i), 1);
      }
      return whole;
    }

    @Override
    public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
      return null;
    }
  }

  @Test
  void passesEveryCaseAsPytorch() {
    assertEquals(List.of(), failures(new Replay(true)).map(ReferenceCase::id).toList());
  }

  @Test
  void failsOnlyDeviatingCasesWhereItIsHeldToTheTruth() {
    List<ReferenceCase> failed = failures(new Replay(false)).toList();
    assertEquals(List.of(), failed.stream().filter(c -> c.deviations().isEmpty()).map(ReferenceCase::id).toList());
    assertTrue(failed.size() > 50, failed.size() + " deviating cases fail");
  }

  private static Stream<ReferenceCase> failures(Subject subject) {
    ReferenceData data = ReferenceData.builtIn();
    Conformance conformance = new Conformance(data);
    return data.cases().stream()
        .filter(reference -> conformance.judge(subject, reference).getFirst().verdict() != Verdict.PASSED);
  }
}
