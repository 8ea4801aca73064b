package org.lanewise.conformance.judgement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.conformance.cases.DataBuilder;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The rules of judgement, on cases made for the purpose. */
class JudgementTest {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;

  @TempDir Path folder;

  /** An implementation that always answers the same losses, and declares half a ULP. */
  private record Answer(float... losses) implements Subject {
    @Override
    public String id() {
      return "answer";
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
      return new Outcome.Outputs(Map.of("loss", Tensor.of(losses, losses.length)));
    }

    @Override
    public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
      return new Declaration(Operation.BCE_WITH_LOGITS, DType.FLOAT32, 0.5, 0.5, 0.5, 0.5, true, true);
    }
  }

  private record Data(float[] logits, float[] target, float[] pytorch, double[] exact, String deviations) {}

  /** Ordinary values: PyTorch is off by 3 units of 2^-20 at the first. */
  private static Data ordinary() {
    return new Data(
        new float[] {1, 2, 3}, new float[] {1, 1, 1}, new float[] {1 + 0x3p-20f, 2, 4}, new double[] {1, 2, 4}, "");
  }

  private List<CaseResult> judge(Data data, float... answer) {
    return judge(data, new Answer(answer));
  }

  private List<CaseResult> judge(Data data, Subject subject) {
    ReferenceData read =
        ReferenceData.of(
            new DataBuilder(folder)
                .floats("x", data.logits)
                .floats("t", data.target)
                .floats("p", data.pytorch)
                .doubles("e", data.exact)
                .elementwiseCase("bce_with_logits/test/made", data.logits.length, data.deviations)
                .write());
    return new Conformance(read).judge(subject, read.cases().get(0));
  }

  private void expect(Verdict pytorch, Verdict exact, Data data, float... answer) {
    List<CaseResult> results = judge(data, answer);
    assertEquals(pytorch, results.get(0).verdict(), () -> "pytorch: " + results.get(0));
    assertEquals(exact, results.get(1).verdict(), () -> "true: " + results.get(1));
  }

  @Test
  void theTruthPassesBothContracts() {
    expect(Verdict.PASSED, Verdict.PASSED, ordinary(), 1, 2, 4);
  }

  @Test
  void pytorchsOwnValuesPassItsContractButNotTheTrueOne() {
    expect(Verdict.PASSED, Verdict.FAILED, ordinary(), 1 + 0x3p-20f, 2, 4);
  }

  @Test
  void twiceTheErrorOfPytorchIsTheLimit() {
    expect(Verdict.PASSED, Verdict.FAILED, ordinary(), 1 + 0x6p-20f, 2, 4);
    expect(Verdict.FAILED, Verdict.FAILED, ordinary(), 1 + 0x6.2p-20f, 2, 4);
  }

  @Test
  void fourUlpAreAllowedWherePytorchIsExact() {
    Data exactPytorch =
        new Data(new float[] {1, 2}, new float[] {1, 1}, new float[] {1, 2}, new double[] {1, 2}, "");
    expect(Verdict.PASSED, Verdict.FAILED, exactPytorch, 1 + 0x4p-23f, 2);
    expect(Verdict.FAILED, Verdict.FAILED, exactPytorch, 1 + 0x5p-23f, 2);
  }

  @Test
  void aFailureNamesTheWorstElement() {
    Witness worst = judge(ordinary(), 1, 5, 4).get(0).worst();
    assertNotNull(worst);
    assertEquals("loss", worst.output());
    assertEquals(1, worst.index());
    assertEquals(5, worst.got());
    assertEquals(2, worst.expected());
    assertEquals(3 * 0x1p22, worst.ulp());
    assertEquals("logits=0x1.0p1 target=0x1.0p0", worst.input());
  }

  @Test
  void aWrongShapeFails() {
    List<CaseResult> results = judge(ordinary(), 1, 2);
    assertEquals(Verdict.FAILED, results.get(0).verdict());
    assertTrue(results.get(0).reason().contains("float32[2], expected float32[3]"), results.get(0).reason());
  }

  @Test
  void nonFiniteInputsFollowPytorchWhereItIsNotFinite() {
    Data data =
        new Data(
            new float[] {INF, -INF, NAN, 1, 2},
            new float[] {0, 0, 0, 1, 1},
            new float[] {INF, NAN, NAN, 1, 2},
            new double[] {INF, 0, NAN, 1, 2},
            "");
    expect(Verdict.PASSED, Verdict.PASSED, data, INF, NAN, NAN, 1, 2);
    expect(Verdict.FAILED, Verdict.PASSED, data, INF, 0, NAN, 1, 2);
    expect(Verdict.FAILED, Verdict.PASSED, data, -INF, NAN, NAN, 1, 2);
    expect(Verdict.FAILED, Verdict.PASSED, data, INF, NAN, 5, 1, 2);
    expect(Verdict.FAILED, Verdict.FAILED, data, INF, NAN, NAN, NAN, 2);
    expect(Verdict.FAILED, Verdict.FAILED, data, INF, NAN, NAN, INF, 2);
  }

  @Test
  void aLossIsNeverMinusZero() {
    Data data =
        new Data(new float[] {1, 2}, new float[] {1, 1}, new float[] {0, 2}, new double[] {Double.MIN_VALUE, 2}, "");
    expect(Verdict.PASSED, Verdict.PASSED, data, 0f, 2);
    expect(Verdict.PASSED, Verdict.FAILED, data, -0f, 2);
  }

  @Test
  void aCaseThatAcceptsZerosIsMistrusted() {
    // PyTorch returned 0 where the truth is 1: twice its error would accept nearly anything.
    Data data = new Data(new float[] {1, 2}, new float[] {1, 1}, new float[] {0, 0}, new double[] {1, 1}, "");
    List<CaseResult> results = judge(data, 1, 1);
    assertEquals(Verdict.MISTRUSTED, results.get(0).verdict());
    assertEquals(Verdict.MISTRUSTED, results.get(1).verdict());
    assertTrue(results.get(0).reason().contains("all zero"), results.get(0).reason());
  }

  @Test
  void aCaseThatAcceptsAShiftIsMistrusted() {
    Data data =
        new Data(new float[] {1, 2}, new float[] {1, 1}, new float[] {1.05f, 1.1f}, new double[] {1, 1.1}, "");
    List<CaseResult> results = judge(data, 1, 1.1f);
    assertEquals(Verdict.MISTRUSTED, results.get(0).verdict());
  }

  @Test
  void anInfinityOfPytorchForFiniteInputsNeedsADeviation() {
    Data unnamed =
        new Data(new float[] {1, 2, 3}, new float[] {1, 1, 1}, new float[] {INF, 2, 3}, new double[] {1, 2, 3}, "");
    assertEquals(Verdict.MISTRUSTED, judge(unnamed, 1, 2, 3).get(0).verdict());
    Data named = new Data(unnamed.logits, unnamed.target, unnamed.pytorch, unnamed.exact, "\"made-up\"");
    expect(Verdict.PASSED, Verdict.PASSED, named, 1, 2, 3);
    expect(Verdict.FAILED, Verdict.FAILED, named, INF, 2, 3);
  }

  @Test
  void aDeviationThatACaseDoesNotShowIsMistrusted() {
    Data ordinary = ordinary();
    Data named = new Data(ordinary.logits, ordinary.target, ordinary.pytorch, ordinary.exact, "\"made-up\"");
    CaseResult result = judge(named, 1, 2, 4).get(0);
    assertEquals(Verdict.MISTRUSTED, result.verdict());
    assertTrue(result.reason().contains("'made-up'"), result.reason());
  }

  @Test
  void anImplementationThatWritesToItsInputsFails() {
    Subject writing =
        new Forwarding(new Answer(1, 2, 4), outcome -> outcome) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            inputs.get("target").floats()[1] = 0;
            return super.run(reference, inputs);
          }
        };
    CaseResult result = judge(ordinary(), writing).get(0);
    assertEquals(Verdict.FAILED, result.verdict());
    assertTrue(result.reason().contains("'target'"), result.reason());
    assertEquals(Verdict.PASSED, judge(ordinary(), 1, 2, 4).get(0).verdict(), "the data is as it was");
  }

  @Test
  void anOverflowOfTheTruthIsAnInfinity() {
    Data data =
        new Data(new float[] {1, 2}, new float[] {1, 1}, new float[] {INF, 2}, new double[] {1e39, 2}, "");
    expect(Verdict.PASSED, Verdict.PASSED, data, INF, 2);
    expect(Verdict.FAILED, Verdict.PASSED, data, Float.MAX_VALUE, 2);
  }

  @Test
  void anUnknownOptionOrInputIsAFaultOfTheData() {
    for (String change : List.of("\"temperature\":2,", "\"axis\":\"x\",")) {
      DataBuilder builder =
          new DataBuilder(folder)
              .floats("x", 1, 2)
              .floats("t", 1, 1)
              .floats("p", 1, 2)
              .doubles("e", 1, 2)
              .elementwiseCase("bce_with_logits/test/made", 2, "");
      String json = builder.casesJson().replace("\"reduction\"", change + "\"reduction\"");
      ReferenceData read = ReferenceData.of(builder.replace("cases/x.json", json.getBytes(StandardCharsets.UTF_8)).write());
      DataException fault =
          assertThrows(
              DataException.class,
              () -> new Conformance(read).judge(new KernelSubject(Kernels.require("scalar")), read.cases().get(0)));
      assertTrue(fault.getMessage().contains(change.substring(1, 5)), fault.getMessage());
    }
  }

  @Test
  void anErrorWhereValuesAreExpectedFails() {
    Subject raising =
        new Forwarding(
            new Answer(1), outcome -> new Subject.Outcome.Raised("RuntimeError", "expected scalar type Long but found Byte"));
    CaseResult result = judge(ordinary(), raising).get(0);
    assertEquals(Verdict.FAILED, result.verdict());
    assertTrue(result.reason().contains("expected scalar type Long"), result.reason());
    assertNull(result.worst());
  }

  private static class Forwarding implements Subject {
    private final Subject subject;
    private final UnaryOperator<Outcome> change;

    Forwarding(Subject subject, UnaryOperator<Outcome> change) {
      this.subject = subject;
      this.change = change;
    }

    @Override
    public String id() {
      return subject.id();
    }

    @Override
    public boolean lists(ReferenceCase reference) {
      return subject.lists(reference);
    }

    @Override
    public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
      return subject.notRun(reference, inputs);
    }

    @Override
    public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
      return change.apply(subject.run(reference, inputs));
    }

    @Override
    public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
      return subject.declaration(reference, inputs);
    }
  }
}
