package org.lanewise.bench.baseline;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of the baselines, that of the machine. */
final class Lanes {
  private Lanes() {}

  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final int COUNT = FLOATS.length();
}
