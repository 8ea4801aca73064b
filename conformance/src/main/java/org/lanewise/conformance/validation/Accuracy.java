package org.lanewise.conformance.validation;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.tensor.DType;

/** How far results are from the truth, by operation, dtype of the result, and output. Shown, never deciding. */
public final class Accuracy implements Conformance.Errors {
  /** Upper ends of the histogram's bins, in ULP; errors above the last are counted in one more. */
  public static final List<Double> BINS = List.of(0.5, 1.0, 2.0, 4.0, 16.0, 256.0, 65536.0);

  private final Map<String, Errors> errors = new TreeMap<>();

  /** Nothing counted yet. */
  public Accuracy() {}

  @Override
  public void error(ReferenceCase reference, String output, double ulp, Supplier<Witness> witness) {
    String kind = output.equals("loss") && !reference.reduction().equals("none") ? "reduced loss" : output;
    Map<String, Expectation.Output> outputs = ((Expectation.Outputs) reference.expectation()).outputs();
    DType dtype = Objects.requireNonNull(outputs.get(output)).dtype();
    errors
        .computeIfAbsent("%s %s %s".formatted(reference.operation(), dtype.id(), kind), key -> new Errors())
        .add(ulp, witness);
  }

  /** The bin of an error without its sign: an index into {@link #BINS}, or one past them for NaN and what is above them all. */
  public static int bin(double magnitude) {
    int bin = 0;
    while (bin < BINS.size() && !(magnitude <= BINS.get(bin))) {
      bin++;
    }
    return bin;
  }

  /** The errors by {@code operation dtype output}. */
  public Map<String, Errors> errors() {
    return errors;
  }

  /** The errors of one output. */
  public static final class Errors {
    private final long[] histogram = new long[BINS.size() + 1];
    private long count;
    private long finite;
    private double sum;
    private double magnitudes;
    private @Nullable Witness worst;

    private Errors() {}

    private void add(double ulp, Supplier<Witness> witness) {
      double magnitude = Math.abs(ulp);
      histogram[bin(magnitude)]++;
      count++;
      if (Double.isFinite(ulp)) {
        finite++;
        sum += ulp;
        magnitudes += magnitude;
      }
      if (worst == null || magnitude > Math.abs(worst.ulp())) {
        worst = witness.get();
      }
    }

    /** How many elements were judged. */
    public long count() {
      return count;
    }

    /** The element with the largest error. */
    public Witness worst() {
      return Objects.requireNonNull(worst);
    }

    /** The mean error without its sign. */
    public double mean() {
      return finite == 0 ? 0 : magnitudes / finite;
    }

    /** The mean error with its sign. */
    public double bias() {
      return finite == 0 ? 0 : sum / finite;
    }

    /** How many errors are at most so large as each of {@link #BINS} and larger than the bin before; last, those above all. */
    public long[] histogram() {
      return histogram.clone();
    }
  }
}
