#!/bin/sh
# Tests the launcher in a throw-away project whose mvnw compiles a stand-in for the command line.
# Usage: launcher-test.sh [SHELL], SHELL being the shell that runs the launcher (default: sh). Needs an installed JDK 25.
# Prints "N passed, N failed"; exit code 1 if one failed.
set -u

shell=${1:-sh}
launcher=$(cd "$(dirname "$0")/../../../.." && pwd -P)/lanewise
work=$(mktemp -d "${TMPDIR:-/tmp}/launcher-test.XXXXXX") || exit 3
project="$work/a project"    # with a blank, as folders of people have
trap 'rm -rf "$work"' EXIT

passed=0
failed=0

# check NAME EXPECTED ACTUAL
check() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3"
    fi
}

# check_contains NAME PART TEXT
check_contains() {
    case $3 in
        *"$2"*) check "$1" yes yes ;;
        *) check "$1" "...$2..." "$3" ;;
    esac
}

# Waits, at most 20 seconds, until the command "$@" succeeds.
eventually() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || return 1
        sleep 0.1
    done
}

lanewise() {
    "$shell" "$project/lanewise" "$@"
}

builds() {
    grep -c build "$work/builds" 2>/dev/null || true
}

# Sources older than every build, so that no test waits for a clock to tick.
age_sources() {
    find "$project/pom.xml" "$project/bench/src" "$project/bench/grid.json" -exec touch -t 202001010000 {} +
}

# ---- the stand-in project ----

mkdir -p "$project/bench/src/main/java"
cp "$launcher" "$project/lanewise"
: >"$project/pom.xml"
: >"$project/bench/grid.json"
cat >"$project/bench/src/main/java/StandIn.java" <<'END'
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

public class StandIn {
    public static void main(String[] arguments) throws Exception {
        if (System.getenv("LANEWISE_STARTED") != null) {
            Files.createFile(Path.of(System.getenv("LANEWISE_STARTED")));
        }
        switch (arguments[0]) {
            case "exit" -> System.exit(Integer.parseInt(arguments[1]));
            case "arguments" -> System.out.println(Arrays.toString(arguments));
            case "folder" -> System.out.println(Path.of("").toAbsolutePath());
            case "property" -> System.out.println(System.getProperty(arguments[1]));
            case "terminal" -> System.out.println(System.getenv("LANEWISE_STDERR_TTY"));
            case "vector" -> System.out.println(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
            case "copy" -> System.in.transferTo(System.out);
            case "progress" -> {
                System.err.print("50%");
                System.in.read();
            }
            case "errors" -> {
                byte[] line = "0123456789abcdef\0\200 without an end, \r".getBytes("ISO-8859-1");
                for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                    System.err.write(line);
                }
            }
            case "lines" -> {
                for (int i = 0; i < 100_000; i++) {
                    System.out.println(i);
                }
            }
            case "sleep" -> {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    LockSupport.parkNanos(500_000_000);
                    System.err.println("shutting down");
                    System.err.flush();
                    if (arguments.length > 1) {
                        Runtime.getRuntime().halt(Integer.parseInt(arguments[1]));
                    }
                }));
                System.out.println("pid " + ProcessHandle.current().pid());
                Thread.sleep(60_000);
            }
            default -> throw new AssertionError(arguments[0]);
        }
    }
}
END
cat >"$project/mvnw" <<END
#!/bin/sh
set -e
echo "build \$*" >>"$work/builds"
[ ! -e "$work/break-build" ] || { echo "[ERROR] planted failure"; exit 1; }
[ ! -e "$work/slow-build" ] || exec sleep 20
sleep 1
mkdir -p bench/target/classes
"\$JAVA_HOME/bin/javac" -d bench/target/classes bench/src/main/java/StandIn.java
"\$JAVA_HOME/bin/jar" --create --file bench/target/lanewise.jar --main-class StandIn -C bench/target/classes .
END
chmod +x "$project/mvnw" "$project/lanewise"
age_sources
cd "$work" || exit 3

# ---- building ----

lanewise exit 0 >"$work/out1" 2>"$work/err1" &
first=$!
lanewise exit 0 >"$work/out2" 2>"$work/err2" &
wait $first
check "first use succeeds" 0 $?
wait $!
check "a second launcher at the same time succeeds" 0 $?
check "two launchers at the same time build once" 1 "$(builds)"
check "the build announces itself once" 1 "$(cat "$work/err1" "$work/err2" | grep -c '^Building Lanewise (first use: .*) \.\.\.$')"
check_contains "the build command" "-q -B -ntp -Dmaven.test.skip -Dlanewise.lint=false package -pl bench -am" "$(cat "$work/builds")"
check "no lock is left" no "$([ -L "$project/target/lanewise/build.lock" ] && echo yes || echo no)"

check "no output but the command's own" "" "$(lanewise exit 0 2>&1)"
check "an up-to-date jar is not built again" 1 "$(builds)"

touch "$project/bench/src/main/java/StandIn.java"
check "a changed source is announced" "Building Lanewise (sources changed) ..." "$(lanewise exit 0 2>&1)"
check "a changed source is built" 2 "$(builds)"

mkdir -p "$project/bench/src/test"
touch "$project/bench/src/test/SomeTest.java"
lanewise exit 0
check "a changed test is not built" 2 "$(builds)"

# Maven leaves a jar alone whose contents did not change: it stays older than its sources.
touch -t 202001010000 "$project/bench/target/lanewise.jar"
touch -t 202101010000 "$project/pom.xml"
lanewise exit 0
check "a jar that Maven left alone is not built again" 2 "$(builds)"

age_sources
rm "$project/bench/target/lanewise.jar"
sleep 0 &
gone=$!
wait $gone
ln -s $gone "$project/target/lanewise/build.lock"
lanewise exit 0 2>/dev/null
check "the lock of a launcher that is gone is taken over" "0 3" "$? $(builds)"

if timeout --preserve-status 5 true 2>/dev/null; then
    rm "$project/bench/target/lanewise.jar"
    touch "$work/slow-build"
    timeout --preserve-status -s INT 2 "$shell" "$project/lanewise" exit 0 2>/dev/null
    check "Ctrl-C ends a build" 130 $?
    check "... at once" no "$([ -f "$project/bench/target/lanewise.jar" ] && echo yes || echo no)"
    check "... and leaves no lock" no "$([ -L "$project/target/lanewise/build.lock" ] && echo yes || echo no)"
    rm "$work/slow-build"
    lanewise exit 0 2>/dev/null
fi

touch "$work/break-build"
rm -f "$project/bench/target/lanewise.jar"
output=$(lanewise exit 0 2>&1)
check "a failed build exits with 3" 3 $?
check_contains "a failed build shows Maven's output" "[ERROR] planted failure" "$output"
check_contains "a failed build says where the log is" \
    "lanewise: the build failed: Maven exited with code 1; the whole log is $project/target/lanewise/build.log" "$output"
rm "$work/break-build"
lanewise exit 0 2>/dev/null
check "the build after it succeeds" 0 $?

# ---- exit code, arguments, folder, streams ----

lanewise exit 7
check "exit code" 7 $?
check "arguments" "[arguments, a b, *, ]" "$(lanewise arguments 'a b' '*' '')"
check "working folder" "$(cd / && pwd -P)" "$(cd / && lanewise folder)"
ln -s "a project/lanewise" "$work/link"
ln -s "$work/link" "$work/link-to-link"
check "through symbolic links" "[arguments, x]" "$("$shell" "$work/link-to-link" arguments x)"
check "LANEWISE_JAVA_OPTS" "b" "$(LANEWISE_JAVA_OPTS='-Dother=* -Da=b' lanewise property a)"
check "the Vector API is there" true "$(lanewise vector)"
check "standard input" "some input" "$(echo some input | lanewise copy)"
check "a file is no terminal" 0 "$(LANEWISE_STDERR_TTY=1 lanewise terminal 2>"$work/err")"

lanewise errors 300000 2>"$work/err"
check "large standard error" "$((300000 * 36))" "$(wc -c <"$work/err" | tr -d ' ')"
check "large standard error, same bytes" 1 \
    "$(printf '0123456789abcdef\0\200 without an end, \r' >"$work/line"
        cat "$work/err" "$work/line" >"$work/longer"
        tail -c +37 "$work/longer" | cmp -s - "$work/err" && echo 1)"

mkfifo "$work/slow"
exec 8<>"$work/slow"    # opened for both, it blocks nobody
lanewise errors 3000 2>"$work/slow" &
sleep 2
check "the launcher waits for a slow reader of standard error" yes "$(kill -0 $! && echo yes)"
check "... and loses nothing" $((3000 * 36)) "$(head -c $((3000 * 36)) <&8 | wc -c | tr -d ' ')"
wait $!
check "... nor the exit code" 0 $?
exec 8>&-

mkfifo "$work/stdin"
lanewise progress <"$work/stdin" 2>"$work/progress" &
progress=$!
exec 8>"$work/stdin"
eventually test -s "$work/progress"
check "output without a line end appears at once" "50%" "$(cat "$work/progress")"
check "... while the command runs" yes "$(kill -0 $progress && echo yes)"
exec 8>&-
wait $progress
check "... which then ends" 0 $?

lanewise exit 7 2>&-
check "closed standard error" 7 $?
check "a reader that goes away" 0 "$(lanewise lines | head -n 1)"
check "... of standard error as well" "0123" "$(lanewise errors 300000 2>&1 | head -c 4)"
TMPDIR=$work/none lanewise exit 7 2>/dev/null
check "without a folder for temporary files" 7 $?
lanewise no-such-command 2>"$work/err"
check "an uncaught exception keeps its exit code" 1 $?
check_contains "... and its message" "AssertionError: no-such-command" "$(cat "$work/err")"
output=$(LANEWISE_JAVA_OPTS=-XX:+NoSuchOption lanewise exit 0 2>&1)
check "a JVM that does not start: exit code" 3 $?
check_contains "... and a sentence" "lanewise: the JVM did not run Lanewise; check the options in LANEWISE_JAVA_OPTS" "$output"
LANEWISE_JAVA_OPTS=-version lanewise exit 0 >/dev/null 2>&1
check "an option by which nothing of ours runs: exit code" 3 $?
check_contains "... and its message" "NoSuchOption" "$output"
check_contains "lines before the warning stay" "JAVA_TOOL_OPTIONS" "$(JAVA_TOOL_OPTIONS=-Da=b lanewise exit 0 2>&1)"
check "... without the warning" 0 "$(JAVA_TOOL_OPTIONS=-Da=b lanewise exit 0 2>&1 | grep -c incubator)"
mkdir -p "$work/tmp"
TMPDIR=$work/tmp lanewise exit 0
check "no temporary file is left" "" "$(ls "$work/tmp")"

# ---- signals ----

# interrupt SIGNAL OPTION [CODE]: runs a command that ends with CODE when interrupted, and sends SIGNAL after 2
# seconds; timeout(1) sends it to the whole process group, as Ctrl-C does, or with --foreground to the launcher alone. Sets
# code and last_words when the launcher ends, then waits until the JVM is gone.
interrupt() {
    # shellcheck disable=SC2086
    timeout --preserve-status $2 -s "$1" 2 "$shell" "$project/lanewise" sleep ${3-} >"$work/out" 2>"$work/err"
    code=$?
    last_words=$(cat "$work/err")
    jvm=$(sed -n 's/^pid //p' "$work/out")
    eventually jvm_is_gone || { kill -9 "$jvm"; code="$code, JVM still running"; }
}

jvm_is_gone() {
    ! kill -0 "$jvm" 2>/dev/null
}

if timeout --preserve-status 5 true 2>/dev/null; then
    interrupt INT ''
    check "Ctrl-C ends with the JVM's exit code" 130 "$code"
    check "Ctrl-C waits for the JVM's last words" "shutting down" "$last_words"
    interrupt INT '' 42
    check "... whatever it is" 42 "$code"
    interrupt TERM ''
    check "SIGTERM to the group" 143 "$code"
    interrupt TERM --foreground
    check "SIGTERM to the launcher alone ends the JVM" 143 "$code"
    check "... which runs its shutdown hooks" "shutting down" "$(cat "$work/err")"
    interrupt KILL --foreground
    check "SIGKILL to the launcher alone ends the JVM" 137 "$code"
else
    echo "skipped: signals (no GNU timeout)"
fi

if script -qec true /dev/null >/dev/null 2>&1; then
    check_contains "a terminal is one" "1" "$(script -qec "$shell '$project/lanewise' terminal" /dev/null </dev/null)"
else
    echo "skipped: terminal (no util-linux script)"
fi

# ---- which JDK ----

# A home whose java prints its own name, as far as its release file tells nothing.
fake_jdk() {
    mkdir -p "$1/bin"
    printf '#!/bin/sh\n: >"$LANEWISE_STARTED"\necho "%s" "$*"\n' "$1" >"$1/bin/java"
    chmod +x "$1/bin/java"
    printf 'JAVA_VERSION="%s"\nMODULES="java.base %s"\n' "$2" "$3" >"$1/release"
}

fake_jdk "$work/jdk-17" 17.0.9 jdk.incubator.vector
fake_jdk "$work/jdk-8" 1.8.0_392 ""
fake_jdk "$work/jdk-25-small" 25.0.1 java.logging
fake_jdk "$work/jdk 25" 25.0.1 jdk.incubator.vector
fake_jdk "$work/jdk-26" 26-ea jdk.incubator.vector

check_contains "JAVA_HOME comes first" "$work/jdk 25 --add-modules" "$(JAVA_HOME="$work/jdk 25" lanewise exit 0)"
check_contains "a newer JDK serves" "$work/jdk-26 --add-modules" "$(JAVA_HOME="$work/jdk-26" lanewise exit 0)"
check_contains "then the PATH" "$work/jdk-26 --add-modules" \
    "$(JAVA_HOME="$work/jdk-17" PATH="$work/jdk-26/bin:$PATH" lanewise exit 0)"
check_contains "then JAVA_HOME_25_X64 and its like" "$work/jdk 25 --add-modules" \
    "$(unset JAVA_HOME; JAVA_HOME_17_X64="$work/jdk-17" JAVA_HOME_25_X64="$work/jdk 25" lanewise exit 0)"
mkdir -p "$work/links"
ln -s "$work/jdk 25/bin/java" "$work/links/java"
check_contains "a link on the PATH is followed" "$work/jdk 25 --add-modules" \
    "$(unset JAVA_HOME; PATH="$work/links:$PATH" lanewise exit 0)"

# A launcher that knows no other place, for what is installed on this machine must not matter here.
sed 's#/usr/lib/jvm/\*#/nonexistent/*#; s#/Library/Java/#/nonexistent/#' "$launcher" >"$project/confined"
confined() {
    PATH="$work/path:$work/tools" HOME=$work/home "$work/tools/sh" "$project/confined" exit 0 2>&1
}
mkdir -p "$work/tools" "$work/home"
for tool in sh cat dirname env find grep head mkfifo mktemp readlink rm sed tail tr touch mkdir ln mv sleep; do
    ln -s "$(command -v $tool)" "$work/tools/$tool"
done
need="but a JDK 25 or newer with the module jdk.incubator.vector is needed: install Temurin 25 and set JAVA_HOME to its folder."

output=$(unset JAVA_HOME; confined)
check "no Java: exit code" 3 $?
check "no Java: one sentence" "lanewise: found no Java, $need" "$output"
check "a JAVA_HOME that is none" "lanewise: found no bin/java in /nowhere (JAVA_HOME), $need" "$(JAVA_HOME=/nowhere confined)"
ln -s "$work/jdk-8/bin" "$work/path"
check "every Java found is named with its version" \
    "lanewise: found Java 17.0.9 in $work/jdk-17 (JAVA_HOME), Java 1.8.0_392 in $work/jdk-8 (java on the PATH), $need" \
    "$(JAVA_HOME=$work/jdk-17 confined)"
check_contains "a JDK without the Vector API" "found Java 25.0.1 without the module jdk.incubator.vector in $work/jdk-25-small" \
    "$(JAVA_HOME=$work/jdk-25-small confined)"
mkdir -p "$work/home/.sdkman/candidates/java" "$work/home/.jdks"
ln -s "$work/jdk-26" "$work/home/.jdks/openjdk-26"
check_contains "the home's .jdks" "$work/jdk-26 --add-modules" "$(unset JAVA_HOME; confined)"
ln -s "$work/jdk 25" "$work/home/.sdkman/candidates/java/25-tem"
check_contains "the home's .sdkman comes before it" "$work/jdk 25 --add-modules" "$(unset JAVA_HOME; confined)"
rm "$project/bench/target/lanewise.jar"
rm "$work/home/.jdks/openjdk-26"
check_contains "a build needs javac" "found Java 25.0.1 without javac in $work/home/.sdkman" "$(unset JAVA_HOME; rm "$work/path"; confined)"

printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
