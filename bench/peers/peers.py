#!/usr/bin/env python3
"""Measures what else computes the two losses on a CPU: PyTorch eager, torch.compile and JAX, over the points of
bench/grid.json. README.md beside it says how each number is taken.

Exit codes: 0 good, 1 an output was wrong, 2 wrong usage, 3 the environment or the data is at fault, 130 interrupted.
"""

import base64
import datetime
import gc
import json
import logging
import math
import os
import platform
import queue
import shlex
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "gpu"))
import pytorch_gpu as shared  # noqa: E402  the grid, the sampling, the result file: one program's are the other's
from pytorch_gpu import CheckFailed, NotMeasured, Problem  # noqa: E402

try:
    import numpy as np
except ImportError:
    np = None

PEERS = ("pytorch-eager", "pytorch-compile", "jax-jit")
BLOCK_NS = 2_000_000  # the calls of a sample fill this: long beside the clock's resolution and a timer interrupt
MAX_CALLS = 100_000
PIP = f"{shlex.quote(sys.executable or 'python3')} -m pip install"  # of the interpreter that lacks the package


# -------------------------------------------------------------------------------------------------------------- inputs

def read_tensors(path):
    """A safetensors file as NumPy arrays."""
    dtypes = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
    content = Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])

    def tensor(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        return np.frombuffer(content[start + begin:start + end], dtypes[entry["dtype"]]).reshape(entry["shape"])

    return tensor


class TrainedLogits(shared.TrainedLogits):
    tensors_of = staticmethod(read_tensors)


def logits_shape(point):
    return (point.batch,) if point.operation == "bce_with_logits" and point.classes == 1 else (point.batch, point.classes)


def require_known(point):
    if point.dtype != "float32":
        raise NotMeasured(f"there is no measurement of {point.dtype}")
    if point.target not in ("binary", "indices"):
        raise NotMeasured(f"there is no measurement with {point.target} targets")


def draw(point, trained):
    """Logits and targets of a point, in the distribution that docs/file-formats.md names."""
    require_known(point)
    bce = point.operation == "bce_with_logits"
    shape = logits_shape(point)
    random = np.random.Generator(np.random.Philox(shared.SEED))
    if point.data == "trained":
        rows, labels = trained.of(point.operation)
        known = rows.shape[1]
        if point.classes < known:
            raise NotMeasured(f"trained logits have {known} classes, and this point only {point.classes}")
        row = np.arange(point.batch) % len(rows)
        logits = np.empty((point.batch, point.classes), np.float32)
        logits[:, :known] = rows[row]
        logits[:, known:] = (rows.min(1) - 2)[row, None]
        if not bce:
            return logits, labels[row].astype(np.int64)
        target = np.zeros_like(logits)
        target[:, :known] = labels[row]
        return logits.reshape(shape), target.reshape(shape)
    logits = random.standard_normal(shape, np.float32)
    logits *= 3
    if point.data == "extreme":
        odd = logits.reshape(-1)[1::2]
        odd[:] = np.resize(np.float32(shared.EXTREMES), odd.shape)
    if bce:
        return logits, random.integers(0, 2, shape, np.int8).astype(np.float32)
    return logits, random.integers(0, point.classes, point.batch)


def given(point, logits, target):
    """Logits and targets of a point from the bytes of a request."""
    require_known(point)
    shape = logits_shape(point)
    indices = point.target == "indices"
    return (np.frombuffer(logits, "<f4").reshape(shape),
            np.frombuffer(target, "<i8") if indices else np.frombuffer(target, "<f4").reshape(shape))


# --------------------------------------------------------------------------------------------------------------- peers
# A peer is a function of (point, logits, target, threads) that gives a function without arguments, whose outputs are
# (loss,) or (loss, gradient of the logits), complete when it returns.

def pytorch(name):
    def prepare(point, logits, target):
        inputs = torch.from_numpy(logits.copy()), torch.from_numpy(target.copy())
        return shared.callable_for(point, name, *inputs)
    return prepare


def jax_jit(point, logits, target):
    import jax.numpy as jnp

    def losses(x, t):
        if point.operation == "bce_with_logits":
            if point.direction == "forward":
                return jnp.maximum(x, 0) - x * t + jnp.log1p(jnp.exp(-jnp.abs(x)))
            # The same, but the derivatives of max and |x| at 0 that JAX picks do not add up to sigmoid - t.
            return jnp.where(x >= 0, x, 0) - x * t + jnp.log1p(jnp.exp(jnp.where(x >= 0, -x, x)))
        return jax.nn.logsumexp(x, 1) - jnp.take_along_axis(x, t[:, None], 1)[:, 0]

    reduce = {"mean": jnp.mean, "sum": jnp.sum, "none": lambda values: values}[point.reduction]
    x, t = jnp.asarray(logits), jnp.asarray(target, jnp.int32 if point.target == "indices" else None)
    if point.direction == "forward":
        function = jax.jit(lambda x, t: (reduce(losses(x, t)),))
    else:
        def total(x, t):
            result = reduce(losses(x, t))
            return result.sum(), result

        def both(x, t):
            (_, result), gradient = jax.value_and_grad(total, has_aux=True)(x, t)
            return result, gradient

        function = jax.jit(both)
    return lambda: jax.block_until_ready(function(x, t))


def load(peers, threads):
    """The peers that can run, and why the others cannot. Thread counts must be set before a library starts its threads."""
    global torch, jax
    ready, missing = {}, {}
    if np is None:
        packages = "numpy" + " torch" * any(peer.startswith("pytorch") for peer in peers) + " jax" * ("jax-jit" in peers)
        return ready, dict.fromkeys(peers, f"NumPy is missing; install what the peers need with: {PIP} {packages}")
    if any(peer.startswith("pytorch") for peer in peers):
        if shared.torch is None:
            sentence = f"PyTorch is missing; install it with: {PIP} torch"
            missing.update((peer, sentence) for peer in peers if peer.startswith("pytorch"))
        else:
            torch = shared.torch
            torch.set_num_threads(threads)
            torch.set_num_interop_threads(1)
            logging.getLogger("torch").setLevel(logging.ERROR)
            ready.update((peer, pytorch(peer)) for peer in peers if peer.startswith("pytorch"))
    if "jax-jit" in peers:
        # XLA takes the number of its threads from this, and a call that is computed where it was made saves a hand-over.
        os.environ["XLA_FLAGS"] = (f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} "
                                   + os.environ.get("XLA_FLAGS", ""))
        os.environ["NPROC"] = str(threads)
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        try:
            import jax
            jax.config.update("jax_cpu_enable_async_dispatch", False)
            ready["jax-jit"] = jax_jit
        except ImportError:
            missing["jax-jit"] = f"JAX is missing; install it with: {PIP} jax"
    return ready, missing


# --------------------------------------------------------------------------------------------------------------- check

def exact(point, x, target):
    """Loss and gradient in float64, unreduced, each with the size of the terms that it is the difference of."""
    if point.operation == "bce_with_logits":
        e = np.exp(-np.abs(x))
        tail = np.log1p(e)
        sigmoid = np.where(x >= 0, 1, e) / (1 + e)
        return np.maximum(x, 0) - x * target + tail, np.abs(x) + tail, sigmoid - target, sigmoid + target
    shifted = x - x.max(1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(1, keepdims=True)
    row = np.arange(len(x))
    loss = np.log(total[:, 0]) - shifted[row, target]
    softmax = e / total
    gradient = softmax.copy()
    gradient[row, target] -= 1
    softmax[row, target] += 1
    return loss, 1 + np.abs(loss), gradient, softmax


def arrays(point, logits, outputs):
    """A peer's outputs as NumPy arrays; raises CheckFailed where one is no float32 of the shape that is due."""
    outputs = [np.asarray(output.detach() if hasattr(output, "detach") else output) for output in outputs]
    expected = [() if point.reduction != "none" else logits.shape if point.target == "binary" else (point.batch,),
                logits.shape]
    for name, output, shape in zip(("loss", "gradient"), outputs, expected):
        if output.shape != shape or output.dtype != np.float32:
            raise CheckFailed(f"check failed: the {name} is {output.dtype} of shape {output.shape}, "
                              f"expected float32 of shape {shape}")
    return outputs


def check(point, logits, target, outputs):
    """The errors of a peer's outputs against float64 on the same inputs, relative to the terms; raises CheckFailed where
    one is above what float32 explains. A looser bound than a kernel's: see bench/gpu/README.md."""
    outputs = arrays(point, logits, outputs)
    rows = (point.batch, point.classes)
    divisor = 1 if point.reduction != "mean" else logits.size if point.target == "binary" else point.batch
    sums = np.zeros(6)  # losses, their terms; squares of loss errors, of terms, of gradient errors, of terms
    step = max(1, shared.CHECK_CHUNK // point.classes)
    for begin in range(0, point.batch, step):
        part = slice(begin, begin + step)
        x = logits.reshape(rows)[part].astype(np.float64)
        t = target[part] if point.target == "indices" else target.reshape(rows)[part]
        loss, terms, gradient, gradient_terms = exact(point, x, t)
        sums[:2] += loss.sum(), terms.sum()
        if point.reduction == "none":
            got = outputs[0].reshape(point.batch, -1)[part].reshape(loss.shape)
            sums[2:4] += np.square(got - loss).sum(), np.square(terms).sum()
        if len(outputs) > 1:
            got = outputs[1].reshape(rows)[part] * float(divisor)
            sums[4:] += np.square(got - gradient).sum(), np.square(gradient_terms).sum()
    errors = {"loss": math.sqrt(sums[2] / sums[3]) if point.reduction == "none"
              else abs(float(outputs[0]) * divisor - sums[0]) / sums[1]}
    if len(outputs) > 1:
        errors["gradient"] = math.sqrt(sums[4] / sums[5])
    for name, error in errors.items():
        if not error <= shared.TOLERANCE["float32"]:  # written so that a NaN fails
            raise CheckFailed(f"check failed: the {name} is off by {error:.1e} of its terms, "
                              f"and {shared.TOLERANCE['float32']:.0e} is allowed")
    return errors


# -------------------------------------------------------------------------------------------------------------- timing

def measure(call, seconds):
    """The `time` of a row: samples of many calls each, after a warm-up of a quarter of the time."""
    def block(calls):
        begin = time.perf_counter_ns()
        for _ in range(calls):
            call()
        return (time.perf_counter_ns() - begin) / calls

    once = min(block(1) for _ in range(3))
    calls = min(MAX_CALLS, max(1, math.ceil(BLOCK_NS / once)))
    wall, cpu = time.perf_counter(), time.process_time()
    samples = shared.collect(lambda: block(calls), seconds)
    busy = (time.process_time() - cpu) / (time.perf_counter() - wall)
    # Above the number of threads asked for, a library did not keep to it; far below, something else held the CPU.
    return {**shared.summary(samples), "calls_per_sample": calls}, round(busy, 2)


class Session:
    """Measures points and keeps the rows."""

    def __init__(self, ready, missing, options):
        self.ready, self.missing, self.options = ready, missing, options
        self.trained = TrainedLogits(options.cases)
        self.rows = []
        self.wrong = 0

    def add(self, point, peer, **values):
        self.rows.append({"work": point._asdict(),
                          "implementation": {"name": peer, "device": "cpu", "threads": self.options.threads,
                                             "transfer": "none"}, **values})

    def attempt(self, point, peer, action):
        """What the action finds of a peer; where that fails, why."""
        try:
            if peer in self.missing:
                raise NotMeasured(self.missing[peer])
            return action(self.ready[peer])
        except NotMeasured as error:
            self.wrong += isinstance(error, CheckFailed)
            return {"error": str(error)}
        except MemoryError:
            return {"error": f"out of memory at {point.batch} x {point.classes} logits"}
        except Exception as error:  # a compiler that is missing, a library that gives up: the others go on
            return {"error": sentence_for(error)}

    def point(self, point):
        inputs = None
        for peer in self.options.peers:

            def measured(prepare):
                nonlocal inputs
                inputs = inputs or draw(point, self.trained)
                begin = time.perf_counter()
                call = prepare(point, *inputs)
                outputs = call()
                first = time.perf_counter() - begin
                facts = {"check": check(point, *inputs, outputs)}
                if peer != "pytorch-eager":
                    facts["compile_s"] = round(first, 3)
                del outputs
                taken, facts["cpus_busy"] = measure(call, self.options.seconds)
                return {"time": taken, **facts}

            self.add(point, peer, **self.attempt(point, peer, measured))
            gc.collect()

    def values(self, point, logits, target):
        """What each peer computes of these inputs, for who wants to know how exact it is: so nothing is checked here."""

        def computed(prepare):
            inputs = given(point, logits, target)
            outputs = arrays(point, inputs[0], prepare(point, *inputs)())
            return {name: base64.b64encode(output.astype("<f4").tobytes()).decode()
                    for name, output in zip(("loss", "logits_gradient"), outputs)}

        return [{"name": peer, **self.attempt(point, peer, computed)} for peer in self.options.peers]


def sentence_for(error):
    if "InvalidCxxCompiler" in str(error):
        return "torch.compile finds no C++ compiler; install one with: apt-get install g++"
    return f"{type(error).__name__}: {shared.first_line(error)}"


# -------------------------------------------------------------------------------------------------------------- output

def environment(options, arguments):
    versions = {}
    for name in ("numpy", "torch", "jax", "jaxlib"):
        module = sys.modules.get(name)
        versions[name] = getattr(module, "__version__", None)
    return {"program": "bench/peers/peers.py", "arguments": shared.portable(arguments),
            "utc": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "git_commit": shared.output_of("git", "-C", str(ROOT), "rev-parse", "HEAD"),
            "python": platform.python_version(), **versions, "os": platform.platform(), "cpu": shared.cpu_model(),
            "cpu_count": os.cpu_count(), "threads": options.threads, "seed": shared.SEED,
            "load_average": list(os.getloadavg()), "xla_flags": os.environ.get("XLA_FLAGS")}


def table(rows):
    """The rows for people, 80 columns wide."""
    lines, heading, shape = [], None, None
    for row in rows:
        work = row["work"]
        title = f"{work['operation']} {work['direction']}, {work['dtype']}, {work['reduction']}, {work['data']} data"
        if title != heading:
            lines += ["", title, f"{'shape':13}{'peer':17}{'ns/call':>13}{'low':>13}{'high':>13}{'compile s':>11}"]
            heading, shape = title, None
        size = str(work["batch"]) if work["classes"] == 1 else f"{work['batch']}x{work['classes']}"
        shown = f"{'' if size == shape else size:13}{row['implementation']['name']:17}"
        shape = size
        if "time" in row:
            median, low, high = (f"{row['time'][key]:13,.{1 if row['time']['median'] < 1000 else 0}f}"
                                 for key in ("median", "low", "high"))
            compiled = f"{row['compile_s']:11.2f}" if "compile_s" in row else ""
            lines.append((shown + median + low + high + compiled).rstrip())
        else:
            lines.append(shown + row["error"])
    return "\n".join(lines[1:])


def by_direction(points):
    """Grouped as the table shows them: sorting is stable, so sizes keep the grid's order."""
    order = {}
    return sorted(points, key=lambda point: order.setdefault((point.operation, point.direction, point.reduction,
                                                              point.data), len(order)))


def parse(arguments):
    parser = shared.Arguments(prog="peers.py", allow_abbrev=False,
                              description="Measures PyTorch and JAX on the CPU over the points of the grid.")
    parser.add_argument("--grid", metavar="FILE", type=Path, default=HERE.parent / "grid.json",
                        help="the grid (default: bench/grid.json)")
    parser.add_argument("--preset", default="check", help="the grid's list of points (default: check)")
    for name in ("operation", "batch", "classes", "data"):
        parser.add_argument(f"--{name}", metavar="LIST", help="only these, separated by commas")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"default: {','.join(PEERS)}")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of a call (default: 1)")
    parser.add_argument("--seconds", type=float, default=0.5, metavar="S",
                        help="measuring time of a row, compilation and warm-up not counted (default: 0.5)")
    parser.add_argument("--cases", metavar="DIR", type=Path, default=ROOT / "reference-data" / "data",
                        help="the stored reference data, for trained logits (default: reference-data/data)")
    parser.add_argument("--out", metavar="FILE", type=Path, default=ROOT / "target" / "lanewise" / "peers.json",
                        help="the result file (default: target/lanewise/peers.json)")
    parser.add_argument("--serve", action="store_true",
                        help="measure the points that come on standard input, see README.md")
    parser.add_argument("--verbose", action="store_true", help="a stack trace where the program itself fails")
    options = parser.parse_args(arguments)
    options.peers = list(dict.fromkeys(options.peers.split(",")))
    for peer in options.peers:
        if peer not in PEERS:
            raise Problem(2, f"--peers {peer!r} is unknown; expected some of {', '.join(PEERS)}.")
    if options.threads < 1:
        raise Problem(2, f"--threads {options.threads} is out of range; expected 1 or more.")
    if not 0 < options.seconds < math.inf:
        raise Problem(2, f"--seconds {options.seconds:g} is out of range; expected a number above 0.")
    return options


def selected(options):
    """The points asked for. A value that no point has is an error: a misspelt one must not look like a quiet success."""
    grid = shared.read_json(options.grid, "grid")
    points = shared.select(grid, options.preset, shared.OPERATIONS, ("float32",))
    for name in ("operation", "classes", "data", "batch"):
        wanted = getattr(options, name)
        for value in wanted.split(",") if wanted else ():
            known = {str(getattr(point, name)): None for point in points}
            if value not in known:
                raise Problem(2, f"--{name} {value} matches none of the {len(points)} points that the other options leave "
                                 f"of preset '{options.preset}'; choose from {', '.join(known)}.")
        if wanted:
            points = [point for point in points if str(getattr(point, name)) in wanted.split(",")]
    return points


# --------------------------------------------------------------------------------------------------------------- serve
# For a program that measures something else between the points: work keys come on standard input, one a line, rows go to
# standard output. Between two requests nothing here runs.

def requests():
    """The lines of standard input. Its end, with which whoever asks has ended, ends this program and all that it started,
    whatever they are in the middle of."""
    lines = queue.SimpleQueue()

    def read():
        for line in sys.stdin:
            lines.put(line)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def parsed(line):
    """A request: a point to measure, or a point with the bytes of logits and targets."""
    try:
        request = json.loads(line)
        if "values" not in request:
            return [shared.Point(**request)]
        point = shared.Point(**request["values"]["work"])
        inputs = [base64.b64decode(request["values"][key], validate=True) for key in ("logits", "target")]
        elements = point.batch * point.classes
        sizes = [4 * elements, 8 * point.batch if point.target == "indices" else 4 * elements]
        if [len(content) for content in inputs] != sizes:
            raise ValueError
        return [point, *inputs]
    except (TypeError, ValueError, KeyError):
        shown = line.strip() if len(line) < 400 else line[:400] + "..."
        raise Problem(2, f"A request is {shown!r}; expected a JSON object with the keys of a point: "
                         f"{', '.join(shared.Point._fields)}; or with \"values\", see README.md.") from None


def serve(options, arguments):
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # Ctrl-C is for whoever asks, who then ends this program
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer

    def answer(**values):
        print(json.dumps(values), file=answers, flush=True)

    asked = requests()
    session = Session(*load(options.peers, options.threads), options)
    answer(environment=environment(options, arguments))
    for line in asked:
        point, *inputs = parsed(line)
        if inputs:
            answer(values=session.values(point, *inputs))
        else:
            session.point(point)
            answer(results=session.rows)
            session.rows = []


def run(arguments):
    options = parse(arguments)
    if options.serve:
        warnings.simplefilter("ignore")
        serve(options, arguments)
    points = selected(options)
    with shared.written_beside(options.out, ""):  # known now rather than after an hour of measuring
        pass
    warnings.simplefilter("ignore")
    session = Session(*load(options.peers, options.threads), options)
    facts = environment(options, arguments)
    stopped = None
    begin = time.monotonic()
    try:
        for done, point in enumerate(by_direction(points), 1):
            session.point(point)
            elapsed = time.monotonic() - begin
            print(f"[{done}/{len(points)}] {' '.join(map(str, point))}, "
                  f"about {shared.clock(elapsed / done * (len(points) - done))} left", file=sys.stderr, flush=True)
    except BaseException as stop:  # what was measured is kept
        stopped = stop
    rows = session.rows
    if rows:
        shared.write_results(options.out, {**facts, "complete": stopped is None}, rows)
        print(table(rows))
    if isinstance(stopped, KeyboardInterrupt):
        return 130
    if stopped:
        raise stopped
    measured = sum("time" in row for row in rows)
    print(f"\n{measured} of {len(rows)} rows measured on {options.threads} thread(s): {options.out}", file=sys.stderr)
    if session.wrong:
        print(f"Checks failed: {session.wrong}; see the rows whose error begins with 'check failed'.", file=sys.stderr)
        return 1
    if not measured:
        raise Problem(3, f"Nothing was measured; the first row says: {rows[0]['error']}")
    return 0


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return run(arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.code
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "--verbose" in arguments:
            raise
        print(f"Stopped by {type(error).__name__}: {shared.first_line(error)}; --verbose shows where.", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
