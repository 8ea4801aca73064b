package org.lanewise.conformance.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReferenceDataTest {
  @Test
  void theDataOfOneOperationIsItsPartOfTheWhole() {
    ReferenceData whole = ReferenceData.builtIn();
    ReferenceData part = ReferenceData.builtIn("bce"); // and not bce_with_logits

    assertEquals(ids(whole, "bce").size(), part.cases().size());
    assertEquals(ids(whole, "bce"), part.cases().stream().map(ReferenceCase::id).toList());
    assertEquals(whole.torchVersion(), part.torchVersion());
    assertThrows(DataException.class, () -> ReferenceData.builtIn("softplus"));
  }

  private static List<String> ids(ReferenceData data, String operation) {
    return data.cases().stream().filter(c -> c.operation().equals(operation)).map(ReferenceCase::id).toList();
  }
}
