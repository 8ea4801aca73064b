/** Reads the reference data and judges implementations of the losses by it. */
module org.lanewise.conformance {
  requires static transitive org.jspecify;
  requires transitive org.lanewise.kernels;
  requires com.google.gson;

  exports org.lanewise.conformance.cases;
  exports org.lanewise.conformance.oracle;
  exports org.lanewise.conformance.ulp;
  exports org.lanewise.conformance.verdict;
}
