#!/usr/bin/env python3
"""Tests of peers.py and compare.py: python3 bench/peers/test_peers.py"""

import base64
import contextlib
import importlib.util
import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402
import peers  # noqa: E402

HAS = {name: importlib.util.find_spec(name) is not None for name in ("numpy", "torch", "jax")}
CASES = HERE.parent.parent / "reference-data" / "data"


def point(operation="bce_with_logits", batch=64, classes=1, reduction="mean", direction="forward_backward", data="normal"):
    target = "binary" if operation == "bce_with_logits" else "indices"
    return peers.shared.Point(operation, "float32", target, batch, classes, reduction, direction, data)


POINTS = [point(batch=1000), point(classes=7, reduction="none"), point(classes=6, data="trained"),
          point(batch=100, data="extreme"),
          point("cross_entropy", classes=10), point("cross_entropy", classes=12, reduction="none", data="trained"),
          point("cross_entropy", classes=5, reduction="sum", data="extreme")]


@unittest.skipUnless(HAS["numpy"], "needs NumPy")
class Inputs(unittest.TestCase):
    def draw(self, *arguments, **options):
        return peers.draw(point(*arguments, **options), peers.TrainedLogits(CASES))

    def test_normal_has_mean_0_and_variance_9_and_fair_targets(self):
        logits, target = self.draw(batch=100_000)
        self.assertEqual(logits.shape, (100_000,))
        self.assertAlmostEqual(logits.mean(), 0, delta=0.05)
        self.assertAlmostEqual(logits.var(), 9, delta=0.2)
        self.assertAlmostEqual(target.mean(), 0.5, delta=0.01)
        self.assertEqual(set(target.tolist()), {0.0, 1.0})

    def test_class_indices_reach_every_class(self):
        _, target = self.draw("cross_entropy", batch=1000, classes=10)
        self.assertEqual(set(target.tolist()), set(range(10)))

    def test_trained_rows_repeat_and_are_padded_below_their_smallest(self):
        trained = peers.TrainedLogits(CASES)
        rows, labels = trained.of("bce_with_logits")
        logits, target = self.draw(batch=len(rows) + 1, classes=6, data="trained")
        self.assertEqual(logits[0].tolist(), logits[-1].tolist())
        self.assertEqual(logits[0, :4].tolist(), rows[0].tolist())
        self.assertEqual(logits[0, 4:].tolist(), [rows[0].min() - 2] * 2)
        self.assertEqual(target[0].tolist(), labels[0].tolist() + [0, 0])

    def test_extreme_replaces_the_odd_positions(self):
        logits, _ = self.draw(batch=20, data="extreme")
        self.assertEqual(logits[1:16:2].tolist(), list(peers.shared.EXTREMES))


@unittest.skipUnless(HAS["numpy"], "needs NumPy")
class Check(unittest.TestCase):
    """The check accepts the truth and refuses what is 1 % off, or of another shape, dtype or reduction."""

    def right(self, p, logits, target):
        import numpy as np
        loss, _, gradient, _ = peers.exact(p, logits.reshape(p.batch, p.classes).astype(float),
                                           target if p.target == "indices" else target.reshape(p.batch, p.classes))
        scale = 1 / loss.size if p.reduction == "mean" else 1
        result = loss.reshape(-1 if p.target == "indices" else logits.shape) if p.reduction == "none" else loss.sum() * scale
        return [np.float32(result), np.float32(gradient * scale).reshape(logits.shape)]

    def test_all(self):
        for p in POINTS:
            logits, target = peers.draw(p, peers.TrainedLogits(CASES))
            loss, gradient = self.right(p, logits, target)
            peers.check(p, logits, target, (loss, gradient))
            for wrong in ((loss * loss.dtype.type(1.01), gradient), (loss, gradient * gradient.dtype.type(1.01)),
                          (loss, -gradient), (loss, gradient.astype(float)), (loss[None], gradient)):
                with self.assertRaises(peers.CheckFailed, msg=str(p)):
                    peers.check(p, logits, target, wrong)


class Peers(unittest.TestCase):
    def measured(self, name):
        ready, missing = peers.load([name], 1)
        self.assertEqual(missing, {})
        options = peers.parse(["--peers", name, "--seconds", "0.001"])
        session = peers.Session(ready, missing, options)
        for p in POINTS:
            session.point(p)
            session.point(p._replace(direction="forward"))
        for row in session.rows:
            self.assertIn("time", row, row.get("error"))
        self.assertEqual(len(session.rows), 2 * len(POINTS))

    @unittest.skipUnless(HAS["numpy"] and HAS["torch"], "needs NumPy and PyTorch")
    def test_pytorch_computes_every_kind_of_point(self):
        self.measured("pytorch-eager")

    @unittest.skipUnless(HAS["numpy"] and HAS["jax"], "needs NumPy and JAX")
    def test_jax_computes_every_kind_of_point(self):
        self.measured("jax-jit")

    def test_a_missing_package_is_a_row_with_the_command_that_cures_it(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "peers.json"
            with mock.patch.object(peers, "np", None), contextlib.redirect_stderr(io.StringIO()) as told, \
                    contextlib.redirect_stdout(io.StringIO()) as table:
                code = peers.main(["--batch", "1024", "--out", str(out)])
            rows = json.loads(out.read_text())["results"]
        self.assertEqual(code, 3)  # nothing was measured, and nothing that did not run may look well
        self.assertEqual(len(rows), 6)
        self.assertIn("-m pip install numpy", rows[0]["error"])
        self.assertIn("-m pip install numpy", table.getvalue())
        self.assertIn("Nothing was measured", told.getvalue())

    def test_a_missing_compiler_is_a_row_with_the_command_that_cures_it(self):
        error = RuntimeError("backend='inductor' raised:\nInvalidCxxCompiler: No working C++ compiler found")
        self.assertIn("apt-get install g++", peers.sentence_for(error))
        self.assertEqual(peers.sentence_for(ValueError("odd\nmore")), "ValueError: odd")

    def test_values_that_do_not_exist_are_wrong_usage(self):
        for arguments in (["--preset", "slow"], ["--batch", "7"], ["--peers", "numpy"], ["--threads", "0"]):
            with contextlib.redirect_stderr(io.StringIO()) as told:
                self.assertEqual(peers.main(arguments), 2, arguments)
            self.assertIn(arguments[1], told.getvalue())


class Serve(unittest.TestCase):
    """The mode in which another program asks point by point. Runs also where packages are missing: rows then say so."""

    def start(self, *arguments, **options):
        process = subprocess.Popen([sys.executable, HERE / "peers.py", "--serve", "--seconds", "0.001", *arguments],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        return process

    def ask(self, process, p):
        print(json.dumps(p._asdict()), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())["results"]

    def ask_values(self, process, p, logits, target):
        texts = (base64.b64encode(content).decode() for content in (logits, target))
        request = dict(zip(("work", "logits", "target"), (p._asdict(), *texts)))
        print(json.dumps({"values": request}), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())["values"]

    def test_each_request_is_answered_by_its_rows(self):
        process = self.start("--peers", "pytorch-eager,jax-jit", "--threads", "2")
        self.assertEqual(json.loads(process.stdout.readline())["environment"]["threads"], 2)
        for p in (POINTS[0], POINTS[4]):
            rows = self.ask(process, p)
            self.assertEqual([row["implementation"]["name"] for row in rows], ["pytorch-eager", "jax-jit"])
            for row, package in zip(rows, ("torch", "jax")):
                self.assertEqual(row["work"], p._asdict())
                self.assertEqual(row["implementation"]["threads"], 2)
                self.assertIn("time" if HAS["numpy"] and HAS[package] else "error", row)
        self.assertIn("bfloat16", self.ask(process, point()._replace(dtype="bfloat16"))[0]["error"]
                      if HAS["numpy"] and HAS["torch"] else "bfloat16")

    def test_values_of_given_inputs(self):
        process = self.start("--peers", "jax-jit,pytorch-eager")
        process.stdout.readline()
        two = point(batch=2, classes=3, reduction="none")
        bce = struct.pack("<6f", -100, -1, 0, 0.5, 7, 100), struct.pack("<6f", 1, 0, 1, 0, 1, 0)
        ce = struct.pack("<6f", 0, 1, 2, 30, 0, -30), struct.pack("<2q", 0, 2)
        e = [math.exp(x) for x in (-100, -1, -7)]
        softmax = [math.exp(x) / sum(map(math.exp, range(3))) for x in range(3)]
        expected = {
            "bce_with_logits": ([100, math.log1p(e[1]), math.log(2), 0.5 + math.log1p(math.exp(-0.5)), math.log1p(e[2]), 100],
                                [-1, e[1] / (1 + e[1]), -0.5, 1 / (1 + math.exp(-0.5)), -e[2] / (1 + e[2]), 1]),
            "cross_entropy": ([-math.log(softmax[0]), 60],
                              [softmax[0] - 1, softmax[1], softmax[2], 1, math.exp(-30), -1])}
        for p, inputs in ((two, bce), (two._replace(operation="cross_entropy", target="indices"), ce)):
            rows = self.ask_values(process, p, *inputs)
            self.assertEqual([row["name"] for row in rows], ["jax-jit", "pytorch-eager"])
            for row, package in zip(rows, ("jax", "torch")):
                if not (HAS["numpy"] and HAS[package]):
                    self.assertIn("-m pip install", row["error"])
                    continue
                self.assertNotIn("error", row)
                for key, right in zip(("loss", "logits_gradient"), expected[p.operation]):
                    got = struct.unpack(f"<{len(right)}f", base64.b64decode(row[key]))
                    for value, truth in zip(got, right):
                        self.assertAlmostEqual(value, truth, delta=1e-6 * max(1, abs(truth)), msg=f"{row['name']} {key}")
        if HAS["numpy"] and HAS["torch"]:
            soft = self.ask_values(process, two._replace(target="soft"), *bce)
            self.assertEqual(soft[1]["error"], "there is no measurement with soft targets")

    def test_what_libraries_print_is_no_answer(self):
        noisy = "import os, sys; sys.path.insert(0, sys.argv.pop(1)); import peers; " \
                "peers.load = lambda *_: (os.write(1, b'noise'), ({}, {'jax-jit': 'is missing'}))[1]; peers.main()"
        process = subprocess.Popen([sys.executable, "-c", noisy, HERE, "--serve", "--peers", "jax-jit"], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        print(json.dumps(POINTS[0]._asdict()), file=process.stdin, flush=True)
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        self.assertEqual(lines[1]["results"][0]["error"], "is missing")
        self.assertIn("noise", process.communicate()[1])

    def test_the_end_of_the_input_ends_it_in_the_middle_of_a_point(self):
        busy = "import sys, time; sys.path.insert(0, sys.argv.pop(1)); import peers; " \
               "peers.Session.point = lambda *_: time.sleep(60); peers.main()"
        process = subprocess.Popen([sys.executable, "-c", busy, HERE, "--serve", "--peers", "jax-jit"], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        process.stdout.readline()
        print(json.dumps(POINTS[0]._asdict()), file=process.stdin, flush=True)
        process.stdin.close()
        self.assertEqual(process.wait(10), -signal.SIGKILL)

    def test_a_request_that_is_none_is_named(self):
        short = {"values": {"work": POINTS[0]._asdict(), "logits": "AAAA", "target": "AAAA"}}
        for line in ('{"batch": 1}', json.dumps(short), "7"):
            process = self.start("--peers", "jax-jit", stderr=subprocess.PIPE)
            print(line, file=process.stdin, flush=True)
            self.assertEqual(process.wait(60), 2)
            self.assertIn(f"A request is {line!r}", process.stderr.read())
            process.stderr.close()


class Compare(unittest.TestCase):
    def row(self, name, batch, median):
        work = dict(zip(compare.KEY, ("bce_with_logits", "float32", "binary", batch, 1, "mean", "forward", "normal")))
        return {"work": work, "implementation": {"name": name, "device": "cpu", "threads": 1, "transfer": "none"},
                "time": {"unit": "ns/call", "median": median, "low": median / 2, "high": median, "samples": 3}}

    def run_on(self, *files, stdout=subprocess.PIPE):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i, (kind, rows) in enumerate(files):
                paths.append(Path(folder) / f"{i}.json")
                paths[-1].write_text(json.dumps({"format": f"lanewise/{kind}", "version": 1, "environment": {},
                                                 "results": rows}))
            return subprocess.run([sys.executable, HERE / "compare.py", *paths], stdout=stdout, stderr=subprocess.PIPE,
                                  text=True)

    def test_ratios_mean_and_worst_leave_small_points_out(self):
        done = self.run_on(
            ("bench", [self.row("vector", batch, 10) for batch in (16, 1024, 4096)]),
            ("peers", [self.row("jax-jit", 16, 1), self.row("jax-jit", 1024, 20), self.row("jax-jit", 4096, 80),
                       self.row("pytorch-eager", 1024, 30), self.row("onnxruntime", 16, 0.5)]))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split() for line in done.stdout.splitlines()]
        self.assertIn(["bce_with_logits", "forward", "16", "normal", "10.0", "0.10", "-", "0.05", "0.05"], lines)
        self.assertIn("geometric mean, from 1024 elements 4.00 3.00 nan 4.00".split(), lines)
        self.assertIn("worst, from 1024 elements 2.00 3.00 nan 2.00".split(), lines)

    def test_files_at_fault_are_named(self):
        self.assertEqual(self.run_on(("verify", [])).returncode, 3)
        twice = self.run_on(("bench", [self.row("vector", 1024, 10)]), ("bench", [self.row("vector", 1024, 10)]))
        self.assertEqual(twice.returncode, 3)
        self.assertIn("second time", twice.stderr)
        alone = self.run_on(("bench", [self.row("vector", 1024, 10)]))
        self.assertEqual(alone.returncode, 3)

    @unittest.skipUnless(hasattr(signal, "SIGPIPE"), "needs SIGPIPE")
    def test_a_reader_that_goes_away_ends_it_quietly(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = self.run_on(("bench", [self.row("vector", 1024, 10), self.row("scalar", 1024, 20)]), stdout=writer)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))


if __name__ == "__main__":
    unittest.main()
