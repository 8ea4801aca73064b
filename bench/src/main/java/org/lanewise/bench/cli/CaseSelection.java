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
   * @param operations the operations; empty for all
   * @param glob a pattern for case ids in which {@code *} stands for any text, {@code /} included; or null for all
   */
  static List<ReferenceCase> select(List<ReferenceCase> cases, List<String> operations, @Nullable String glob) {
    List<String> known = cases.stream().map(ReferenceCase::operation).distinct().toList();
    for (String operation : operations) {
      if (!known.contains(operation)) {
        throw UserError.usage(
            "There is no operation '%s'; choose one of %s.".formatted(operation, String.join(", ", known)));
      }
    }
    List<ReferenceCase> ofOperation =
        operations.isEmpty() ? cases : cases.stream().filter(c -> operations.contains(c.operation())).toList();
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
