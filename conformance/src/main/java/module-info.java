/** Reads the reference data and judges implementations of the losses by it. */
module org.lanewise.conformance {
  requires static org.jspecify;
  requires static transitive org.junit.jupiter.api;
  requires transitive org.lanewise.kernels;
  requires com.google.gson;
  requires java.management;
  requires jdk.management;

  exports org.lanewise.conformance.calls;
  exports org.lanewise.conformance.cases;
  exports org.lanewise.conformance.fresh;
  exports org.lanewise.conformance.judgement;
  exports org.lanewise.conformance.junit;
  exports org.lanewise.conformance.oracle;
  exports org.lanewise.conformance.remote;
  exports org.lanewise.conformance.subject;
  exports org.lanewise.conformance.ulp;
  exports org.lanewise.conformance.validation;
  exports org.lanewise.conformance.verdict;
}
