package org.lanewise.conformance.junit;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.lanewise.conformance.cases.Glob;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * The whole verdict on kernels, each finding a test: by rule, then by operation, then by the id of the case.
 *
 * <pre>{@code
 * class MyKernelTest extends KernelConformanceTest {
 *   @Override
 *   protected KernelProvider kernel() {
 *     return new MyProvider();
 *   }
 * }
 * }</pre>
 *
 * <p>System properties choose what is done: {@code lanewise.level} is smoke, full (the default) or exhaustive; {@code
 * lanewise.seed} draws the fresh cases, another one each time by default; {@code lanewise.case} leaves only what has a
 * certain id, in which {@code *} stands for any text. A failure names the properties that repeat it.
 *
 * <p>The kernels run in this JVM: one that crashes it or never returns takes the other tests along, and flags of other JVMs
 * are not tried. {@code lanewise validate} gives the kernels a process of their own.
 */
public abstract class KernelConformanceTest {
  /** Called by JUnit, through a class that extends this one. */
  protected KernelConformanceTest() {}

  /** The kernels under test; asked for once. */
  protected abstract KernelProvider kernel();

  /** Judges the kernels, and makes a test of each finding. */
  @TestFactory
  public final List<DynamicNode> conformance() {
    KernelProvider kernel = kernel();
    Availability availability = kernel.availability();
    if (!availability.available()) {
      throw new AssertionError(
          "The kernel '%s' cannot run here: %s %s".formatted(kernel.id(), availability.reason(), availability.remedy()));
    }
    Level level = Level.of(System.getProperty("lanewise.level", Level.FULL.id()));
    long seed = seed(System.getProperty("lanewise.seed"));
    String glob = System.getProperty("lanewise.case");
    System.out.printf("%s, level %s, seed %d%n", kernel.id(), level.id(), seed);
    List<Finding> findings = new ArrayList<>();
    try (LocalKernel local = new LocalKernel(kernel)) {
      Predicate<String> ids = glob == null ? id -> true : Glob.matching(glob);
      new Validation(ReferenceData.builtIn(), level, seed, ids, findings::add, (_, _) -> {}).ofKernels(local);
    }
    return new FindingTests(getClass(), kernel, level, seed, glob).of(findings);
  }

  private static long seed(@Nullable String given) {
    try {
      return given == null ? new SecureRandom().nextInt(1_000_000) : Long.parseLong(given);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("lanewise.seed is '%s'; give a whole number.".formatted(given), e);
    }
  }
}
