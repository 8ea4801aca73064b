package org.lanewise.conformance.validation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.fresh.FreshCases;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Sentence;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Contract;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The whole verdict on an implementation. Every rule gives findings; an implementation conforms if none is {@link
 * Verdict#FAILED} and at least one is {@link Verdict#PASSED}.
 */
public final class Validation {
  /** Is told how far a validation is. */
  public interface Progress {
    /**
     * A step begins.
     *
     * @param done the share of the whole that is done, from 0 to 1, as far as one step's work compares with another's
     * @param step what is done next
     */
    void next(double done, String step);
  }

  /** What steps cost beside judging a stored case, measured with the kernels in C. */
  private static final double FRESH_CASE = 1.5;
  private static final double PIECE_IN_ALL_FORMS = 10;
  private static final double PIECE_ON_THREADS = 40;
  private static final double OTHER_JVM = 450;

  /** Cases above this are not put into every form of the call: they show no more, and each form is a call. */
  private static final int LARGEST_BLOCK = 30_000;

  /** So many cases are called on threads at once; of the first of them it is counted what calls allocate. */
  private static final int REPEATED_PIECES = 24;

  private final ReferenceData data;
  private final Conformance conformance;
  private final Level level;
  private final long seed;
  private final Predicate<String> ids;
  private final Consumer<Finding> findings;
  private final Progress progress;
  private final Accuracy accuracy = new Accuracy();
  private final List<Observation> observations = new ArrayList<>();
  private double planned;
  private double done;

  /**
   * A validation.
   *
   * @param data the stored cases
   * @param level how much is done
   * @param seed of the fresh cases
   * @param ids which findings are wanted, by id: cases are {@code operation/region/detail}, fresh ones among them; what is not
   *     about a case is called {@code rule/operation/dtype}
   * @param findings receives each finding when it is made
   * @param progress is told what is done next
   */
  public Validation(
      ReferenceData data,
      Level level,
      long seed,
      Predicate<String> ids,
      Consumer<Finding> findings,
      Progress progress) {
    this.data = data;
    this.conformance = new Conformance(data);
    this.level = level;
    this.seed = seed;
    this.ids = ids;
    this.findings = findings;
    this.progress = progress;
    conformance.observe(accuracy);
  }

  /** How far the results of all cases so far are from the truth. */
  public Accuracy accuracy() {
    return accuracy;
  }

  /** How well identities of the mathematics hold; of kernels only. */
  public List<Observation> observations() {
    return observations;
  }

  /** Judges kernels: by the stored cases, by fresh ones, and by calls of their own. */
  public void ofKernels(KernelUnderTest kernel) {
    Subject subject = new KernelSubject(kernel.provider());
    planned = storedCases(subject).size();
    for (Declaration declaration : kernel.provider().declarations()) {
      planned += FRESH_CASE * level.freshCases() + PIECE_IN_ALL_FORMS * level.mostBlocks() + PIECE_ON_THREADS * REPEATED_PIECES;
      planned += declaration.reproducibleBits() && level != Level.SMOKE ? OTHER_JVM * Repeats.OTHER_JVMS : 0;
    }
    stored(subject);
    for (Declaration declaration : kernel.provider().declarations()) {
      String what = "%s %s".formatted(declaration.operation().id(), declaration.dtype().id());
      List<ReferenceCase> drawn =
          FreshCases.draw(
              seed, declaration.operation(), declaration.dtype(), level.freshCases(), conformance::trusts);
      next("%s: %d fresh cases".formatted(what, drawn.size()), FRESH_CASE * level.freshCases());
      fresh(subject, drawn);
      List<Repeats.Piece> pieces = pieces(declaration, drawn, subject.answersAsPytorch());
      next("%s: every form of the call on %d cases".formatted(what, pieces.size()), PIECE_IN_ALL_FORMS * level.mostBlocks());
      CallForms forms = new CallForms(kernel.provider(), declaration.reproducibleBits(), findings);
      for (Repeats.Piece piece : pieces) {
        if (ids.test(piece.reference().id())) {
          forms.check(piece.reference(), piece.block(), piece.yardstick());
        }
      }
      if (ids.test("identities/%s/%s".formatted(declaration.operation().id(), declaration.dtype().id()))) {
        identities(kernel, declaration);
      }
      repeats(kernel, declaration, what, pieces);
    }
  }

  private void identities(KernelUnderTest kernel, Declaration declaration) {
    try {
      new Identities(kernel.provider(), declaration, seed, observations::add).observe();
    } catch (RuntimeException | Error e) {
      if (KernelCall.isRefusal(e)) {
        return; // without gradients there is little to observe
      }
      String operation = declaration.operation().id();
      String dtype = declaration.dtype().id();
      findings.accept(
          new Finding(
              Rule.COMPLETION,
              "identities/%s/%s".formatted(operation, dtype),
              operation,
              dtype,
              Verdict.FAILED,
              null,
              Sentence.of(e)));
    }
  }

  /** Judges a whole implementation of operations: by the stored cases and by fresh ones, and again by the stored ones. */
  public void ofOperations(Subject subject) {
    int stored = storedCases(subject).size();
    planned = 2 * stored + FRESH_CASE * level.freshCases() * 2 * Operation.values().length;
    Set<String> passed = stored(subject);
    for (Operation operation : Operation.values()) {
      for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
        List<ReferenceCase> drawn = FreshCases.draw(seed, operation, dtype, level.freshCases(), conformance::trusts);
        next("%s %s: %d fresh cases".formatted(operation.id(), dtype.id(), drawn.size()), FRESH_CASE * level.freshCases());
        fresh(subject, drawn);
      }
    }
    next("stored cases again, backwards", stored);
    again(subject, passed);
  }

  /** Says what is done next. */
  private void next(String step, double work) {
    progress.next(Math.min(1, done / Math.max(1, planned)), step);
    done += work;
  }

  private List<ReferenceCase> storedCases(Subject subject) {
    return data.cases().stream().filter(reference -> subject.lists(reference) && ids.test(reference.id())).toList();
  }

  /** The ids of the cases that passed. */
  private Set<String> stored(Subject subject) {
    Set<String> passed = new HashSet<>();
    List<ReferenceCase> cases = storedCases(subject);
    next("%d stored cases".formatted(cases.size()), cases.size());
    for (ReferenceCase reference : cases) {
      if (numel(reference) > level.largest()) {
        findings.accept(
            new Finding(
                Rule.AGREEMENT,
                reference.id(),
                reference.operation(),
                reference.dtype(),
                Verdict.SKIPPED,
                null,
                "Cases of more than %,d values are left to the level full.".formatted(level.largest())));
        continue;
      }
      for (CaseResult result : conformance.judge(subject, reference)) {
        report(result, result.rule());
        if (result.contract() == Contract.PYTORCH && result.verdict() == Verdict.PASSED) {
          passed.add(reference.id());
        }
      }
    }
    return passed;
  }

  private static int numel(ReferenceCase reference) {
    int largest = 0;
    if (reference.expectation() instanceof Expectation.Outputs) {
      for (Tensor input : reference.inputs().values()) {
        largest = Math.max(largest, input.numel());
      }
    }
    return largest;
  }

  private void fresh(Subject subject, List<ReferenceCase> drawn) {
    for (ReferenceCase reference : drawn) {
      if (!ids.test(reference.id())) {
        continue;
      }
      for (CaseResult result : conformance.judge(subject, reference)) {
        boolean values = result.rule() == Rule.AGREEMENT || result.rule() == Rule.SPECIAL_VALUES;
        report(result, values ? Rule.FRESH : result.rule());
      }
    }
  }

  /** A case that passed must pass again, after other cases than before, and its result must outlive the next call. */
  private void again(Subject subject, Set<String> passed) {
    Subject kept = new KeptResults(subject);
    for (ReferenceCase reference : data.cases().reversed()) {
      if (passed.contains(reference.id()) && numel(reference) <= 1000) {
        for (CaseResult result : conformance.judge(kept, reference)) {
          if (result.contract() == Contract.PYTORCH) {
            report(result, Rule.REPEAT);
          }
        }
      }
    }
  }

  private void report(CaseResult result, Rule rule) {
    if (result.contract() == Contract.TRUE && rule != Rule.BOUND) {
      return; // what is no question of accuracy has been told under the other contract
    }
    findings.accept(
        new Finding(
            rule,
            result.reference().id(),
            result.reference().operation(),
            result.reference().dtype(),
            result.verdict(),
            result.worst(),
            result.reason()));
  }

  /** Cases that show as many kinds of calls as there are, stored and fresh. */
  private List<Repeats.Piece> pieces(Declaration declaration, List<ReferenceCase> drawn, boolean asPytorch) {
    List<ReferenceCase> candidates = new ArrayList<>();
    for (ReferenceCase reference : data.cases()) {
      if (reference.operation().equals(declaration.operation().id()) && reference.dtype().equals(declaration.dtype().id())) {
        candidates.add(reference);
      }
    }
    candidates.addAll(drawn);
    Map<String, Integer> kinds = new HashMap<>();
    List<Repeats.Piece> pieces = new ArrayList<>();
    for (ReferenceCase reference : candidates) {
      if (!(reference.expectation() instanceof Expectation.Outputs) || !reference.reduction().equals("none")) {
        continue;
      }
      Map<String, Tensor> inputs = reference.inputs();
      Block block = Block.of(reference, inputs);
      if (block == null || block.units() == 0 || block.classes() == 0 || block.units() * block.classes() > LARGEST_BLOCK) {
        continue;
      }
      String kind = reference.region() + block.kind();
      if (pieces.size() < level.mostBlocks() && kinds.merge(kind, 1, Integer::sum) <= level.casesPerKind()) {
        pieces.add(new Repeats.Piece(reference, block, conformance.yardstick(reference, inputs, asPytorch)));
      }
    }
    return pieces;
  }

  private void repeats(KernelUnderTest kernel, Declaration declaration, String what, List<Repeats.Piece> pieces) {
    String suffix = "/%s/%s".formatted(declaration.operation().id(), declaration.dtype().id());
    Repeats repeats = new Repeats(kernel, declaration, findings);
    if (ids.test(Rule.REPEAT.id() + suffix)) {
      next(what + ": calls again", 0);
      repeats.again(pieces, level == Level.SMOKE ? 3 : 10);
    }
    List<Repeats.Piece> some = pieces.subList(0, Math.min(REPEATED_PIECES, pieces.size()));
    if (ids.test(Rule.THREADS.id() + suffix)) {
      next(what + ": calls from two threads", PIECE_ON_THREADS * REPEATED_PIECES);
      repeats.onThreads(some, level.repetitions());
    }
    if (declaration.allocationFree() && ids.test(Rule.ALLOCATION.id() + suffix)) {
      next(what + ": allocation", 0);
      repeats.allocation(some.subList(0, Math.min(level == Level.SMOKE ? 3 : 8, some.size())), level.repetitions());
    }
    if (declaration.reproducibleBits() && level != Level.SMOKE && ids.test(Rule.BITS.id() + suffix)) {
      repeats.inOtherJvms(some, step -> next(what + ": " + step, OTHER_JVM));
    }
  }
}
