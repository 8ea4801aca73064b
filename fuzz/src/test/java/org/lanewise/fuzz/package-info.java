/**
 * Hostile input for everything that reads what others wrote. A {@link org.lanewise.fuzz.Target} feeds bytes to one front door
 * and lets pass what is documented; {@link org.lanewise.fuzz.Limits} also watches time and memory. {@code ReplayTest} runs
 * with every build, {@code CampaignTest} when it is asked to. How to run them: {@code fuzz/README.md}.
 */
package org.lanewise.fuzz;
