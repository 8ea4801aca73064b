package org.lanewise.bench.cli;

import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.conformance.cases.Glob;
import org.lanewise.conformance.cases.ReferenceCase;

/** Chooses cases by operation and by id. A choice that leaves nothing is an error, never an empty success. */
final class CaseSelection {
  private CaseSelection() {}

  /**
   * The cases that fit.
   *
   * @param operation the operation's name, or null for all
   * @param glob a pattern for case ids in which {@code *} stands for any text, {@code /} included; or null for all
   */
  static List<ReferenceCase> select(List<ReferenceCase> cases, @Nullable String operation, @Nullable String glob) {
    List<ReferenceCase> ofOperation =
        operation == null ? cases : cases.stream().filter(c -> c.operation().equals(operation)).toList();
    if (ofOperation.isEmpty()) {
      throw UserError.usage(
          "There is no operation '%s'; choose one of %s."
              .formatted(operation, cases.stream().map(ReferenceCase::operation).distinct().collect(Collectors.joining(", "))));
    }
    if (glob == null) {
      return ofOperation;
    }
    Predicate<String> pattern = Glob.matching(glob);
    List<ReferenceCase> matching = ofOperation.stream().filter(c -> pattern.test(c.id())).toList();
    if (matching.isEmpty()) {
      throw UserError.usage(
          "No case matches '%s'; ids are operation/region/detail with the operations %s and the regions %s."
              .formatted(glob, part(ofOperation, 0), part(ofOperation, 1)));
    }
    return matching;
  }

  private static String part(List<ReferenceCase> cases, int part) {
    return cases.stream().map(c -> c.id().split("/", -1)[part]).distinct().sorted().collect(Collectors.joining(", "));
  }
}
