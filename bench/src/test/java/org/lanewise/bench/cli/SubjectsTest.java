package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.baseline.Baseline;
import org.lanewise.bench.opencl.OpenClKernelProvider;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.kernels.spi.KernelProvider;

/** Who is measured and judged when nobody is named, and who may be named. */
class SubjectsTest {
  private final PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());

  @Test
  void baselinesAreLeftOutUnlessNamed() {
    List<KernelProvider> measured = Subjects.kernels(true, nowhere);
    assertTrue(measured.stream().map(KernelProvider::id).toList().containsAll(Subjects.BUILT_IN), measured.toString());
    assertTrue(measured.stream().noneMatch(Baseline.class::isInstance), measured.toString());
    List<String> judged = Subjects.all(true, nowhere).stream().map(Subject::id).toList();
    assertTrue(Collections.disjoint(judged, List.of("plain-math", "plain-vector", "read")), judged.toString());
    assertEquals("plain-math", Subjects.named(List.of("plain-math")).getFirst().id());
  }

  @Test
  void openClOnAProcessorIsLeftOutUnlessNamed() {
    assumeTrue(new OpenClKernelProvider().runsOnProcessor(), "no OpenCL device that is a CPU");
    List<KernelProvider> measured = Subjects.measured(nowhere);
    assertTrue(measured.stream().noneMatch(OpenClKernelProvider.class::isInstance), measured.toString());
    List<String> judged = Subjects.all(true, nowhere).stream().map(Subject::id).toList();
    assertTrue(Collections.disjoint(judged, List.of("opencl")), judged.toString());
    assertEquals("opencl", Subjects.named(List.of("opencl")).getFirst().id());
  }

  @Test
  void whatIsNoLossCannotBeVerified() {
    UserError error = assertThrows(UserError.class, () -> Subjects.named(List.of("read")));
    assertEquals(ExitCode.USAGE, error.exitCode());
    assertTrue(error.getMessage().contains("bench --kernel read"), error.getMessage());
  }
}
