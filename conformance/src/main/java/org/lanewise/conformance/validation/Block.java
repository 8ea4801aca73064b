package org.lanewise.conformance.validation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.Broadcast;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Units of a case, put into a kernel call in any form. A unit is what decides a loss: an element of BCE, a row of
 * cross-entropy. A call computes a grid of units: rows × columns, or outer × inner.
 */
final class Block {
  /** In the place of a unit: one whose inputs should disturb nothing but itself. */
  static final int HOSTILE = -1;

  private static final double[] HOSTILE_LOGITS = {Double.NaN, 3e38, Double.POSITIVE_INFINITY, -3e38, Double.NEGATIVE_INFINITY};

  private final Operation operation;
  private final DType dtype;
  private final Map<String, double[]> perUnit = new LinkedHashMap<>();
  private final Map<String, double[]> perClass = new LinkedHashMap<>(); // [unit · classes + class]
  private final double @Nullable [] classWeight;
  private final long @Nullable [] target;
  private final long ignoreIndex;
  private final double labelSmoothing;
  private final int classes;
  private final int columns;
  private final int inner;
  private final int units;
  private final boolean targetGradient;

  private Block(
      ReferenceCase reference, Map<String, Tensor> inputs, Operation operation, DType dtype, boolean targetGradient) {
    this.operation = operation;
    this.dtype = dtype;
    this.targetGradient = targetGradient;
    Tensor logits = Objects.requireNonNull(inputs.get("logits"));
    Tensor given = Objects.requireNonNull(inputs.get("target"));
    Tensor weight = inputs.get("weight");
    this.ignoreIndex = reference.options().integer("ignore_index", -100);
    double smoothing = reference.options().number("label_smoothing", 0);
    this.labelSmoothing = smoothing > 0 ? smoothing : 0; // NaN means none
    if (operation == Operation.BCE_WITH_LOGITS) {
      this.classes = 1;
      this.columns = logits.rank() == 0 ? 1 : logits.size(logits.rank() - 1);
      this.inner = 1;
      this.units = logits.numel();
      this.classWeight = null;
      this.target = null;
      perUnit.put("logits", values(logits));
      perUnit.put("target", values(given));
      if (weight != null) {
        perUnit.put("weight", Broadcast.values(weight, logits));
      }
      if (inputs.containsKey("pos_weight")) {
        perUnit.put("pos_weight", Broadcast.values(inputs.get("pos_weight"), logits));
      }
    } else {
      this.classes = logits.rank() == 1 ? logits.size(0) : logits.size(1);
      this.columns = classes;
      int positions = 1;
      for (int dim = 2; dim < logits.rank(); dim++) {
        positions *= logits.size(dim);
      }
      this.inner = positions;
      this.units = classes == 0 ? 0 : logits.numel() / classes;
      this.classWeight = weight == null ? null : values(weight);
      boolean probabilities = given.sameShape(logits);
      perClass.put("logits", byUnit(values(logits)));
      if (probabilities) {
        perClass.put("probabilities", byUnit(values(given)));
        this.target = null;
      } else {
        this.target = new long[units];
        for (int unit = 0; unit < units; unit++) {
          target[unit] = given.getLong(unit);
        }
      }
    }
    if (inputs.containsKey("upstream")) {
      Tensor upstream = inputs.get("upstream");
      double[] values = new double[units];
      for (int unit = 0; unit < units; unit++) {
        values[unit] = upstream.getDouble(upstream.numel() == 1 ? 0 : unit);
      }
      perUnit.put("upstream", values);
    }
  }

  /** The block of a case; null if its operands are not all of one dtype that kernels compute in, or its losses are reduced. */
  static @Nullable Block of(ReferenceCase reference, Map<String, Tensor> inputs) {
    Operation operation = null;
    for (Operation candidate : Operation.values()) {
      operation = candidate.id().equals(reference.operation()) ? candidate : operation;
    }
    if (operation == null
        || !(reference.expectation() instanceof Expectation.Outputs expected)
        || !reference.reduction().equals("none")) {
      return null;
    }
    DType dtype = Objects.requireNonNull(inputs.get("logits")).dtype();
    boolean suits = dtype == DType.FLOAT32 || dtype == DType.FLOAT64;
    for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
      boolean indices = operation == Operation.CROSS_ENTROPY && input.getKey().equals("target") && !input.getValue().dtype().isFloatingPoint();
      suits &= indices ? input.getValue().dtype() == DType.INT64 : input.getValue().dtype() == dtype;
    }
    for (Expectation.Output output : expected.outputs().values()) {
      suits &= output.positions() == null && output.dtype() == dtype;
    }
    return suits
        ? new Block(reference, inputs, operation, dtype, expected.outputs().containsKey("target_gradient"))
        : null;
  }

  Operation operation() {
    return operation;
  }

  DType dtype() {
    return dtype;
  }

  /** How many units the case has. */
  int units() {
    return units;
  }

  /** The size of the last dimension of the case. */
  int columns() {
    return columns;
  }

  int classes() {
    return classes;
  }

  /** What makes cases differ as calls: which operands and options there are. */
  String kind() {
    return "%s%s%s%s%s%s%s"
        .formatted(
            perUnit.keySet(),
            perClass.keySet(),
            classWeight != null,
            labelSmoothing > 0,
            inner > 1,
            targetGradient,
            Math.min(classes, 3) + (classes > 16 ? 1 : 0) + (classes > 64 ? 1 : 0));
  }

  /** The flat index, in the case's output, of a unit's value (of a class's, for gradients of cross-entropy). */
  int index(String output, int unit, int c) {
    if (operation == Operation.BCE_WITH_LOGITS || output.equals("loss")) {
      return unit;
    }
    return (unit / inner * classes + c) * inner + unit % inner;
  }

  /** How many values an output has of each unit. */
  int values(String output) {
    return operation == Operation.BCE_WITH_LOGITS || output.equals("loss") ? 1 : classes;
  }

  /** The sum of the weights of the class indices of these units that are not ignored; NaN where that is not defined. */
  double weightSum(int[] picked) {
    if (target == null) {
      return Double.NaN;
    }
    double sum = 0;
    for (int unit : picked) {
      if (target[unit] != ignoreIndex) {
        sum += classWeight == null ? 1 : classWeight[(int) target[unit]];
      }
    }
    return sum;
  }

  /** The sum of the magnitudes of those weights. */
  double weightMagnitude(int[] picked) {
    double sum = 0;
    for (int unit : picked) {
      if (target != null && target[unit] != ignoreIndex) {
        sum += classWeight == null ? 1 : Math.abs(classWeight[(int) target[unit]]);
      }
    }
    return sum;
  }

  private static double[] values(Tensor tensor) {
    double[] values = new double[tensor.numel()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getDouble(i);
    }
    return values;
  }

  private double[] byUnit(double[] values) {
    double[] byUnit = new double[values.length];
    for (int unit = 0; unit < units; unit++) {
      for (int c = 0; c < classes; c++) {
        byUnit[unit * classes + c] = values[index("logits", unit, c)];
      }
    }
    return byUnit;
  }

  /**
   * The call of a grid of units.
   *
   * @param picked the units, row by row; {@link #HOSTILE} among them
   * @param fill what lies in the arrays outside the block
   */
  KernelCall call(int[] picked, int rows, int columns, Form form, double fill) {
    return operation == Operation.BCE_WITH_LOGITS
        ? bceWithLogits(picked, rows, columns, form, fill)
        : crossEntropy(picked, rows, columns, form, fill);
  }

  private KernelCall bceWithLogits(int[] picked, int rows, int columns, Form form, double fill) {
    BceWithLogitsCall<Object> call = new BceWithLogitsCall<>();
    call.rows = rows;
    call.columns = columns;
    call.gradientScale = form.scale();
    Map<String, Strided<Object>> inputs =
        new HashMap<>(
            Map.of(
                "logits", call.logits,
                "target", call.target,
                "weight", call.weight,
                "pos_weight", call.posWeight,
                "upstream", call.upstream));
    int number = 0;
    for (Map.Entry<String, double[]> operand : perUnit.entrySet()) {
      place(
          Objects.requireNonNull(inputs.get(operand.getKey())),
          units(operand.getKey(), operand.getValue(), picked),
          rows,
          columns,
          form.of(operand.getKey()),
          number++,
          fill,
          form.broadcast() && operand.getKey().endsWith("weight"));
    }
    place(call.loss, "loss", rows * columns, rows, columns, form, number++, fill);
    place(call.logitsGradient, "logits_gradient", rows * columns, rows, columns, form, number++, fill);
    if (targetGradient) {
      place(call.targetGradient, "target_gradient", rows * columns, rows, columns, form, number, fill);
    }
    return KernelCall.of(dtype, call);
  }

  private KernelCall crossEntropy(int[] picked, int rows, int columns, Form form, double fill) {
    CrossEntropyCall<Object> call = new CrossEntropyCall<>();
    call.outer = rows;
    call.classes = classes;
    call.inner = columns;
    call.ignoreIndex = ignoreIndex;
    call.labelSmoothing = labelSmoothing;
    call.gradientScale = form.scale();
    int number = 0;
    placeClasses(call.logits, classes("logits", picked), rows, columns, form.of("logits"), number++, fill);
    if (perClass.containsKey("probabilities")) {
      placeClasses(call.probabilities, classes("probabilities", picked), rows, columns, form.of("probabilities"), number++, fill);
    }
    if (target != null) {
      Form.Place place = form.of("target").place(rows, columns, number++);
      long[] array = new long[place.length()];
      Arrays.fill(array, Double.isNaN(fill) ? Long.MIN_VALUE : Long.MAX_VALUE);
      call.target.set(array, place.offset(), place.rowStride(), place.columnStride());
      for (int i = 0; i < picked.length; i++) {
        array[call.target.at(i / columns, i % columns)] = picked[i] == HOSTILE ? classes - 1 : target[picked[i]];
      }
    }
    if (classWeight != null) {
      int front = form.front() == 0 ? 0 : form.front() + number++;
      Object array = array(front + classes + form.back(), fill);
      for (int c = 0; c < classes; c++) {
        set(array, front + c, classWeight[c]);
      }
      call.classWeight = array;
      call.classWeightOffset = front;
    }
    if (perUnit.containsKey("upstream")) {
      place(
          call.upstream,
          units("upstream", perUnit.get("upstream"), picked),
          rows,
          columns,
          form.of("upstream"),
          number++,
          fill,
          false);
    }
    place(call.loss, "loss", rows * columns, rows, columns, form, number++, fill);
    placeClasses(call.logitsGradient, "logits_gradient", rows, columns, form, number++, fill);
    if (targetGradient) {
      placeClasses(call.targetGradient, "target_gradient", rows, columns, form, number, fill);
    }
    return KernelCall.of(dtype, call);
  }

  /** The values of an operand for the picked units. */
  private static double[] units(String name, double[] values, int[] picked) {
    double[] chosen = new double[picked.length];
    for (int i = 0; i < picked.length; i++) {
      chosen[i] = picked[i] == HOSTILE ? hostile(name, i) : values[picked[i]];
    }
    return chosen;
  }

  private double[] classes(String name, int[] picked) {
    double[] values = Objects.requireNonNull(perClass.get(name));
    double[] chosen = new double[picked.length * classes];
    for (int i = 0; i < picked.length; i++) {
      for (int c = 0; c < classes; c++) {
        chosen[i * classes + c] = picked[i] == HOSTILE ? hostile(name, i + c) : values[picked[i] * classes + c];
      }
    }
    return chosen;
  }

  private static double hostile(String name, int i) {
    return name.equals("logits") ? HOSTILE_LOGITS[Math.floorMod(i / 2, HOSTILE_LOGITS.length)] : 1;
  }

  private void place(
      Strided<Object> operand, double[] values, int rows, int columns, Form form, int number, double fill, boolean broadcast) {
    Form.Place place = form.place(rows, columns, number);
    int rowStride = place.rowStride();
    int columnStride = place.columnStride();
    if (broadcast) {
      boolean constantRows = true; // the same along a row
      boolean constantColumns = true;
      for (int i = 0; i < values.length; i++) {
        constantRows &= Double.compare(values[i], values[i / columns * columns]) == 0;
        constantColumns &= Double.compare(values[i], values[i % columns]) == 0;
      }
      rowStride = constantColumns ? 0 : constantRows ? 1 : rowStride;
      columnStride = constantRows ? 0 : constantColumns ? 1 : columnStride;
    }
    Object array = array(place.length(), fill);
    operand.set(array, place.offset(), rowStride, columnStride);
    for (int i = 0; i < values.length; i++) {
      set(array, operand.at(i / columns, i % columns), values[i]);
    }
  }

  private void place(
      Strided<Object> output, String name, int size, int rows, int columns, Form form, int number, double fill) {
    if (form.wants(name)) {
      place(output, new double[size], rows, columns, form.of(name), number, fill, false);
    }
  }

  private void placeClasses(
      Strided<Object> operand, double[] values, int rows, int columns, Form form, int number, double fill) {
    Form.Place place = form.place(rows, classes, columns, number);
    Object array = array(place.length(), fill);
    operand.set(array, place.offset(), place.rowStride(), place.columnStride());
    for (int i = 0; i < rows * columns; i++) {
      for (int c = 0; c < classes; c++) {
        set(array, operand.at(i / columns, c) + i % columns, values[i * classes + c]);
      }
    }
  }

  private void placeClasses(
      Strided<Object> output, String name, int rows, int columns, Form form, int number, double fill) {
    if (form.wants(name)) {
      placeClasses(output, new double[rows * columns * classes], rows, columns, form.of(name), number, fill);
    }
  }

  private Object array(int length, double fill) {
    if (dtype == DType.FLOAT32) {
      float[] array = new float[length];
      Arrays.fill(array, (float) fill);
      return array;
    }
    double[] array = new double[length];
    Arrays.fill(array, fill);
    return array;
  }

  private static void set(Object array, int index, double value) {
    if (array instanceof float[] floats) {
      floats[index] = (float) value;
    } else {
      ((double[]) array)[index] = value;
    }
  }
}
