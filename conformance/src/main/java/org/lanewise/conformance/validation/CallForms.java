package org.lanewise.conformance.validation;

import java.lang.reflect.Array;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.calls.Operand;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.judgement.Yardstick;
import org.lanewise.conformance.subject.Sentence;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * Calls a kernel directly on the units of one case, in every form of the call, and judges each result by the case: the same
 * values must come out whatever the place of operands, the size of the block, its neighbours, and whatever lies around it.
 *
 * <p>Each form is computed three times, with other values outside the block. A result that is right among zeros and wrong
 * among others shows that the kernel read there.
 */
final class CallForms {
  private static final double[] FILLS = {0, Double.NaN, 3e38};

  /** Every lane count and its neighbours, multiples, primes. */
  private static final int[] SIZES = {
    1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 97, 127, 128, 129, 191, 255, 256, 257, 511, 513
  };

  /** A sum in float32 is honest; one that leaves out or adds a loss is not. */
  private static final double SUM_ERROR = 0x1p-16;

  private static final double SUM_ERROR_FLOAT64 = 0x1p-40;

  static final Set<String> GRADIENTS = Set.of("logits_gradient", "target_gradient");

  private final KernelProvider provider;
  private final boolean reproducibleBits;
  private final Consumer<Finding> findings;

  CallForms(KernelProvider provider, boolean reproducibleBits, Consumer<Finding> findings) {
    this.provider = provider;
    this.reproducibleBits = reproducibleBits;
    this.findings = findings;
  }

  /** Checks one case; a finding a rule. */
  void check(ReferenceCase reference, Block block, Yardstick yardstick) {
    new OneCase(reference, block, yardstick).check();
  }

  private final class OneCase {
    private final ReferenceCase reference;
    private final Block block;
    private final Yardstick yardstick;
    private final Map<Rule, Finding> broken = new EnumMap<>(Rule.class);
    private @Nullable String refused;

    /** Outputs that the kernel does not supply. */
    private Set<String> refusedOutputs = Set.of();

    /** The results of the plain call, by output: a value a unit, or one a unit and class. */
    private final Map<String, double[]> plain = new HashMap<>();

    OneCase(ReferenceCase reference, Block block, Yardstick yardstick) {
      this.reference = reference;
      this.block = block;
      this.yardstick = yardstick;
    }

    void check() {
      boolean bce = block.operation() == Operation.BCE_WITH_LOGITS;
      int[] all = IntStream.range(0, block.units()).toArray();
      int rows = bce ? 1 : all.length;
      int columns = bce ? all.length : 1;
      run(Form.PLAIN, all, rows, columns);
      if (refused != null) {
        findings.accept(finding(Rule.CALL_FORMS, Verdict.SKIPPED, null, refused));
        refused = null;
        refusedOutputs = GRADIENTS;
        run(Form.PLAIN, all, rows, columns);
      }
      if (refused != null) {
        findings.accept(finding(Rule.CALL_FORMS, Verdict.SKIPPED, null, refused));
        return;
      }
      if (broken.isEmpty()) {
        sizes(bce);
        shapes(all);
        run(Form.PLAIN.named("losses left out").without("loss").within(3, 5), all, rows, columns);
        run(
            Form.PLAIN.named("gradients left out").without("logits_gradient", "target_gradient").within(3, 5),
            all,
            rows,
            columns);
        run(Form.PLAIN.named("logits gradient left out").without("logits_gradient").within(3, 5), all, rows, columns);
        run(
            Form.PLAIN.named("sums only").without("loss", "logits_gradient", "target_gradient").within(3, 5),
            all,
            rows,
            columns);
        run(Form.PLAIN.named("gradients times 4").scaled(4), all, rows, columns);
        run(Form.PLAIN.named("gradients times 1/8").scaled(0.125), all, rows, columns);
        run(Form.PLAIN.named("no rows").within(5, 40), new int[0], 0, bce ? 4 : 1);
        run(Form.PLAIN.named("no columns").within(5, 40), new int[0], 3, 0);
        neighbours(bce);
      }
      if (refused != null) {
        findings.accept(finding(Rule.CALL_FORMS, Verdict.SKIPPED, null, refused));
      }
      for (Rule rule : List.of(Rule.COMPLETION, Rule.CALL_FORMS, Rule.MEMORY, Rule.INPUTS, Rule.BITS)) {
        if (rule != Rule.BITS || reproducibleBits) {
          findings.accept(broken.getOrDefault(rule, finding(rule, Verdict.PASSED, null, null)));
        }
      }
    }

    /** Blocks of all sizes, the units of each taken from another place. */
    private void sizes(boolean bce) {
      for (int size : SIZES) {
        if (size <= block.units()) {
          int start = size * 7 % (block.units() - size + 1);
          int[] picked = IntStream.range(start, start + size).toArray();
          Form form = Form.PLAIN.named("%d units".formatted(size)).within(1 + size % 17, 16 + size % 5);
          run(form, picked, bce ? 1 : size, bce ? size : 1);
          if (!bce && size > 1) {
            run(form.named("%d inner positions".formatted(size)), picked, 1, size);
          }
        }
      }
    }

    private void shapes(int[] all) {
      for (int width : new int[] {3, 5, 16, 17, 64, 130}) {
        int height = Math.min(all.length / width, 40);
        if (height > 0) {
          int[] picked = IntStream.range(0, height * width).toArray();
          for (Form.Shape shape : Form.Shape.values()) {
            Form form = Form.PLAIN.named("%d × %d, %s".formatted(height, width, shape)).shaped(shape).within(37, 23);
            run(form, picked, height, width);
          }
        }
      }
      int columns = Math.min(17, all.length);
      int rows = Math.min(5, all.length / columns);
      int[] grid = IntStream.range(0, rows * columns).toArray();
      for (Operand operand : block.call(grid, rows, columns, Form.PLAIN, 0).operands()) {
        Form form = Form.PLAIN.named("gaps in %s alone".formatted(operand.name())).shaped(Form.Shape.GAPS).within(9, 6);
        run(form.inAlone(operand.name()), grid, rows, columns);
      }
      if (block.operation() == Operation.BCE_WITH_LOGITS) {
        int own = block.columns();
        if (own > 0 && all.length >= own) {
          Form form = Form.PLAIN.named("broadcast weights").broadcasting();
          run(form.within(11, 9), all, all.length / own, own);
          run(form.named("broadcast weights, row gaps").shaped(Form.Shape.ROW_GAPS), all, all.length / own, own);
          run(form.named("broadcast weights of one row").within(7, 0), IntStream.range(0, own).toArray(), 1, own);
        }
      }
    }

    /** Units between units whose own results are NaN or infinite, or overflow. */
    private void neighbours(boolean bce) {
      for (int period : new int[] {2, 3, 17}) {
        int[] picked = new int[Math.min(block.units(), 150) * period];
        for (int i = 0; i < picked.length; i++) {
          picked[i] = i % period == period / 2 ? i / period : Block.HOSTILE;
        }
        Form form = Form.PLAIN.named("every %d. unit among hostile ones".formatted(period));
        run(form, picked, bce ? 1 : picked.length, bce ? picked.length : 1);
        if (!bce && period == 2) {
          run(form.named("every 2. inner position among hostile ones"), picked, 1, picked.length);
        }
      }
    }

    private void run(Form asked, int[] picked, int rows, int columns) {
      Form form = asked.withoutAlso(refusedOutputs);
      boolean rightAmongZeros = true;
      for (double fill : FILLS) {
        if (fill != 0 && form.front() + form.back() == 0 && form.shape() == Form.Shape.DENSE) {
          return; // nothing lies outside
        }
        KernelCall call = block.call(picked, rows, columns, form, fill);
        KernelCall before = call.copy();
        call.spoilOutputs();
        try {
          call.on(provider).run();
        } catch (RuntimeException | Error e) {
          if (KernelCall.isRefusal(e)) { // some forms of a call may be too much for a kernel that supplies others
            refused = e.getMessage();
            return;
          }
          breaks(Rule.COMPLETION, form, null, Sentence.of(e));
          return;
        }
        if (!call.form().equals(before.form())) {
          breaks(
              Rule.INPUTS,
              form,
              null,
              "The kernel changed the call itself: it was %s, and is %s.".formatted(before.form(), call.form()));
          return;
        }
        boolean right = judge(form, call, picked, fill == 0 || !rightAmongZeros ? Rule.CALL_FORMS : Rule.MEMORY, fill);
        rightAmongZeros &= fill != 0 || right;
        outside(form, before, call);
      }
    }

    private boolean judge(Form form, KernelCall call, int[] picked, Rule rule, double fill) {
      boolean first = plain.isEmpty();
      boolean hostile = IntStream.of(picked).anyMatch(unit -> unit == Block.HOSTILE);
      String among = fill == 0 ? "" : " (%s outside the block)".formatted(fill);
      boolean right = true;
      for (Operand operand : call.operands()) {
        String output = operand.name();
        if (!operand.isOutput() || !yardstick.has(output)) {
          continue;
        }
        int values = block.values(output);
        double[] kept = first ? new double[picked.length * values] : Objects.requireNonNull(plain.get(output));
        for (int i = 0; i < picked.length; i++) {
          for (int c = 0; c < values && picked[i] != Block.HOSTILE; c++) {
            double got = get(operand, i, c, values, call);
            int index = block.index(output, picked[i], c);
            double unscaled = output.equals("loss") ? got : got / form.scale();
            if (!yardstick.accepts(output, index, unscaled) && !overflows(output, index, form)) {
              right = false;
              breaks(
                  rule,
                  form,
                  yardstick.witness(output, index, unscaled),
                  rule == Rule.MEMORY
                      ? "'%s' depends on what lies outside the block%s.".formatted(output, among)
                      : yardstick.tooFar(output, index, unscaled));
            }
            if (first) {
              kept[picked[i] * values + c] = got;
            } else if (reproducibleBits && form.scale() == 1 && Double.compare(got, kept[picked[i] * values + c]) != 0) {
              breaks(
                  Rule.BITS,
                  form,
                  yardstick.witness(output, index, got),
                  "'%s' is %s, in the plain call it is %s%s."
                      .formatted(
                          output, Double.toHexString(got), Double.toHexString(kept[picked[i] * values + c]), among));
            }
          }
        }
        if (first) {
          plain.put(output, kept);
        }
      }
      return (hostile || sums(form, call, picked, rule, among)) && right;
    }

    /** Where the result, or the result times the scale of the form, leaves float32, the scale decides what it is. */
    private boolean overflows(String output, int index, Form form) {
      double scaled = Math.abs(yardstick.expected(output, index)) * form.scale();
      return !output.equals("loss") && form.scale() != 1 && scaled > Float.MAX_VALUE;
    }

    private double get(Operand operand, int i, int c, int values, KernelCall call) {
      int inner = call.operation() == Operation.CROSS_ENTROPY ? call.crossEntropy().inner : 1;
      int index = values == 1 && !(call.operation() == Operation.CROSS_ENTROPY && !operand.name().equals("loss"))
          ? i
          : (i / inner * values + c) * inner + i % inner;
      return ((Number) Array.get(operand.array(), operand.at(index))).doubleValue();
    }

    private boolean sums(Form form, KernelCall call, int[] picked, Rule rule, String among) {
      double[] losses = Objects.requireNonNull(plain.get("loss"));
      double sum = 0;
      double magnitude = 0;
      for (int unit : picked) {
        sum += losses[unit];
        magnitude += Math.abs(losses[unit]);
      }
      boolean right = near("loss_sum", call.lossSum(), sum, magnitude, form, rule, among);
      if (call.operation() == Operation.CROSS_ENTROPY) {
        double weights = block.weightSum(picked);
        if (!Double.isNaN(weights)) {
          right &= near("weight_sum", call.crossEntropy().weightSum, weights, block.weightMagnitude(picked), form, rule, among);
        }
      }
      return right;
    }

    private boolean near(String name, double got, double sum, double magnitude, Form form, Rule rule, String among) {
      boolean single = block.dtype() == DType.FLOAT32;
      if (single && magnitude > 1e37 && Double.isFinite(sum)) {
        return true; // a sum held in float32 overflows; the cases with reduced losses judge that
      }
      boolean right =
          Double.isFinite(sum)
              ? Math.abs(got - sum) <= (single ? SUM_ERROR : SUM_ERROR_FLOAT64) * magnitude || got == sum
              : Double.compare(got, sum) == 0;
      if (right) {
        return true;
      }
      breaks(rule, form, null, "'%s' is %s, but the sum is %s%s.".formatted(name, got, sum, among));
      return false;
    }

    /** Inputs as they were, and everything around the outputs. */
    private void outside(Form form, KernelCall before, KernelCall after) {
      List<Operand> were = before.operands();
      List<Operand> are = after.operands();
      for (int o = 0; o < were.size(); o++) {
        Operand was = were.get(o);
        Operand is = are.get(o);
        boolean[] inside = new boolean[was.isOutput() ? Array.getLength(was.array()) : 0];
        for (int i = 0; i < (was.isOutput() ? was.elements() : 0); i++) {
          inside[was.at(i)] = true;
        }
        for (int at = 0; at < Array.getLength(was.array()); at++) {
          if ((!was.isOutput() || !inside[at]) && !Array.get(was.array(), at).equals(Array.get(is.array(), at))) {
            breaks(
                was.isOutput() ? Rule.MEMORY : Rule.INPUTS,
                form,
                null,
                "The call wrote %s to index %d of '%s', %s."
                    .formatted(
                        Array.get(is.array(), at), at, was.name(), was.isOutput() ? "outside the block" : "an input"));
            break;
          }
        }
      }
    }

    private void breaks(Rule rule, Form form, @Nullable Witness witness, String reason) {
      broken.putIfAbsent(rule, finding(rule, Verdict.FAILED, witness, "Call form «%s»: %s".formatted(form.name(), reason)));
    }

    private Finding finding(Rule rule, Verdict verdict, @Nullable Witness witness, @Nullable String reason) {
      return new Finding(rule, reference.id(), reference.operation(), reference.dtype(), verdict, witness, reason);
    }
  }
}
