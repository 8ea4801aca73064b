package org.lanewise.bench.gate.fork;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.lanewise.bench.JvmFlags;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a fork of the gate does. JMH starts the JVM and calls this once. Its own timing is not used: it would put all calls of
 * one build before all calls of the other, and whatever changes on the machine between them.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {JvmFlags.ADD_MODULES, JvmFlags.VECTOR_MODULE, JvmFlags.NATIVE_ACCESS, JvmFlags.UNSAFE})
public class PairedFork {
  /** Measures what the order in the fork's folder asks for, and puts the results there. */
  @Benchmark
  public void rounds() {
    Path folder = ForkOrder.folder();
    ForkOrder order = ForkOrder.read(folder);
    SplittableRandom random = new SplittableRandom(order.seed());
    try (Twin base = Twin.open("base", order.base());
        Twin candidate = Twin.open("candidate", order.candidate())) {
      for (int i = 0; i < order.benchmarks().size(); i++) {
        new PairedMeasurement(order.benchmarks().get(i), base, candidate, random)
            .run()
            .write(ForkOrder.result(folder, i));
      }
    }
  }
}
