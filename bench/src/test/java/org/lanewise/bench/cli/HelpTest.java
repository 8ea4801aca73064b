package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.bench.peers.Peers;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;

/** What {@code --help} says, of every command. */
class HelpTest {
  private static final String EXAMPLE = "  ./lanewise";

  /** In single quotes, or without blanks. */
  private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

  private static Stream<CommandLine> commands() {
    return withSubcommands(Main.commandLine()).filter(command -> !command.getCommandSpec().usageMessage().hidden());
  }

  private static Stream<CommandLine> withSubcommands(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().flatMap(HelpTest::withSubcommands));
  }

  private static String help(CommandLine command) {
    return command.getUsageMessage(Ansi.OFF);
  }

  private static List<String> examples(CommandLine command) {
    return help(command).lines().filter(line -> line.startsWith(EXAMPLE)).toList();
  }

  @Test
  void everyCommandIsThere() {
    assertEquals(
        List.of(
            "lanewise", "lanewise check", "lanewise list", "lanewise verify", "lanewise validate", "lanewise bench",
            "lanewise compare", "lanewise gate", "lanewise gate noise", "lanewise gate selftest", "lanewise report",
            "lanewise completion"),
        commands().map(command -> command.getCommandSpec().qualifiedName()).toList());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void itFits80ColumnsAndNoLineEndsBeforeItsTime(CommandLine command) {
    List<String> lines = help(command).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      assertTrue(line.length() <= 80, line);
      if (i > 0 && continues(lines.get(i - 1), line)) {
        String before = lines.get(i - 1);
        String word = line.strip().split(" ", 2)[0];
        assertTrue(before.length() + 1 + word.length() > 79, "«%s» had room for «%s»".formatted(before, word));
        assertFalse(before.endsWith("/") || before.endsWith("-"), "broken within a word: " + before);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void noWordIsBroken(CommandLine command) {
    CommandLine.Model.UsageMessageSpec usage = command.getCommandSpec().usageMessage();
    Stream<String> texts =
        Stream.of(
                Stream.of(usage.description(), usage.footer()),
                command.getCommandSpec().options().stream().map(OptionSpec::description))
            .flatMap(all -> all)
            .flatMap(Stream::of);
    List<String> words = List.of(help(command).split("\\s+"));
    texts
        .flatMap(text -> Stream.of(text.split("\\s+")))
        .filter(word -> !word.contains("${"))
        .forEach(word -> assertTrue(word.isEmpty() || words.contains(word), word));
  }

  /** Whether a line goes on with what the line before said: prose from the margin, or a description in its column. */
  private static boolean continues(String before, String line) {
    int column = line.length() - line.stripLeading().length();
    return !line.isBlank()
        && !before.isBlank()
        && (column == 0 && !before.startsWith(" ") && !before.startsWith("Usage:") && !before.endsWith(":")
            || column >= 20 && before.length() > column && before.charAt(column) != ' ' && before.charAt(column - 1) == ' ');
  }

  @ParameterizedTest
  @MethodSource("commands")
  void itSaysInASentenceWhatForThenOptionsExitCodesAndExamples(CommandLine command) {
    String help = help(command);
    String purpose = String.join(" ", command.getCommandSpec().usageMessage().description());
    assertTrue(purpose.matches("[A-Z][^.]*[.?]"), purpose);
    assertTrue(help.indexOf("Exit codes:") > help.indexOf("--help"), help);
    assertTrue(help.lines().anyMatch(line -> line.matches("Examples?:")), help);
    assertFalse(examples(command).isEmpty() && !help.contains("<(./lanewise"), help);
    for (OptionSpec option : command.getCommandSpec().options()) {
      String description = String.join(" ", option.description());
      assertTrue(description.endsWith("."), option.longestName() + ": " + description);
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void itsExamplesAreUnderstood(CommandLine command) {
    for (String example : examples(command)) {
      List<String> words =
          WORD.matcher(example.strip().replaceFirst(" [#>].*", "")).results().skip(1).map(HelpTest::unquoted).toList();
      CommandLine.ParseResult parsed = Main.commandLine().parseArgs(words.toArray(String[]::new));
      assertTrue(parsed.hasSubcommand(), example);
    }
  }

  private static String unquoted(MatchResult word) {
    return word.group(1) != null ? word.group(1) : word.group(2);
  }

  /** What is a base depends on what is compared: a build, or a kernel. */
  @Test
  void anOptionOfTheSameNameTakesTheSameEverywhere() {
    Map<String, List<String>> forms = new TreeMap<>();
    commands()
        .filter(command -> !command.getCommandSpec().qualifiedName().equals("lanewise compare"))
        .forEach(
            command -> {
              for (OptionSpec option : command.getCommandSpec().options()) {
                String form = "%s %s %s".formatted(option.paramLabel(), option.splitRegex(), option.arity());
                forms.computeIfAbsent(option.longestName(), _ -> new ArrayList<>()).add(form);
              }
            });
    forms.forEach((name, all) -> assertEquals(1, all.stream().distinct().count(), name + ": " + all));
    assertTrue(forms.containsKey("--kernel") && forms.get("--kernel").size() == 6, forms.toString());
  }

  /** The script that completes knows the choices of an option by its placeholder. */
  @ParameterizedTest
  @MethodSource("commands")
  void choicesAreToldApartByTheirPlaceholder(CommandLine command) {
    List<String> placeholders =
        command.getCommandSpec().options().stream()
            .filter(option -> option.completionCandidates() != null)
            .map(OptionSpec::paramLabel)
            .toList();
    assertEquals(placeholders.stream().distinct().toList(), placeholders);
  }

  @Test
  void peersThatAreOfferedAreKnown() {
    new Choices.OfPeers().forEach(peer -> assertFalse(Peers.named(List.of(peer)).isEmpty(), peer));
  }

  @Test
  void manyValuesAreWrittenWithCommas() {
    CommandLine bench = Main.commandLine().getSubcommands().get("bench");
    assertTrue(help(bench).contains("--kernel=ID[,ID...]"), help(bench));
  }
}
