package org.lanewise.bench.results;

import com.google.gson.JsonObject;
import org.lanewise.bench.grid.Work;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * A measured time in the units people think in. Derived from the row and where it was measured, never stored; NaN where
 * something that it is derived from is not known.
 *
 * @param rowsPerSecond rows of the batch
 * @param bytesPerSecond the bytes that the work must move at least, over the time
 * @param bandwidthShare those over what one thread reads from memory there; above 1 the operands lay in a cache
 * @param cyclesPerElement clock cycles a logit: an estimate, for it takes the clock to be that of the moment in which it
 *     was measured
 */
public record Units(double rowsPerSecond, double bytesPerSecond, double bandwidthShare, double cyclesPerElement) {
  /** The units of a row that was measured in the environment. */
  public static Units of(MeasuredRow row, JsonObject environment) {
    double seconds = row.time() == null ? Double.NaN : row.time().median() / 1e9;
    Work work = row.work();
    double bytesPerSecond = bytes(work) / seconds;
    // Bandwidth and clock were measured on one core of the CPU; they say nothing about several, or about a GPU.
    boolean oneCore = row.implementation().device().equals("cpu") && row.implementation().threads() == 1;
    double bandwidth = oneCore ? Environment.readBandwidth(environment) : Double.NaN;
    double clock = oneCore ? Environment.clock(environment) : Double.NaN;
    return new Units(
        work.batch() / seconds, bytesPerSecond, bytesPerSecond / bandwidth, seconds * clock / work.elements());
  }

  /**
   * The bytes that a call must read and write at least, whoever computes it: every operand once. What an implementation
   * reads twice, or keeps in between, is its own affair.
   */
  public static long bytes(Work work) {
    long width = DType.of(work.dtype()).bytes();
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    long targets = work.target().equals("indices") ? (long) work.batch() * Long.BYTES : work.elements() * width;
    long losses = work.reduction().equals("none") ? (bce ? work.elements() : work.batch()) * width : 0;
    long gradient = work.backward() ? work.elements() * width : 0;
    return work.elements() * width + targets + losses + gradient;
  }
}
