"""Tests of pytorch_gpu.py that need no GPU: python3 bench/gpu/test_pytorch_gpu.py"""

import contextlib
import gc
import hashlib
import io
import itertools
import json
import math
import struct
import subprocess
import tempfile
import time
import types
import unittest
from pathlib import Path
from unittest import mock

import torch

import pytorch_gpu as program
from pytorch_gpu import Point

GRID = Path(program.__file__).resolve().parent.parent / "grid.json"
BCE = Point("bce_with_logits", "float32", "binary", 512, 1, "mean", "forward_backward", "normal")
CE = Point("cross_entropy", "float32", "indices", 64, 10, "mean", "forward_backward", "normal")


def entry(point, **changes):
    return {**point._asdict(), **changes}


def grid_of(*entries):
    return {"format": "lanewise/grid", "version": 1, "presets": {"small": {"description": "", "points": list(entries)}}}


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out" / "rows.json"

    def run_program(self, *arguments, grid=None):
        """Exit code, what was said, and the rows of the file if one was written."""
        if grid is not None:
            (self.folder / "grid.json").write_text(json.dumps(grid))
            arguments = ("--grid", str(self.folder / "grid.json"), "--preset", "small", *arguments)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = program.main(["--device", "cpu", "--seconds-per-point", "0.01", "--dtype", "float32",
                                 "--out", str(self.out), *arguments])
        return code, said.getvalue(), json.loads(self.out.read_text()) if self.out.exists() else None


class GridTest(unittest.TestCase):
    def test_lists_multiply_and_the_last_named_key_varies_fastest(self):
        points = program.expand(entry(CE, batch=[1, 2], direction=["forward", "forward_backward"]))
        self.assertEqual([(p.batch, p.direction) for p in points],
                         [(1, "forward"), (1, "forward_backward"), (2, "forward"), (2, "forward_backward")])

    def test_a_float32_point_stands_for_every_dtype_asked_for_and_none_twice(self):
        grid = grid_of(entry(CE), entry(CE, dtype="bfloat16"), entry(CE, dtype="float16"), entry(CE, dtype="float64"),
                       entry(CE, operation="softmax"))
        points = program.select(grid, "small", list(program.OPERATIONS), ["float32", "bfloat16"])
        self.assertEqual(points, [CE, CE._replace(dtype="bfloat16")])
        points = program.select(grid_of(entry(CE)), "small", list(program.OPERATIONS), ["float16", "float32"])
        self.assertEqual(points, [CE._replace(dtype="float16"), CE])

    def test_the_presets_of_the_grid(self):
        grid = program.read_json(GRID, "grid")
        count = {}
        for preset in grid["presets"]:
            points = program.select(grid, preset, list(program.OPERATIONS), list(program.DTYPES))
            count[preset] = len([point for point in points if point.dtype == "float32"])
        self.assertEqual(set(count), {"check", "quick", "default", "full", "gate"})
        self.assertLessEqual(count["check"], 18)
        self.assertLessEqual(count["quick"], 40)
        every = [point for e in grid["presets"]["check"]["points"] for point in program.expand(e)]
        self.assertIn(Point("bce_with_logits", "float32", "binary", 16384, 1, "mean", "forward", "normal"), every)

    def test_a_faulty_grid_is_refused_with_a_sentence(self):
        for faulty in (entry(CE, batch=0), entry(CE, batch=2**20, classes=2**10), entry(CE, data="zeros"),
                       entry(CE, target="binary"), entry(CE, size=3), {"operation": "cross_entropy"}):
            with self.subTest(faulty), self.assertRaises(program.Problem) as caught:
                program.select(grid_of(faulty), "small", list(program.OPERATIONS), ["float32"])
            self.assertEqual(caught.exception.code, 3)


class InputsTest(WithFolder):
    device = torch.device("cpu")

    def draw(self, point):
        return program.draw(point, self.device, program.TrainedLogits(self.folder))

    def store(self, operation, logits, target):
        """A folder of reference data with one real-model case, as docs/file-formats.md describes it."""
        header, values = {}, b""
        kinds = {torch.float32: ("F32", "f"), torch.int64: ("I64", "q")}
        for name, tensor in (("t0001", logits), ("t0002", target)):
            kind, code = kinds[tensor.dtype]
            raw = struct.pack(f"<{tensor.numel()}{code}", *tensor.flatten().tolist())
            header[name] = {"dtype": kind, "shape": list(tensor.shape),
                            "data_offsets": [len(values), len(values) + len(raw)]}
            values += raw
        head = json.dumps(header).encode()
        tensors = f"tensors/{operation}.safetensors"
        case = {"id": program.TRAINED[operation],
                "inputs": {"logits": {"tensor": "t0001"}, "target": {"tensor": "t0002"}}}
        contents = {f"cases/{operation}.json": json.dumps({"tensors": tensors, "cases": [{"id": "other"}, case]}).encode(),
                    tensors: struct.pack("<Q", len(head)) + head + values}
        for name, content in contents.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(content)
        files = {name: {"sha256": hashlib.sha256(content).hexdigest()} for name, content in contents.items()}
        (self.folder / "index.json").write_text(json.dumps({"files": files}))

    def test_normal_logits_have_variance_9_and_repeat(self):
        logits, target = self.draw(BCE._replace(batch=100_000))
        self.assertEqual(logits.shape, (100_000,))
        self.assertAlmostEqual(logits.var().item(), 9, delta=0.2)
        self.assertEqual(set(target.unique().tolist()), {0.0, 1.0})
        self.assertTrue(torch.equal(logits, self.draw(BCE._replace(batch=100_000))[0]))

    def test_class_indices_are_int64_and_in_range(self):
        logits, target = self.draw(CE._replace(dtype="bfloat16"))
        self.assertEqual((logits.dtype, target.dtype), (torch.bfloat16, torch.int64))
        self.assertTrue(0 <= target.min() and target.max() < 10)

    def test_every_second_logit_is_extreme(self):
        logits, _ = self.draw(BCE._replace(batch=33, data="extreme"))
        self.assertEqual(logits[1::2].tolist(), [20, -20, 100, -100, 1e4, -1e4, 0, 0] * 2)
        self.assertEqual(math.copysign(1, logits[15]), -1)
        self.assertLess(logits[::2].abs().max(), 20)

    def test_trained_rows_are_tiled_and_padded_below_their_smallest_logit(self):
        stored = torch.tensor([[1.0, 2, 3, 4], [5, -6, 7, 8]])
        self.store("bce_with_logits", stored, torch.tensor([[0.0, 1, 0, 1], [1, 1, 0, 0]]))
        logits, target = self.draw(BCE._replace(batch=3, classes=6, data="trained"))
        self.assertEqual(logits.tolist(), [[1, 2, 3, 4, -1, -1], [5, -6, 7, 8, -8, -8], [1, 2, 3, 4, -1, -1]])
        self.assertEqual(target[1].tolist(), [1, 1, 0, 0, 0, 0])
        self.store("cross_entropy", stored, torch.tensor([3, 0]))
        logits, target = self.draw(CE._replace(batch=5, classes=4, data="trained"))
        self.assertEqual((logits[4].tolist(), target.tolist()), ([1, 2, 3, 4], [3, 0, 3, 0, 3]))
        with self.assertRaisesRegex(program.NotMeasured, "only 2"):
            self.draw(CE._replace(classes=2, data="trained"))

    def test_missing_or_damaged_trained_logits_cost_only_their_own_rows(self):
        grid = grid_of(entry(CE, data=["trained", "normal"]))
        arguments = ("--peers", "pytorch-eager", "--cases", str(self.folder / "absent"))
        code, _, document = self.run_program(*arguments, grid=grid)
        self.assertEqual(code, 0)
        self.assertIn("no trained logits", document["results"][0]["error"])
        self.assertIn("time", document["results"][1])
        self.store("cross_entropy", torch.zeros(1, 10), torch.tensor([3]))
        with open(self.folder / "tensors/cross_entropy.safetensors", "ab") as file:
            file.write(b"x")
        with self.assertRaisesRegex(program.NotMeasured, "checksum"):
            self.draw(CE._replace(data="trained"))


class CheckTest(unittest.TestCase):
    def outputs(self, point):
        inputs = program.draw(point, torch.device("cpu"), None)
        return inputs, program.callable_for(point, "pytorch-eager", *inputs)()

    def points(self):
        for base, targets in ((BCE, ("binary", "soft")), (BCE._replace(classes=7), ("binary",)),
                              (CE, ("indices", "probabilities"))):
            for target in targets:
                for reduction in ("mean", "sum", "none"):
                    for data in ("normal", "extreme"):
                        yield base._replace(target=target, reduction=reduction, data=data)

    def test_pytorch_passes(self):
        for point in self.points():
            for direction in ("forward", "forward_backward"):
                with self.subTest(point):
                    errors = program.check(point, *self.outputs(point._replace(direction=direction)))
                    self.assertEqual(len(errors), 1 if direction == "forward" else 2)

    def test_sixteen_bits_pass(self):
        for dtype in ("bfloat16", "float16"):
            for point in (BCE, CE):
                program.check(point._replace(dtype=dtype), *self.outputs(point._replace(dtype=dtype)))

    def test_small_chunks_give_the_same_answer(self):
        inputs, outputs = self.outputs(CE)
        whole = program.check(CE, inputs, outputs)
        with mock.patch.object(program, "CHECK_CHUNK", 70):
            for name, error in program.check(CE, inputs, outputs).items():
                self.assertAlmostEqual(error, whole[name], delta=1e-12)

    def test_wrong_outputs_fail(self):
        wrong = {"zero": torch.zeros_like, "negated": torch.neg, "1.01 times": lambda t: t * 1.01,
                 "NaN": lambda t: t * math.nan, "infinite": lambda t: t * math.inf,
                 "shape": lambda t: t.unsqueeze(0), "dtype": torch.Tensor.double}
        for point in (BCE, CE, CE._replace(target="probabilities"), BCE._replace(reduction="none")):
            inputs, (loss, gradient) = self.outputs(point)
            for name, spoil in wrong.items():
                for outputs in ((spoil(loss), gradient), (loss, spoil(gradient))):
                    with self.subTest(name, point=point), self.assertRaises(program.CheckFailed):
                        program.check(point, inputs, outputs)
            with self.assertRaises(program.CheckFailed):
                program.check(point, inputs, (loss, gradient.roll(1)))
            with self.assertRaises(program.CheckFailed):
                program.check(point, inputs, self.outputs(point._replace(reduction="sum"))[1])

    def test_a_sum_beyond_float16_must_be_infinite(self):
        point = BCE._replace(dtype="float16", reduction="sum", direction="forward", batch=2**17)
        inputs = program.draw(point, torch.device("cpu"), None)
        program.check(point, inputs, (torch.tensor(math.inf, dtype=torch.float16),))
        with self.assertRaises(program.CheckFailed):
            program.check(point._replace(reduction="mean"), inputs, (torch.tensor(math.inf, dtype=torch.float16),))


class TimingTest(unittest.TestCase):
    def test_percentiles_interpolate(self):
        self.assertEqual(program.percentile([7], 0.95), 7)
        self.assertEqual(program.percentile([0, 10, 20, 30, 40], 0.5), 20)
        self.assertAlmostEqual(program.percentile(list(range(101)), 0.05), 5)
        self.assertAlmostEqual(program.percentile([0, 1], 0.95), 0.95)
        summary = program.summary([3, 1, 2])
        self.assertEqual((summary["median"], summary["samples"], summary["unit"]), (2, 3, "ns/call"))

    def test_a_slow_call_still_gives_enough_samples(self):
        self.assertEqual(len(program.collect(lambda: 1, 1e-9)), program.MIN_SAMPLES)
        self.assertEqual(len(program.collect(lambda: 1, 0.5)), program.MAX_SAMPLES)

    def test_samples_come_after_a_warm_up_and_without_garbage_collection(self):
        for enabled in (True, False):
            collecting = []
            (gc.enable if enabled else gc.disable)()
            try:
                samples = program.collect(lambda: collecting.append(gc.isenabled()), 0.004)
                self.assertEqual(gc.isenabled(), enabled)
            finally:
                gc.enable()
            self.assertFalse(any(collecting))
            self.assertGreater(len(collecting), len(samples) + 1)

    def test_what_goes_before_a_call_is_not_timed(self):
        self.assertLess(program.Cpu().device_time(lambda: None, 1, lambda: time.sleep(0.05)), 40e6)

    def test_bytes_read_and_bytes_written_are_both_copied(self):
        machine = types.SimpleNamespace(device="cpu", device_time=lambda call: 1000.0, synchronize=lambda: None)
        self.assertEqual(program.copy_bandwidth(machine, 2**20)["gb_per_s"], round(2 * 2**20 / 1000, 2))
        with mock.patch.object(program, "host_time", lambda machine, call: 1000):
            self.assertEqual(program.upload_bandwidth(machine, 2**20, lambda tensor: tensor)["gb_per_s"], round(2**20 / 1000, 2))

    def test_the_rows_of_a_point_share_its_time(self):
        machine = types.SimpleNamespace(transfers=program.Gpu.transfers)
        self.assertEqual(program.Session(machine, program.PEERS, None, 1, None).seconds, 0.1)

    def test_only_pinned_pins_and_both_are_checked(self):
        machine = program.Cpu()
        inputs = program.draw(BCE, machine.device, None)
        call = program.callable_for(BCE, "pytorch-eager", *inputs)
        for transfer, pinned in (("pinned", 4), ("pageable", 0)):
            with mock.patch.object(machine, "pin", mock.Mock(side_effect=lambda tensor: tensor)):
                program.measure(machine, transfer, call, inputs, 1e-9)
                self.assertEqual(machine.pin.call_count, pinned, "logits, target, loss and gradient")
            with mock.patch.object(program.RoundTrip, "check", side_effect=program.CheckFailed):
                with self.assertRaises(program.CheckFailed):
                    program.measure(machine, transfer, call, inputs, 1e-9)

    def test_short_calls_are_timed_together(self):
        machine = program.Cpu()
        self.assertEqual(program.calls_to_span(machine, lambda: None), program.MAX_CALLS)
        self.assertEqual(program.calls_to_span(machine, lambda: torch.randn(1_000_000)), 1)

    def test_every_transfer_can_be_timed(self):
        machine = program.Cpu()
        for point in (BCE, CE._replace(direction="forward")):
            inputs = program.draw(point, machine.device, None)
            call = program.callable_for(point, "pytorch-eager", *inputs)
            for transfer in program.Gpu.transfers + program.Cpu.transfers:
                time = program.measure(machine, transfer, call, inputs, 0.002)
                self.assertLessEqual(0 < time["low"] and time["low"], time["median"])
                self.assertLessEqual(time["median"], time["high"])

    def test_a_round_trip_brings_inputs_and_outputs(self):
        machine = program.Cpu()
        logits, target = program.draw(CE, machine.device, None)
        trip = program.RoundTrip(machine, program.callable_for(CE, "pytorch-eager", logits, target), (logits, target), True)
        with torch.no_grad():
            before = logits.clone()
            logits.zero_()  # the trip must restore it from the host's copy
        loss, gradient = trip()
        self.assertTrue(torch.equal(logits, before))
        program.check(CE, (logits, target), trip.outputs)
        self.assertTrue(torch.equal(trip.outputs[1], gradient))
        trip.check()
        trip.outputs = [output.clone() for output in trip.outputs]
        trip.call = lambda: (torch.tensor(math.nan), gradient)
        with self.assertRaises(program.CheckFailed):
            trip.check()


class FakeCuda:
    """A device that works through a queue, on a clock that moves only when something is done."""

    CYCLES_PER_NS = 1.5

    def __init__(self):
        self.now = 0  # of the host
        self.free = 0  # when the device is through with its queue
        self.flushed = []

    def launch(self, ns, host_ns=1000):
        self.now += host_ns
        self.free = max(self.free, self.now) + ns

    def synchronize(self):
        self.now = max(self.now, self.free)

    def empty(self, size, **_):
        return types.SimpleNamespace(fill_=lambda _: (self.flushed.append(size), self.launch(1_000_000)))

    def Event(self, enable_timing):
        event = types.SimpleNamespace(at=None)
        event.record = lambda: setattr(event, "at", max(self.now, self.free))
        event.query = lambda: self.now >= event.at
        event.synchronize = lambda: setattr(self, "now", max(self.now, event.at))
        event.elapsed_time = lambda end: (end.at - event.at) / 1e6
        return event


class GpuTest(unittest.TestCase):
    """What a GPU is asked, and what is made of its answers."""

    def setUp(self):
        self.cuda = FakeCuda()
        properties = types.SimpleNamespace(name="Fake", L2_cache_size=2**27)
        for where, name, value in (
                (torch.cuda, "set_device", lambda _: None), (torch.cuda, "get_device_properties", lambda _: properties),
                (torch.cuda, "Event", self.cuda.Event), (torch.cuda, "synchronize", self.cuda.synchronize),
                (torch.cuda, "_sleep", lambda cycles: self.cuda.launch(cycles / self.cuda.CYCLES_PER_NS)),
                (torch, "empty", self.cuda.empty), (program.time, "perf_counter_ns", lambda: self.cuda.now)):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        with mock.patch.object(program.time, "perf_counter", side_effect=itertools.count(0, 0.1)):
            self.gpu = program.Gpu(0)

    def test_the_device_is_kept_waiting_until_the_launches_are_queued(self):
        self.assertAlmostEqual(self.gpu.cycles_per_ns, self.cuda.CYCLES_PER_NS, delta=0.001)
        # Ten launches take the host 50 us, so that 20 and 40 us of waiting are too short: gaps would be timed.
        self.assertAlmostEqual(self.gpu.device_time(lambda: self.cuda.launch(700, 5000), 10), 700)
        self.assertEqual((self.gpu.lead_ns, self.gpu.hidden), (80_000, True))
        self.gpu.start_row()
        self.assertEqual(self.gpu.lead_ns, 20_000)

    def test_launches_that_cannot_be_hidden_are_told(self):
        self.assertGreater(self.gpu.device_time(lambda: self.cuda.launch(700, 5_000_000), 10), 1_000_000)
        self.assertFalse(self.gpu.hidden)
        self.assertFalse(program.measure(self.gpu, "resident", lambda: self.cuda.launch(700, 5_000_000), (), 1e-9)["launches_hidden"])
        self.assertNotIn("launches_hidden", program.measure(self.gpu, "resident", lambda: self.cuda.launch(700), (), 1e-9))

    def test_how_a_row_names_a_gpu(self):
        self.assertEqual((self.gpu.name, self.gpu.threads, self.gpu.transfers),
                         ("Fake", 1, ("resident", "resident-cold", "launch", "pinned", "pageable")))

    def test_the_time_of_each_transfer(self):
        def call():
            self.cuda.launch(700, 5000)

        resident = program.measure(self.gpu, "resident", call, (), 1e-9)
        self.assertEqual((resident["median"], resident["calls_per_sample"]), (700, program.MAX_CALLS))
        self.cuda.flushed.clear()
        cold = program.measure(self.gpu, "resident-cold", call, (), 1e-9)
        self.assertEqual((cold["median"], cold["calls_per_sample"]), (700, 1))
        self.assertGreaterEqual(len(self.cuda.flushed), cold["samples"])
        self.assertEqual(set(self.cuda.flushed), {4 * 2**27}, "bytes: four times the cache")
        self.assertEqual(program.measure(self.gpu, "launch", call, (), 1e-9)["median"], 5700)
        self.cuda.launch(10**9)  # what is still running when a sample begins is no part of it
        self.assertEqual(program.host_time(self.gpu, call), 5700)


class ProgramTest(WithFolder):
    def test_a_small_grid_with_both_peers(self):
        code, said, document = self.run_program("--threads", "1", grid=grid_of(entry(BCE), entry(CE)))
        self.assertEqual(code, 0, said)
        self.assertEqual((document["format"], document["version"]), ("lanewise/peers", 1))
        self.assertTrue(document["environment"]["complete"])
        self.assertIsNone(document["environment"]["bandwidth"]["host_to_device_pinned"])
        self.assertGreater(document["environment"]["bandwidth"]["device_copy"]["gb_per_s"], 0)
        rows = document["results"]
        self.assertEqual([row["implementation"]["name"] for row in rows], list(program.PEERS) * 2)
        self.assertEqual(rows[0]["work"], entry(BCE))
        self.assertEqual(rows[0]["implementation"],
                         {"name": "pytorch-eager", "device": "cpu", "threads": 1, "transfer": "none"})
        self.assertGreater(rows[1]["compile_s"], 0)
        self.assertLess(rows[1]["check"]["gradient"], 1e-5)
        self.assertEqual(len(said.splitlines()), 3)
        self.assertEqual([path.name for path in self.out.parent.iterdir()], ["rows.json"])

    def test_running_out_of_memory_costs_only_its_own_rows(self):
        measured = program.callable_for

        def scarce(point, peer, *inputs):
            if point == BCE:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 4.00 GiB.\nmore")
            return measured(point, peer, *inputs)

        with mock.patch.object(program, "callable_for", scarce):
            with mock.patch.object(program.Cpu, "transfers", ("none", "none")):
                _, _, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(BCE)))
            self.assertEqual(len([row for row in document["results"] if "error" in row]), 2, "one for each transfer")
            with mock.patch.object(program.Cpu, "release") as release:
                self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(BCE)))
                self.assertEqual(release.call_count, 2, "what was taken is given back at once, and after each point")
            code, _, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(BCE), entry(CE)))
        self.assertEqual(code, 0)
        self.assertEqual(document["results"][0]["error"], "out of memory at 512 x 1 logits in float32")
        self.assertNotIn("time", document["results"][0])
        self.assertIn("time", document["results"][1])

    def test_the_arguments_are_kept_without_folders(self):
        for argument, kept in (("/a/b/grid.json", "grid.json"), ("--out=/a/b c/x.json", "--out=x.json"), ("~/x", "x"),
                               ("bench/grid.json", "bench/grid.json"), ("--device", "--device"), ("0.5", "0.5")):
            self.assertEqual(program.portable([argument]), [kept])
        _, _, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(CE)))
        self.assertNotIn(str(self.folder), json.dumps(document["environment"]))

    def test_the_commit_is_that_of_the_own_working_tree(self):
        def git(*arguments):
            subprocess.run(("git", "-C", str(self.folder), "-c", "user.name=n", "-c", "user.email=e", *arguments),
                           check=True, capture_output=True)

        with mock.patch.object(program, "ROOT", self.folder):
            self.assertIsNone(program.commit())
            (self.folder / "program.py").write_text("1")
            git("init")
            self.assertIsNone(program.commit(), "there is no commit yet")
            git("add", ".")
            git("commit", "-m", "m")
            (self.folder / "gpu.json").write_text("a result")
            self.assertRegex(program.commit(), "^[0-9a-f]{40}$")
            (self.folder / "program.py").write_text("2")
            self.assertRegex(program.commit(), "^[0-9a-f]{40}-dirty$")
        with mock.patch.object(program, "ROOT", self.folder / "below"):
            (self.folder / "below").mkdir()
            self.assertIsNone(program.commit(), "of another project")

    def test_a_failed_compilation_is_a_row(self):
        with mock.patch.object(torch, "compile", side_effect=RuntimeError("\nno compiler\nmuch more")):
            code, _, document = self.run_program(grid=grid_of(entry(CE)))
        self.assertEqual(code, 0)
        self.assertEqual([row.get("error") for row in document["results"]], [None, "RuntimeError: no compiler"])

    def test_a_wrong_output_is_not_timed_and_exits_1(self):
        with mock.patch.object(program, "loss_function", lambda point: lambda logits, target: logits.sum()):
            code, said, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(CE)))
        self.assertEqual(code, 1)
        self.assertTrue(document["results"][0]["error"].startswith("check failed"))
        self.assertIn("Checks failed: 1", said)

    def test_the_time_limit_reports_what_was_not_reached(self):
        code, said, document = self.run_program("--limit-s", "1e-9", grid=grid_of(entry(CE)))
        self.assertEqual(code, 3, "nothing measured is no success")
        self.assertEqual(len(document["results"]), 2)
        self.assertIn("not measured: time limit", document["results"][1]["error"])

    def test_an_interrupt_keeps_what_was_measured(self):
        measured = program.callable_for

        def interrupted(point, *rest):
            if point == BCE:
                raise KeyboardInterrupt
            return measured(point, *rest)

        with mock.patch.object(program, "callable_for", interrupted):
            code, said, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(CE), entry(BCE)))
            self.assertEqual((code, len(document["results"])), (130, 1))
            self.assertFalse(document["environment"]["complete"])
            self.assertIn("1 rows are in", said)
            self.out.unlink()
            code, said, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(BCE)))
            self.assertEqual((code, document), (130, None))
            self.assertEqual(said, "Interrupted before anything was measured.\n")

    def test_a_device_that_breaks_down_ends_the_run_and_keeps_what_was_measured(self):
        release = mock.patch.object(program.Cpu, "release", side_effect=[None, None, RuntimeError("device lost")])
        with release:
            code, said, document = self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(BCE, batch=[1, 2, 3])))
        self.assertEqual((code, len(document["results"])), (3, 3))
        self.assertIn("Stopped by RuntimeError: device lost", said)

    def test_wrong_usage_exits_2_and_names_what_is_valid(self):
        for arguments, names in ((("--preset", "huge"), "check, quick, default, full"),
                                 (("--operation", "softmax"), "bce_with_logits, cross_entropy"),
                                 (("--dtype", "float64"), "float32, bfloat16, float16"),
                                 (("--peers", "jax-jit"), "pytorch-eager, pytorch-compile"),
                                 (("--device", "gpu"), "cuda, cuda:N or cpu"), (("--threads", "0"), "1 or more"),
                                 (("--seconds-per-point", "nan"), "above 0"), (("--limit-s", "-1"), "above 0"),
                                 (("--limit-s", "soon"), "--help"), (("--colour",), "--help"),
                                 (("--out", str(self.folder)), "name of a file")):
            with self.subTest(arguments):
                code, said, document = self.run_program(*arguments)
                self.assertEqual((code, document), (2, None))
                self.assertIn(names, said)
                self.assertEqual(len(said.splitlines()), 1)

    def test_the_grid_is_never_replaced_by_results(self):
        grid = self.folder / "grid.json"
        code, said, _ = self.run_program("--out", str(self.folder / "below" / ".." / "grid.json"), grid=grid_of(entry(CE)))
        self.assertEqual(code, 2)
        self.assertIn("would overwrite the grid", said)
        self.assertEqual(json.loads(grid.read_text()), grid_of(entry(CE)))

    def test_a_faulty_environment_exits_3(self):
        (self.folder / "broken.json").write_text("{")
        (self.folder / "other.json").write_text('{"format": "lanewise/bench", "version": 1}')
        (self.folder / "file").write_text("")
        for arguments, words in ((("--grid", "absent.json"), "Cannot read absent.json"),
                                 (("--grid", str(self.folder / "broken.json")), "not JSON"),
                                 (("--grid", str(self.folder / "other.json")), "lanewise/grid"),
                                 (("--preset", "check", "--out", str(self.folder / "file" / "x.json")), "Cannot write")):
            with self.subTest(arguments):
                code, said, document = self.run_program(*arguments)
                self.assertEqual((code, document), (3, None))
                self.assertIn(words, said)
                self.assertEqual(len(said.splitlines()), 1)
        with mock.patch.object(program, "torch", None), mock.patch.object(program, "TORCH_LACKS", "no libgomp", create=True):
            code, said, _ = self.run_program("--preset", "check")
            self.assertEqual(code, 3)
            self.assertIn("cannot be imported (no libgomp); install it with: python3 -m pip install torch", said)

    def test_no_gpu_is_said_in_a_sentence(self):
        with mock.patch.object(torch.cuda, "is_available", return_value=False):
            code, said, document = self.run_program("--device", "cuda", "--preset", "check")
        self.assertEqual((code, document), (3, None))
        self.assertIn("--device cpu", said)
        self.assertEqual(len(said.splitlines()), 1)

    def test_what_was_measured_outlives_a_machine_that_is_taken_away(self):
        with mock.patch.object(program, "SAVE_EVERY_S", -1), mock.patch.object(program, "write_results") as write:
            self.run_program("--peers", "pytorch-eager", grid=grid_of(entry(CE, batch=[1, 2])))
        self.assertEqual(write.call_count, 3, "after each point, and at the end")

    def test_a_gpu_that_is_not_there(self):
        with mock.patch.object(torch.cuda, "is_available", return_value=True), \
                mock.patch.object(torch.cuda, "device_count", return_value=1), \
                mock.patch.object(program, "Gpu", side_effect=RuntimeError("CUDA error: no kernel image\nmore")):
            for device, words in (("cuda:1", "has 1 CUDA device(s), numbered from 0"), ("cuda:0", "no kernel image."),
                                  ("cuda", "no kernel image.")):
                code, said, _ = self.run_program("--device", device, "--preset", "check")
                self.assertEqual((code, len(said.splitlines())), (3, 1))
                self.assertIn(words, said)

    def test_a_file_is_replaced_whole_or_not_at_all(self):
        program.write_results(self.out, {"a": 1}, [{"b": 2}, {"b": 3}])
        before = self.out.read_bytes()
        self.assertEqual(json.loads(before)["results"], [{"b": 2}, {"b": 3}])
        with self.assertRaises(ValueError):
            program.write_results(self.out, {}, [{"b": math.nan}])
        with mock.patch.object(program.os, "replace", side_effect=OSError(28, "No space left")):
            with self.assertRaises(program.Problem):
                program.write_results(self.out, {}, [])
        self.assertEqual(self.out.read_bytes(), before)
        self.assertEqual(list(self.out.parent.iterdir()), [self.out])


if __name__ == "__main__":
    unittest.main()
