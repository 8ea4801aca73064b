package org.lanewise.bench.gate.inject;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * What is done to a build to make it worse. The result is a jar like any other: the gate does not know which it compares.
 *
 * @param kind what
 * @param percent how much more work; 0 where the kind has no measure
 */
public record Injection(Kind kind, double percent) {
  /** What can be done. */
  public enum Kind {
    /** A share of the rows is computed twice. */
    WORK,
    /** A call of a kernel allocates 32 bytes. */
    ALLOCATION,
    /** The logits are read once more. */
    PASS,
    /** Every fused multiply-add becomes a multiplication and an addition. */
    NO_FMA;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");
  private static final ClassDesc VECTOR = ClassDesc.of("jdk.incubator.vector.Vector");

  /** {@code 5 % more work}, {@code one more pass}. */
  @Override
  public String toString() {
    return switch (kind) {
      case WORK -> "%s %% more work".formatted(percent == Math.rint(percent) ? Long.toString((long) percent) : percent);
      case ALLOCATION -> "an allocation a call";
      case PASS -> "one more pass over the logits";
      case NO_FMA -> "no fused multiply-add";
    };
  }

  /** Writes a jar in which this has been done. */
  public void apply(Path jar, Path into) {
    if (kind == Kind.NO_FMA) {
      rewrite(jar, into, Injection::withoutFma, List.of(), null);
    } else {
      String settings =
          "share=%s\nallocates=%b\npasses=%b\n"
              .formatted(percent / 100, kind == Kind.ALLOCATION, kind == Kind.PASS);
      wrapKernels(jar, into, ExtraWork.class, settings);
    }
  }

  /**
   * Writes a jar whose providers pass their kernels through the methods {@code bceWithLogits} and {@code crossEntropy} of a
   * class.
   *
   * @param wrapper a class without other dependencies than the interface of kernels; its nested classes go along
   * @param settings the content of {@link ExtraWork#SETTINGS}
   */
  static void wrapKernels(Path jar, Path into, Class<?> wrapper, String settings) {
    ClassDesc owner = wrapper.describeConstable().orElseThrow();
    List<Class<?>> classes = new ArrayList<>(List.of(wrapper));
    Collections.addAll(classes, wrapper.getDeclaredClasses());
    rewrite(jar, into, null, classes, new Wrapping(owner, settings));
  }

  private record Wrapping(ClassDesc owner, String settings) {}

  private static void rewrite(
      Path jar, Path into, @Nullable CodeTransform everywhere, List<Class<?>> added, @Nullable Wrapping wrapping) {
    try (ZipFile from = new ZipFile(jar.toFile());
        URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
        OutputStream file = Files.newOutputStream(into);
        ZipOutputStream to = new ZipOutputStream(file)) {
      ClassFile classFile =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(loader).orElse(ClassHierarchyResolver.defaultResolver())));
      for (ZipEntry entry : Collections.list(from.entries())) {
        byte[] bytes;
        try (InputStream stream = from.getInputStream(entry)) {
          bytes = stream.readAllBytes();
        }
        if (entry.getName().endsWith(".class") && !entry.getName().endsWith("module-info.class")) {
          bytes = transformed(classFile, bytes, everywhere, wrapping);
        }
        put(to, entry.getName(), bytes);
      }
      for (Class<?> type : added) {
        String name = type.getName().replace('.', '/') + ".class";
        try (InputStream stream = type.getResourceAsStream("/" + name)) {
          put(to, name, stream.readAllBytes());
        }
      }
      if (wrapping != null) {
        put(to, ExtraWork.SETTINGS, wrapping.settings.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw UserError.unreadable(jar, e);
    }
  }

  private static void put(ZipOutputStream to, String name, byte[] bytes) throws IOException {
    to.putNextEntry(new ZipEntry(name));
    to.write(bytes);
  }

  private static byte[] transformed(
      ClassFile classFile, byte[] bytes, @Nullable CodeTransform everywhere, @Nullable Wrapping wrapping) {
    ClassModel model = classFile.parse(bytes);
    if (everywhere != null) {
      return classFile.transformClass(model, ClassTransform.transformingMethodBodies(everywhere));
    }
    if (wrapping == null
        || model.interfaces().stream()
            .noneMatch(i -> i.asInternalName().equals(KernelProvider.class.getName().replace('.', '/')))) {
      return bytes;
    }
    return classFile.transformClass(
        model,
        (builder, element) -> {
          if (element instanceof MethodModel method && isKernel(method)) {
            ClassDesc type = method.methodTypeSymbol().returnType();
            builder.transformMethod(
                method,
                (methodBuilder, part) -> {
                  if (part instanceof CodeModel code) {
                    methodBuilder.transformCode(
                        code,
                        (codeBuilder, instruction) -> {
                          if (instruction instanceof ReturnInstruction) {
                            codeBuilder
                                .aload(0)
                                .invokevirtual(model.thisClass().asSymbol(), "lanes", MethodTypeDesc.of(ConstantDescs.CD_int))
                                .invokestatic(
                                    wrapping.owner,
                                    method.methodName().stringValue(),
                                    MethodTypeDesc.of(type, type, ConstantDescs.CD_int));
                          }
                          codeBuilder.with(instruction);
                        });
                  } else {
                    methodBuilder.with(part);
                  }
                });
          } else {
            builder.with(element);
          }
        });
  }

  private static boolean isKernel(MethodModel method) {
    return Arrays.asList("bceWithLogits", "crossEntropy").contains(method.methodName().stringValue());
  }

  /** a.fma(b, c) is a.mul(b).add(c) here, and Math.fma likewise. */
  private static void withoutFma(CodeBuilder builder, CodeElement element) {
    if (!(element instanceof InvokeInstruction call) || !call.name().stringValue().equals("fma")) {
      builder.with(element);
      return;
    }
    ClassDesc owner = call.owner().asSymbol();
    MethodTypeDesc type = call.typeSymbol();
    TypeKind last = TypeKind.from(type.parameterType(1));
    int addend = builder.allocateLocal(last);
    builder.storeLocal(last, addend);
    if (owner.equals(MATH)) {
      if (last == TypeKind.FLOAT) {
        builder.fmul().loadLocal(last, addend).fadd();
      } else {
        builder.dmul().loadLocal(last, addend).dadd();
      }
    } else if (type.parameterType(0).equals(VECTOR)) {
      MethodTypeDesc binary = MethodTypeDesc.of(type.returnType(), VECTOR);
      builder.invokevirtual(owner, "mul", binary).loadLocal(last, addend).invokevirtual(owner, "add", binary);
    } else {
      throw new IllegalArgumentException("No way is known to write %s.fma%s without FMA.".formatted(owner.displayName(), type.displayDescriptor()));
    }
  }
}
