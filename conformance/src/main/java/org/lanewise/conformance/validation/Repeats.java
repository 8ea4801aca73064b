package org.lanewise.conformance.validation;

import java.lang.reflect.Array;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
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
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;

/**
 * Makes calls again: after each other, on two threads at once, in JVMs with other flags. The results must be those of the
 * first time; to the bit where that is declared, otherwise within the contract, for a JIT compiler may round otherwise.
 */
final class Repeats {
  /** So long calls are repeated until a round of them allocates nothing: the JIT compiler has to finish first. */
  private static final Duration WARMUP = Duration.ofSeconds(10);

  /** Elsewhere than on x86 there is no UseAVX; the JVM is then started without. */
  private static final String IF_KNOWN = "-XX:+IgnoreUnrecognizedVMOptions";

  /** JVMs that compile otherwise, or have other vectors. */
  private static final List<List<String>> JVMS =
      List.of(
          List.of("-Xint"),
          List.of("-XX:TieredStopAtLevel=1"),
          List.of("-XX:-TieredCompilation"),
          List.of("-XX:MaxVectorSize=32"),
          List.of("-XX:MaxVectorSize=16"),
          List.of(IF_KNOWN, "-XX:UseAVX=2"),
          List.of(IF_KNOWN, "-XX:UseAVX=1"));

  /** How many they are. */
  static final int OTHER_JVMS = JVMS.size();

  /** More than a kernel may have thought of, were it to keep scratch by thread number. */
  private static final int MANY_THREADS = 17;

  /** A case to call. */
  record Piece(ReferenceCase reference, Block block, Yardstick yardstick) {
    /** All of its units, or the first so many. */
    KernelCall call(int most, Form form) {
      int size = Math.min(most, block.units());
      // Every other piece is a grid: what a kernel keeps for such calls must not stay unseen.
      int width = reference.id().hashCode() % 2 == 0 || size < 6 ? 1 : 3;
      int[] picked = IntStream.range(0, size / width * width).toArray();
      return switch (block.operation()) {
        case BCE_WITH_LOGITS -> block.call(picked, width, size / width, form, 0);
        case CROSS_ENTROPY -> block.call(picked, size / width, width, form, 0);
      };
    }

    /** Two calls of neighbouring rows, in the same arrays; null if there are too few. */
    @Nullable List<KernelCall> neighbours(Form form) {
      int half = Math.min(block.units() / 2, 10_000 / Math.max(1, block.classes()));
      if (half == 0) {
        return null;
      }
      int[] picked = IntStream.range(0, 2 * half).toArray();
      boolean bce = block.operation() == Operation.BCE_WITH_LOGITS;
      KernelCall whole = bce ? block.call(picked, 2, half, form, 0) : block.call(picked, 2 * half, 1, form, 0);
      int rows = bce ? 1 : half;
      return List.of(whole.rows(0, rows), whole.rows(rows, rows));
    }

    /** Units beyond which a call takes longer without showing more. */
    KernelCall call(Form form) {
      return call(Math.max(1, 20_000 / Math.max(1, block.classes())), form);
    }
  }

  private final KernelUnderTest kernel;
  private final Declaration declaration;
  private final Consumer<Finding> findings;

  Repeats(KernelUnderTest kernel, Declaration declaration, Consumer<Finding> findings) {
    this.kernel = kernel;
    this.declaration = declaration;
    this.findings = findings;
  }

  /** All pieces in turn, several times, backwards: what a call leaves behind then meets another call than before. */
  void again(List<Piece> chosen, int times) {
    List<Piece> pieces = new ArrayList<>(chosen);
    List<KernelCall> calls = first(Rule.REPEAT, pieces);
    if (calls != null && keeps(Rule.REPEAT, pieces.reversed(), calls.reversed(), times, false)) {
      report(Rule.REPEAT, Verdict.PASSED, null, null);
    }
  }

  /** Neighbouring pieces on two threads at once. */
  void onThreads(List<Piece> chosen, int times) {
    List<Piece> pieces = new ArrayList<>(chosen);
    List<KernelCall> calls = first(Rule.THREADS, pieces);
    if (calls == null) {
      return;
    }
    for (int i = 0; i < pieces.size(); i += 2) {
      int other = i + 1 < pieces.size() ? i + 1 : 0;
      List<Piece> pair = List.of(pieces.get(i), pieces.get(other));
      if (!keeps(Rule.THREADS, pair, List.of(calls.get(i), calls.get(other)), times, true)
          || !besideNeighbour(pair.getFirst(), times)) {
        return;
      }
    }
    List<Piece> many = new ArrayList<>();
    List<KernelCall> theirs = new ArrayList<>();
    for (int i = 0; i < MANY_THREADS; i++) {
      many.add(pieces.get(i % pieces.size()));
      theirs.add(calls.get(i % pieces.size()));
    }
    if (keeps(Rule.THREADS, many, theirs, Math.max(1, times / 10), true)) {
      report(Rule.THREADS, Verdict.PASSED, null, null);
    }
  }

  /** As the front door splits a batch: blocks of the same arrays, on two threads. */
  private boolean besideNeighbour(Piece piece, int times) {
    List<KernelCall> calls = piece.neighbours(Form.PLAIN);
    try {
      if (calls == null) {
        return true;
      }
      for (KernelCall call : calls) {
        call.spoilOutputs();
      }
      for (KernelCall call : calls) {
        call.on(kernel.provider()).run();
      }
    } catch (RuntimeException | Error e) {
      if (KernelCall.isRefusal(e)) {
        return true;
      }
      report(Rule.COMPLETION, Verdict.FAILED, null, Sentence.of(e));
      return false;
    }
    return keeps(Rule.THREADS, List.of(piece, piece), calls, times, true, true);
  }

  /** What calls allocate once they are compiled. */
  void allocation(List<Piece> chosen, int times) {
    List<Piece> pieces = new ArrayList<>(chosen);
    List<KernelCall> calls = first(Rule.ALLOCATION, pieces);
    for (int i = 0; calls != null && i < calls.size(); i++) {
      ReferenceCase reference = pieces.get(i).reference();
      long bytes = Long.MAX_VALUE;
      try {
        long end = System.nanoTime() + WARMUP.toNanos();
        while (bytes > 0 && (bytes == Long.MAX_VALUE || System.nanoTime() < end)) {
          Optional<KernelUnderTest.Repetition> repetition = kernel.repeat(calls.subList(i, i + 1), times, false);
          if (repetition.isEmpty() || repetition.get().allocatedBytes() < 0) {
            report(Rule.ALLOCATION, Verdict.SKIPPED, null, "There is no way to count what the calls allocate.");
            return;
          }
          bytes = Math.min(bytes, repetition.get().allocatedBytes());
        }
      } catch (RuntimeException | Error e) {
        report(Rule.COMPLETION, Verdict.FAILED, null, Sentence.of(e));
        return;
      }
      if (bytes > 0) {
        report(
            Rule.ALLOCATION,
            Verdict.FAILED,
            null,
            "A call allocates %d bytes on the heap, although none are declared (case %s)."
                .formatted(Math.ceilDiv(bytes, times - times / 2), reference.id()));
        return;
      }
    }
    if (calls != null) {
      report(Rule.ALLOCATION, Verdict.PASSED, null, null);
    }
  }

  /** The same bits from JVMs that compile otherwise. */
  void inOtherJvms(List<Piece> chosen, Consumer<String> progress) {
    List<Piece> pieces = new ArrayList<>(chosen);
    List<KernelCall> calls = first(Rule.BITS, pieces);
    if (calls == null) {
      return;
    }
    for (List<String> flags : JVMS) {
      progress.accept("bits with " + flags.getLast());
      Optional<KernelUnderTest> other = kernel.inJvm(flags);
      if (other.isEmpty()) {
        report(Rule.BITS, Verdict.SKIPPED, null, "There is no way to start the kernel in a JVM with other flags.");
        return;
      }
      try (KernelUnderTest there = other.get()) {
        for (int i = 0; i < calls.size(); i++) {
          KernelCall call = calls.get(i).copy();
          call.spoilOutputs();
          call.on(there.provider()).run();
          if (!same(Rule.BITS, pieces.get(i), 0, calls.get(i), call, " with " + String.join(" ", flags))) {
            return;
          }
        }
      } catch (RuntimeException | Error e) {
        report(
            Rule.COMPLETION, Verdict.FAILED, null, "With %s: %s".formatted(String.join(" ", flags), Sentence.of(e)));
        return;
      }
    }
    report(Rule.BITS, Verdict.PASSED, null, null);
  }

  /** The calls, made once, of those pieces that the kernel supplies; null, with a finding, if a call does not return. */
  private @Nullable List<KernelCall> first(Rule rule, List<Piece> pieces) {
    List<KernelCall> calls = new ArrayList<>();
    try {
      for (Iterator<Piece> piece = pieces.iterator(); piece.hasNext(); ) {
        Piece next = piece.next();
        KernelCall call = made(next, Form.PLAIN);
        call = call == null ? made(next, Form.PLAIN.withoutAlso(CallForms.GRADIENTS)) : call;
        if (call == null) {
          piece.remove();
        } else {
          calls.add(call);
        }
      }
    } catch (RuntimeException | Error e) {
      report(Rule.COMPLETION, Verdict.FAILED, null, Sentence.of(e));
      return null;
    }
    if (calls.isEmpty()) {
      report(rule, Verdict.SKIPPED, null, "No case fits.");
      return null;
    }
    return calls;
  }

  /** The call, made; null if the kernel does not supply it. */
  private @Nullable KernelCall made(Piece piece, Form form) {
    KernelCall call = piece.call(form);
    call.spoilOutputs();
    try {
      call.on(kernel.provider()).run();
      return call;
    } catch (UnsupportedOperationException e) {
      if (!KernelCall.isRefusal(e)) {
        throw e;
      }
      return null;
    }
  }

  /** Whether repeated calls give what they gave; if not, that is reported. */
  private boolean keeps(Rule rule, List<Piece> pieces, List<KernelCall> calls, int times, boolean concurrently) {
    return keeps(rule, pieces, calls, times, concurrently, false);
  }

  private static int units(KernelCall call) {
    return switch (call.operation()) {
      case BCE_WITH_LOGITS -> call.bceWithLogits().rows * call.bceWithLogits().columns;
      case CROSS_ENTROPY -> call.crossEntropy().outer * call.crossEntropy().inner;
    };
  }

  private boolean keeps(
      Rule rule, List<Piece> pieces, List<KernelCall> calls, int times, boolean concurrently, boolean neighbours) {
    KernelUnderTest.Repetition repetition;
    try {
      Optional<KernelUnderTest.Repetition> offered = kernel.repeat(calls, times, concurrently);
      if (offered.isEmpty()) {
        report(rule, Verdict.SKIPPED, null, "The process offers no way to repeat calls.");
        return false;
      }
      repetition = offered.get();
    } catch (RuntimeException | Error e) {
      report(concurrently ? rule : Rule.COMPLETION, Verdict.FAILED, null, Sentence.of(e));
      return false;
    }
    for (int i = 0; i < calls.size(); i++) {
      String when = concurrently ? " beside another call" : " when called again";
      // Of two calls of one case the second is of the units after the first.
      int firstUnit = i > 0 && neighbours ? units(calls.get(i - 1)) : 0;
      if (!same(rule, pieces.get(i), firstUnit, calls.get(i), repetition.furthest().get(i), when)) {
        return false;
      }
    }
    return true;
  }

  /** Whether results are those of the first call: to the bit, or as good. */
  private boolean same(Rule rule, Piece piece, int firstUnit, KernelCall first, KernelCall other, String when) {
    List<Operand> were = first.operands();
    List<Operand> are = other.operands();
    Block block = piece.block();
    for (int o = 0; o < were.size(); o++) {
      String output = were.get(o).name();
      int values = block.values(output);
      for (int i = 0; were.get(o).isOutput() && i < were.get(o).elements(); i++) {
        double was = value(were.get(o), were.get(o).at(i));
        double is = value(are.get(o), are.get(o).at(i));
        if (Double.compare(was, is) == 0) {
          continue;
        }
        int inner = values == 1 ? 1 : first.crossEntropy().inner;
        int unit = firstUnit + (values == 1 ? i : i / (values * inner) * inner + i % inner);
        int index = block.index(output, unit, values == 1 ? 0 : i / inner % values);
        boolean right = !declaration.reproducibleBits() && piece.yardstick().accepts(output, index, is);
        if (!right) {
          report(
              rule,
              Verdict.FAILED,
              piece.yardstick().witness(output, index, is),
              "'%s' of case %s is %s%s, but was %s."
                  .formatted(output, piece.reference().id(), Double.toHexString(is), when, Double.toHexString(was)));
          return false;
        }
      }
    }
    boolean indices = !Double.isNaN(block.weightSum(new int[0]));
    return sameSum(rule, piece, "loss_sum", first.lossSum(), other.lossSum(), when)
        && (!indices || sameSum(rule, piece, "weight_sum", first.weightSum(), other.weightSum(), when));
  }

  private boolean sameSum(Rule rule, Piece piece, String name, double was, double is, String when) {
    if (Double.compare(was, is) == 0
        || !declaration.reproducibleBits() && Math.abs(was - is) <= 0x1p-16 * Math.abs(was)) {
      return true;
    }
    report(
        rule,
        Verdict.FAILED,
        null,
        "'%s' of case %s is %s%s, but was %s.".formatted(name, piece.reference().id(), is, when, was));
    return false;
  }

  private static double value(Operand operand, int at) {
    return ((Number) Array.get(operand.array(), at)).doubleValue();
  }

  private void report(Rule rule, Verdict verdict, @Nullable Witness witness, @Nullable String reason) {
    String operation = declaration.operation().id();
    String dtype = declaration.dtype().id();
    findings.accept(
        new Finding(rule, "%s/%s/%s".formatted(rule.id(), operation, dtype), operation, dtype, verdict, witness, reason));
  }
}
