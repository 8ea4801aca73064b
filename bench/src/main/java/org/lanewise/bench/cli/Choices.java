package org.lanewise.bench.cli;

import java.util.Arrays;
import java.util.Iterator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.lanewise.bench.gate.inject.Injection;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.conformance.validation.Level;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** The values that options can take, for helps and for completion; looked up when asked for, for some take time. */
abstract class Choices implements Iterable<String> {
  private final Supplier<Stream<String>> names;

  private Choices(Supplier<Stream<String>> names) {
    this.names = names;
  }

  @Override
  public Iterator<String> iterator() {
    return names.get().iterator();
  }

  private static Stream<String> ofGrid(Function<Work, String> name) {
    return Grid.load().presets().stream().flatMap(preset -> preset.points().stream()).map(name).distinct();
  }

  private static Stream<String> kernels() {
    return Kernels.all().stream().map(KernelProvider::id);
  }

  /** Of {@code --preset}. */
  static final class OfPreset extends Choices {
    OfPreset() {
      super(() -> Grid.load().presets().stream().map(Grid.Preset::name));
    }
  }

  /** Of {@code --operation} where it is measured. */
  static final class OfMeasuredOperation extends Choices {
    OfMeasuredOperation() {
      super(() -> ofGrid(Work::operation));
    }
  }

  /** Of {@code --operation} where it is checked. */
  static final class OfCheckedOperation extends Choices {
    OfCheckedOperation() {
      super(() -> ReferenceData.builtIn().cases().stream().map(ReferenceCase::operation).distinct());
    }
  }

  /** Of {@code --dtype}. */
  static final class OfDtype extends Choices {
    OfDtype() {
      super(() -> ofGrid(Work::dtype));
    }
  }

  /** Of {@code --data}. */
  static final class OfData extends Choices {
    OfData() {
      super(() -> ofGrid(Work::data));
    }
  }

  /** Of {@code --kernel} where it is measured. */
  static final class OfMeasuredKernel extends Choices {
    OfMeasuredKernel() {
      super(Choices::kernels);
    }
  }

  /** Of {@code --kernel} where it is checked. */
  static final class OfCheckedKernel extends Choices {
    OfCheckedKernel() {
      super(() -> Stream.concat(Stream.of(FrontDoorSubject.ID), kernels()));
    }
  }

  /** Of {@code --peers}. */
  static final class OfPeers extends Choices {
    OfPeers() {
      super(() -> Stream.of("pytorch", "jax", "onnxruntime"));
    }
  }

  /** Of {@code --level}. */
  static final class OfLevel extends Choices {
    OfLevel() {
      super(() -> Arrays.stream(Level.values()).map(Level::id));
    }
  }

  /** Of {@code --kind}. */
  static final class OfKind extends Choices {
    OfKind() {
      super(() -> Arrays.stream(Injection.Kind.values()).map(Injection.Kind::toString));
    }
  }
}
