package org.lanewise.conformance.remote;

import java.io.Serial;
import org.lanewise.conformance.cases.OneLine;
import org.lanewise.conformance.subject.Sentence;

/** A request that was not answered as it should be; the message is a sentence for people. */
public final class RemoteFailure extends RuntimeException implements Sentence {
  @Serial private static final long serialVersionUID = 1L;

  RemoteFailure(String sentence) {
    super(OneLine.of(sentence));
  }
}
