#!/usr/bin/env python3
"""Measures PyTorch's two classification losses on a GPU, over the points of bench/grid.json.

One file that needs nothing but PyTorch (2.4 or later). README.md beside it says how each number is taken.
Exit codes: 0 good, 1 an output was wrong, 2 wrong usage, 3 the environment or the data is at fault, 130 interrupted.
"""

import argparse
import collections
import contextlib
import datetime
import gc
import hashlib
import itertools
import json
import logging
import math
import os
import platform
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # torch works without it, and so do we
try:
    import torch
    import torch.nn.functional as F
except (ImportError, OSError) as error:  # it is not there, or a library that it needs is not
    torch = None
    TORCH_LACKS = str(error)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OPERATIONS = ("bce_with_logits", "cross_entropy")
DTYPES = ("float32", "bfloat16", "float16")
PEERS = ("pytorch-eager", "pytorch-compile")
MAX_LOGITS = 2**28
SEED = 20260101

# An event ticks about every half microsecond, so a pair of them should span a hundred ticks. The number of calls between
# two events is bounded because a GPU accepts only about a thousand launches ahead of time, and a call is up to 15 of them.
SPAN_NS = 50_000
MAX_CALLS = 32
MIN_SAMPLES, MAX_SAMPLES = 5, 1000
SAVE_EVERY_S = 20  # what was measured so far outlives a machine that is taken away

# What a right implementation may differ from the float64 value by, relative to the size of the terms that it subtracts.
# Rounding errors are proportional to those terms, not to their difference: a confident row has a loss near 1e-7 that
# float32 PyTorch legitimately loses. The bounds are some ten roundings of the dtype (unit roundoffs 6e-8, 3.9e-3, 4.9e-4;
# float32 also sums long rows): far above any honest rounding, far below a wrong formula, target or reduction.
TOLERANCE = {"float32": 1e-5, "bfloat16": 1e-2, "float16": 2e-3}
CHECK_CHUNK = 2**22

# The cases whose logits are the `trained` data, and the number of classes they hold.
TRAINED = {"bce_with_logits": "bce_with_logits/real_model/digits-attributes-none",
           "cross_entropy": "cross_entropy/real_model/digits-none"}
EXTREMES = (20.0, -20.0, 100.0, -100.0, 1e4, -1e4, 0.0, -0.0)


class Problem(Exception):
    """Ends the program with one sentence and an exit code."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


class NotMeasured(Exception):
    """Why one point could not be measured, in one sentence; the others go on."""


class CheckFailed(NotMeasured):
    """An output was wrong: its time would mean nothing."""


# ---------------------------------------------------------------------------------------------------------------- grid

Point = collections.namedtuple("Point", "operation dtype target batch classes reduction direction data")
TARGETS = {"bce_with_logits": ("binary", "soft"), "cross_entropy": ("indices", "probabilities")}
ALLOWED = {"reduction": ("mean", "sum", "none"), "direction": ("forward", "forward_backward"),
           "data": ("normal", "trained", "extreme")}


def read_json(path, kind):
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(3, f"Cannot read {path}: {error.strerror}.") from None
    except ValueError as error:
        raise Problem(3, f"{path} is not JSON: {error}.") from None
    if not isinstance(document, dict) or document.get("format") != f"lanewise/{kind}" or document.get("version") != 1:
        raise Problem(3, f"{path} is not a file of format 'lanewise/{kind}', version 1; this program reads no other.")
    return document


def expand(entry):
    """The points of one grid entry: lists multiply, the last-named key varying fastest."""
    if set(entry) != set(Point._fields):
        raise Problem(3, f"A grid entry has the keys {', '.join(entry)}; expected {', '.join(Point._fields)}.")
    values = [value if isinstance(value, list) else [value] for value in entry.values()]
    return [Point(**dict(zip(entry, combination))) for combination in itertools.product(*values)]


def checked(point):
    for key in ("batch", "classes"):
        value = getattr(point, key)
        if type(value) is not int or value < 1:
            raise Problem(3, f"The grid has {key} {value!r}; expected a whole number, 1 or more.")
    for key, allowed in {**ALLOWED, "target": TARGETS[point.operation]}.items():
        if getattr(point, key) not in allowed:
            raise Problem(3, f"The grid has {key} {getattr(point, key)!r} for {point.operation}; "
                             f"expected one of {', '.join(allowed)}.")
    if point.batch * point.classes > MAX_LOGITS:
        raise Problem(3, f"The grid has a point of {point.batch} x {point.classes} logits; at most 2^28 are allowed.")
    return point


def select(grid, preset, operations, dtypes):
    """The points to measure, dtype by dtype. A float32 point stands for itself in every dtype asked for;
    operations and dtypes of the grid that this program does not measure are left out."""
    presets = grid.get("presets", {})
    if preset not in presets:
        raise Problem(2, f"--preset {preset} is not in the grid; expected one of {', '.join(presets)}.")
    chosen = {}  # a dict keeps the order and drops repetitions
    for point in (point for entry in presets[preset]["points"] for point in expand(entry)):
        if point.operation in operations:
            for dtype in dtypes if point.dtype == "float32" else [point.dtype]:
                chosen[checked(point)._replace(dtype=dtype)] = None
    return sorted((point for point in chosen if point.dtype in dtypes), key=lambda point: dtypes.index(point.dtype))


# -------------------------------------------------------------------------------------------------------------- inputs

def read_tensors(path):
    """A safetensors file: the header's length in eight little-endian bytes, the header in JSON, the values."""
    dtypes = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
              "I64": torch.int64, "I32": torch.int32}
    content = Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])

    def tensor(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        values = bytearray(content[start + begin:start + end])
        return torch.frombuffer(values, dtype=dtypes[entry["dtype"]]).reshape(entry["shape"])

    return tensor


class TrainedLogits:
    """Logits and targets of the stored digits models, read when first asked for."""

    tensors_of = staticmethod(read_tensors)

    def __init__(self, folder):
        self.folder = Path(folder)
        self.read = {}

    def verified(self, name, index):
        path = self.folder / name
        if hashlib.sha256(path.read_bytes()).hexdigest() != index["files"][name]["sha256"]:
            raise NotMeasured(f"no trained logits: {name} differs from its checksum in index.json; restore the stored data")
        return path

    def of(self, operation):
        if operation not in self.read:
            name = TRAINED[operation]
            try:
                index = json.loads((self.folder / "index.json").read_text(encoding="utf-8"))
                document = json.loads(self.verified(f"cases/{operation}.json", index).read_text(encoding="utf-8"))
                inputs = next(case["inputs"] for case in document["cases"] if case["id"] == name)
                tensor = self.tensors_of(self.verified(document["tensors"], index))
                self.read[operation] = tensor(inputs["logits"]["tensor"]), tensor(inputs["target"]["tensor"])
            except FileNotFoundError as error:
                raise NotMeasured(f"no trained logits: the stored reference data lacks {Path(error.filename).name}; "
                                  "name its folder with --cases") from None
            except (KeyError, StopIteration, ValueError):
                raise NotMeasured(f"no trained logits: the stored reference data has no readable case {name}") from None
        return self.read[operation]


def draw(point, device, trained):
    """The inputs of a point, drawn on the device: the logits, and the target that goes with them."""
    bce = point.operation == "bce_with_logits"
    shape = (point.batch,) if bce and point.classes == 1 else (point.batch, point.classes)
    dtype = getattr(torch, point.dtype)
    random = torch.Generator(device=device).manual_seed(SEED)

    if point.data == "trained":
        if point.target not in ("binary", "indices"):
            raise NotMeasured(f"the stored models have no {point.target} targets; use data normal")
        rows, labels = (stored.to(device) for stored in trained.of(point.operation))
        known = rows.shape[1]
        if point.classes < known:
            raise NotMeasured(f"trained logits have {known} classes, and this point only {point.classes}")
        row = torch.arange(point.batch, device=device) % len(rows)
        logits = torch.empty(shape, dtype=dtype, device=device)
        logits[:, :known] = rows[row].to(dtype)
        logits[:, known:] = (rows.amin(1) - 2)[row, None].to(dtype)
        if not bce:
            return logits, labels[row].long()
        target = torch.zeros_like(logits)  # what stands to the right of a row is so unlikely that it is no label of it
        target[:, :known] = labels[row].to(dtype)
        return logits, target

    logits = torch.randn(shape, generator=random, device=device) * 3  # N(0, 9): the variance is 9
    if point.data == "extreme":
        odd = logits.view(-1)[1::2]
        odd.copy_(torch.tensor(EXTREMES, device=device)[torch.arange(len(odd), device=device) % len(EXTREMES)])
    logits = logits.to(dtype)
    if point.target == "binary":
        return logits, torch.randint(0, 2, shape, generator=random, device=device).to(dtype)
    if point.target == "soft":
        return logits, torch.rand(shape, generator=random, device=device).to(dtype)
    if point.target == "indices":
        return logits, torch.randint(0, point.classes, (point.batch,), generator=random, device=device)
    return logits, torch.randn(shape, generator=random, device=device).softmax(1).to(dtype)


# ------------------------------------------------------------------------------------------------- what is measured

def loss_function(point):
    reduction = point.reduction
    if point.operation == "bce_with_logits":
        return lambda logits, target: F.binary_cross_entropy_with_logits(logits, target, reduction=reduction)
    return lambda logits, target: F.cross_entropy(logits, target, reduction=reduction)


def callable_for(point, peer, logits, target):
    """A function without arguments that returns (loss,) or (loss, gradient of the logits)."""
    function = loss_function(point)
    if peer == "pytorch-compile":
        torch._dynamo.reset()  # each point is compiled for its own shape, and no point uses up another's recompilations
        function = torch.compile(function, dynamic=False)
    if point.direction == "forward":
        return lambda: (function(logits, target),)
    logits.requires_grad_()
    upstream = torch.ones(loss_shape(point, logits), dtype=logits.dtype, device=logits.device)

    def forward_backward():
        loss = function(logits, target)
        (gradient,) = torch.autograd.grad(loss, logits, upstream)  # a fresh gradient: nothing is accumulated
        return loss.detach(), gradient

    return forward_backward


def loss_shape(point, logits):
    if point.reduction != "none":
        return ()
    return tuple(logits.shape) if point.operation == "bce_with_logits" else (point.batch,)


# --------------------------------------------------------------------------------------------------------------- check

def exact(point, x, target):
    """Loss and gradient in float64, unreduced, each with the size of the terms that it is the difference of."""
    if point.operation == "bce_with_logits":
        tail = torch.log1p(torch.exp(-x.abs()))
        sigmoid = torch.sigmoid(x)
        return x.clamp(min=0) - x * target + tail, x.abs() + tail, sigmoid - target, sigmoid + target
    log_softmax = x - torch.logsumexp(x, 1, keepdim=True)
    softmax = log_softmax.exp()
    if point.target == "indices":
        target = F.one_hot(target, point.classes).double()
    loss = -(target * log_softmax).sum(1)
    return loss, 1 + loss.abs(), softmax * target.sum(1, keepdim=True) - target, softmax + target


def check(point, inputs, outputs):
    """Compares a callable's outputs with the float64 value of the same formula at the same inputs. Returns the errors,
    relative to the terms; raises CheckFailed where one is above the dtype's tolerance."""
    logits, target = (tensor.detach() for tensor in inputs)
    loss, gradient = (*outputs, None)[:2]
    expected = {"loss": (loss, loss_shape(point, logits))}
    if gradient is not None:
        expected["gradient"] = (gradient, tuple(logits.shape))
    for name, (tensor, shape) in expected.items():
        if tuple(tensor.shape) != shape or tensor.dtype != logits.dtype:
            raise CheckFailed(f"check failed: the {name} is {tensor.dtype} of shape {tuple(tensor.shape)}, "
                              f"expected {logits.dtype} of shape {shape}")

    rows = (point.batch, point.classes)
    elements = point.batch * point.classes
    divisor = 1 if point.reduction != "mean" else elements if point.operation == "bce_with_logits" else point.batch
    zero = torch.zeros((), dtype=torch.float64, device=logits.device)
    loss_sum, loss_error, loss_terms, gradient_error, gradient_terms = (zero.clone() for _ in range(5))
    step = max(1, CHECK_CHUNK // point.classes)
    for begin in range(0, point.batch, step):
        part = slice(begin, begin + step)
        x = logits.reshape(rows)[part].double()
        t = target[part] if point.target == "indices" else target.reshape(rows)[part].double()
        true_loss, terms, true_gradient, true_terms = exact(point, x, t)
        if point.reduction == "none":
            got = loss.reshape(point.batch, -1)[part].double()
            loss_error += (got - true_loss.reshape(got.shape)).square().sum()
            loss_terms += terms.square().sum()
        else:
            loss_sum += true_loss.sum()
            loss_terms += terms.sum()
        if gradient is not None:
            gradient_error += (gradient.reshape(rows)[part].double() - true_gradient / divisor).square().sum()
            gradient_terms += (true_terms / divisor).square().sum()

    errors = {}
    if point.reduction == "none":
        errors["loss"] = loss_error.sqrt().item(), loss_terms.sqrt().item(), loss.numel()
    else:
        true_loss = loss_sum / divisor
        error = (loss.double() - true_loss).abs()
        if loss.isinf() and loss == true_loss.to(loss.dtype):  # a sum above the largest float16 is infinite, and right
            error = zero
        errors["loss"] = error.item(), (loss_terms / divisor).item(), 1
    if gradient is not None:
        errors["gradient"] = gradient_error.sqrt().item(), gradient_terms.sqrt().item(), elements

    # A gradient divided by a large batch may lie among the subnormal numbers, where each value is off by up to one step.
    info = torch.finfo(logits.dtype)
    subnormal_step = info.tiny * info.eps
    tolerance = TOLERANCE[point.dtype]
    for name, (error, terms, count) in errors.items():
        if not error <= tolerance * terms + subnormal_step * math.sqrt(count):  # written so that a NaN fails
            raise CheckFailed(f"check failed: the {name} is off by {error / terms if terms else error:.1e} of its terms, "
                              f"and {tolerance:.0e} is allowed for {point.dtype}")
    return {name: error / terms if terms else error for name, (error, terms, _) in errors.items()}


# ------------------------------------------------------------------------------------------------------------ machines

class Cpu:
    """The same interface as Gpu, by the host's clock: for trying the program, and for its tests."""

    transfers = ("none",)

    def __init__(self):
        self.device = torch.device("cpu")
        self.name = "cpu"
        self.threads = torch.get_num_threads()
        self.hidden = True
        self.flush_buffer = torch.empty(2**24, dtype=torch.uint8)

    def start_row(self):
        pass

    def synchronize(self):
        pass

    def flush_cache(self):
        self.flush_buffer.fill_(1)

    def device_time(self, call, calls=1, before=None):
        if before:
            before()
        begin = time.perf_counter_ns()
        for _ in range(calls):
            call()
        return (time.perf_counter_ns() - begin) / calls

    def pin(self, tensor):
        return tensor

    def release(self):
        pass

    def describe(self):
        return {"name": cpu_model(), "threads": self.threads}

    def clocks(self):
        return None

    def bandwidth(self):
        return {"device_copy": copy_bandwidth(self, 2**26),
                "host_to_device_pinned": None, "host_to_device_pageable": None}


class Gpu:
    """One CUDA device: device events, a cache to overwrite, and a queue that the host can fill ahead of time."""

    transfers = ("resident", "resident-cold", "launch", "pinned", "pageable")
    MAX_LEAD_NS = 20_000_000

    def __init__(self, index):
        torch.cuda.set_device(index)
        self.device = torch.device("cuda", index)
        self.properties = torch.cuda.get_device_properties(index)
        self.name = self.properties.name
        self.threads = 1  # one host thread drives the device
        self.l2_bytes = getattr(self.properties, "L2_cache_size", 0) or None
        self.flush_buffer = torch.empty(max(4 * (self.l2_bytes or 0), 2**28), dtype=torch.uint8, device=self.device)
        self.start = torch.cuda.Event(enable_timing=True)
        self.end = torch.cuda.Event(enable_timing=True)
        self.start_row()
        self.cycles_per_ns = self.calibrate()

    def start_row(self):
        self.lead_ns = 20_000  # how long the device waits while the host queues a sample's launches
        self.hidden = True  # whether that was long enough for every sample

    def calibrate(self):
        """The rate of the clock that torch.cuda._sleep counts, once the device has left its idle clock."""
        wake = time.perf_counter() + 0.5
        while time.perf_counter() < wake:
            self.flush_cache()
            torch.cuda._sleep(1000)
            self.synchronize()
        cycles = 4_000_000
        self.start.record()
        torch.cuda._sleep(cycles)
        self.end.record()
        self.end.synchronize()
        return cycles / (self.start.elapsed_time(self.end) * 1e6)

    def synchronize(self):
        torch.cuda.synchronize()

    def flush_cache(self):
        self.flush_buffer.fill_(1)

    def device_time(self, call, calls=1, before=None):
        """Nanoseconds of device time a call. A kernel that only waits goes first, so that the host has queued every
        launch before the device reaches the first event: the span between the events then holds no gap in which the
        device waited for the host. If the device was there first, the sample is taken again with a longer wait."""
        while True:
            if before:
                before()
            torch.cuda._sleep(int(self.lead_ns * self.cycles_per_ns))
            self.start.record()
            for _ in range(calls):
                call()
            self.end.record()
            late = self.start.query()
            self.end.synchronize()
            if not late or self.lead_ns >= self.MAX_LEAD_NS:
                self.hidden = self.hidden and not late
                return self.start.elapsed_time(self.end) * 1e6 / calls
            self.lead_ns *= 2

    def pin(self, tensor):
        return tensor.pin_memory()

    def release(self):
        torch.cuda.empty_cache()

    def describe(self):
        properties = self.properties
        return {"name": self.name, "memory_bytes": properties.total_memory,
                "multiprocessors": properties.multi_processor_count,
                "compute_capability": f"{properties.major}.{properties.minor}", "l2_bytes": self.l2_bytes,
                "flush_bytes": self.flush_buffer.numel(), "driver": self.query("driver_version")[0]}

    def query(self, *fields):
        """Fields of nvidia-smi for this device, None for each that it cannot tell."""
        uuid = str(getattr(self.properties, "uuid", ""))
        for device in ([f"GPU-{uuid.removeprefix('GPU-')}"] if uuid else []) + [str(self.device.index)]:
            line = output_of("nvidia-smi", "-i", device, f"--query-gpu={','.join(fields)}",
                             "--format=csv,noheader,nounits")
            values = [value.strip() for value in (line or "").split(",")]
            if len(values) == len(fields) and values[0]:
                return [None if value.startswith("[") or value == "N/A" else value for value in values]
        return [None] * len(fields)

    def clocks(self):
        fields = {"sm_mhz": "clocks.sm", "memory_mhz": "clocks.mem", "max_sm_mhz": "clocks.max.sm",
                  "max_memory_mhz": "clocks.max.mem", "temperature_c": "temperature.gpu", "power_w": "power.draw"}
        return {name: number(value) for name, value in zip(fields, self.query(*fields.values()))}

    def bandwidth(self):
        free = torch.cuda.mem_get_info()[0]
        size = min(2**30, free // 8)
        size -= size % 2**20
        result = {"device_copy": copy_bandwidth(self, size)}
        for kind, place in (("pinned", self.pin), ("pageable", lambda tensor: tensor)):
            try:
                result[f"host_to_device_{kind}"] = upload_bandwidth(self, min(size, 2**28), place)
            except (RuntimeError, MemoryError):  # a host may forbid large pinned buffers
                result[f"host_to_device_{kind}"] = None
        self.release()
        return result


def host_time(machine, call):
    """Nanoseconds from the call to its completion, by the host's clock."""
    machine.synchronize()
    begin = time.perf_counter_ns()
    call()
    machine.synchronize()
    return time.perf_counter_ns() - begin


class RoundTrip:
    """One call as a host program sees it: copies the inputs to the device, computes, copies the outputs back."""

    def __init__(self, machine, call, inputs, pinned):
        place = machine.pin if pinned else lambda tensor: tensor
        self.machine = machine
        self.call = call
        self.inputs = [(tensor, place(tensor.detach().to("cpu", copy=True))) for tensor in inputs]
        self.outputs = [place(torch.full(tensor.shape, math.nan, dtype=tensor.dtype)) for tensor in call()]

    def __call__(self):
        with torch.no_grad():
            for tensor, host in self.inputs:
                tensor.copy_(host, non_blocking=True)
        outputs = self.call()
        for host, output in zip(self.outputs, outputs):
            host.copy_(output.detach(), non_blocking=True)
        return outputs

    def check(self):
        outputs = self()
        self.machine.synchronize()
        if not all(torch.equal(host, output.detach().cpu()) for host, output in zip(self.outputs, outputs)):
            raise CheckFailed("check failed: the outputs on the host differ from those on the device")


def copy_bandwidth(machine, size):
    """A copy within the device's memory, counting the bytes read and the bytes written."""
    source = torch.randint(0, 256, (size,), dtype=torch.uint8, device=machine.device)
    sink = torch.empty_like(source)
    samples = collect(lambda: machine.device_time(lambda: sink.copy_(source)), 0.2)
    return {"gb_per_s": round(2 * size / summary(samples)["median"], 2), "bytes": 2 * size, "samples": len(samples)}


def upload_bandwidth(machine, size, place):
    source = place(torch.randint(0, 256, (size,), dtype=torch.uint8))
    sink = torch.empty(size, dtype=torch.uint8, device=machine.device)
    samples = collect(lambda: host_time(machine, lambda: sink.copy_(source, non_blocking=True)), 0.2)
    return {"gb_per_s": round(size / summary(samples)["median"], 2), "bytes": size, "samples": len(samples)}


# -------------------------------------------------------------------------------------------------------------- timing

def collect(sample, seconds):
    """Samples for about so many seconds, after a warm-up of a quarter of them."""
    enabled = gc.isenabled()
    gc.disable()  # a collection is not part of any call
    try:
        sample()
        warm = time.perf_counter() + seconds / 4
        while time.perf_counter() < warm:
            sample()
        samples = []
        end = time.perf_counter() + seconds
        while len(samples) < MIN_SAMPLES or len(samples) < MAX_SAMPLES and time.perf_counter() < end:
            samples.append(sample())
        return samples
    finally:
        if enabled:
            gc.enable()


def percentile(ordered, share):
    """Linear between the two samples that enclose the share."""
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def summary(samples):
    ordered = sorted(samples)
    return {"unit": "ns/call", "median": round(percentile(ordered, 0.5), 1), "low": round(percentile(ordered, 0.05), 1),
            "high": round(percentile(ordered, 0.95), 1), "samples": len(ordered)}


def calls_to_span(machine, call):
    """How many calls fill a span that is long beside the resolution of the clock."""
    once = min(machine.device_time(call) for _ in range(3))
    return 1 if once >= SPAN_NS else min(MAX_CALLS, math.ceil(SPAN_NS / max(once, 1)))


def measure(machine, transfer, call, inputs, seconds):
    """The `time` of a row, by the method that the transfer names."""
    machine.start_row()
    calls = 1
    if transfer in ("resident", "none"):
        calls = calls_to_span(machine, call)
        samples = collect(lambda: machine.device_time(call, calls), seconds)
    elif transfer == "resident-cold":
        samples = collect(lambda: machine.device_time(call, 1, machine.flush_cache), seconds)
    elif transfer == "launch":
        samples = collect(lambda: host_time(machine, call), seconds)
    else:
        trip = RoundTrip(machine, call, inputs, transfer == "pinned")
        samples = collect(lambda: host_time(machine, trip), seconds)
        trip.check()
    result = {**summary(samples), "calls_per_sample": calls}
    if not machine.hidden:
        result["launches_hidden"] = False
    return result


class Session:
    """Measures points and keeps the rows."""

    def __init__(self, machine, peers, trained, seconds, limit):
        self.machine = machine
        self.peers = peers
        self.trained = trained
        self.seconds = seconds / (len(peers) * len(machine.transfers))
        self.limit = limit
        self.begin = time.monotonic()
        self.rows = []
        self.wrong = 0

    def elapsed(self):
        return time.monotonic() - self.begin

    def mind_the_limit(self):
        if self.limit is not None and self.elapsed() > self.limit:
            raise NotMeasured(f"not measured: time limit of {self.limit:g} s reached")

    def add(self, point, peer, transfer, **values):
        self.rows.append({"work": point._asdict(),
                          "implementation": {"name": peer, "device": self.machine.name,
                                             "threads": self.machine.threads, "transfer": transfer}, **values})

    def attempt(self, point, peer, transfers, action):
        """The action's result; where it fails, an error row for each of the transfers, and None."""
        try:
            return action()
        except Exception as error:
            self.wrong += isinstance(error, CheckFailed)
            expected = isinstance(error, NotMeasured)
            sentence = sentence_for(error, point)
        for transfer in transfers:
            self.add(point, peer, transfer, error=sentence)
        if not expected:
            gc.collect()  # the exception is gone by now, which held on to what was being computed
            self.machine.release()
        return None

    def point(self, point):
        machine = self.machine

        def inputs():
            self.mind_the_limit()
            return draw(point, machine.device, self.trained)

        drawn = None
        for peer in self.peers:
            drawn = drawn or self.attempt(point, peer, machine.transfers, inputs)
            if drawn:
                self.peer(point, peer, drawn)
        del drawn
        machine.release()

    def peer(self, point, peer, inputs):
        machine = self.machine
        facts = {}

        def prepare():
            self.mind_the_limit()
            begin = time.perf_counter()
            call = callable_for(point, peer, *inputs)
            outputs = call()
            machine.synchronize()
            if peer == "pytorch-compile":
                facts["compile_s"] = round(time.perf_counter() - begin, 3)
            facts["check"] = check(point, inputs, outputs)
            return call

        call = self.attempt(point, peer, machine.transfers, prepare)
        for transfer in machine.transfers if call else ():

            def timed():
                self.mind_the_limit()
                return measure(machine, transfer, call, inputs, self.seconds)

            result = self.attempt(point, peer, [transfer], timed)
            if result:
                self.add(point, peer, transfer, time=result, **facts)


def sentence_for(error, point):
    """One sentence for a row that has no time."""
    if isinstance(error, NotMeasured):
        return str(error)
    if isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)):
        return f"out of memory at {point.batch} x {point.classes} logits in {point.dtype}"
    return f"{type(error).__name__}: {first_line(error)}"


def first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")[:200]


# --------------------------------------------------------------------------------------------------------- environment

def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def commit():
    """The commit of the working tree that holds this program, with -dirty where a file of it was changed; None where the
    program does not lie in its own: the commit of another project must not pass for ours."""
    if not (ROOT / ".git").exists():
        return None
    head = output_of("git", "-C", str(ROOT), "rev-parse", "HEAD")
    changes = output_of("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no", "--", ".",
                        ":(exclude)reference-data/results")  # results make the program no other one
    return None if not head or changes is None else f"{head}-dirty" if changes else head


def portable(arguments):
    """Arguments without the folders of this machine: a result is passed on, and where a file lay changes no number."""
    return [re.sub(r"(?:^|(?<==))~?/(?:[^/]*/)*", "", argument) for argument in arguments]


def environment(machine, arguments):
    return {"program": "bench/gpu/pytorch_gpu.py", "arguments": portable(arguments),
            "utc": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "git_commit": commit(), "complete": False,
            "python": platform.python_version(), "torch": torch.__version__, "cuda": torch.version.cuda,
            "os": platform.platform(), "cpu": cpu_model(), "cpu_count": os.cpu_count(), "seed": SEED,
            "device": machine.describe(), "clocks_before": machine.clocks(), "clocks_after": None,
            "bandwidth": machine.bandwidth()}


def write_results(path, facts, rows):
    """One row a line. The file is written beside and moved into place, so that a reader never sees half of one."""
    head = json.dumps({"format": "lanewise/peers", "version": 1, "environment": facts}, indent=1, allow_nan=False)
    lines = ",\n".join("  " + json.dumps(row, allow_nan=False) for row in rows)
    with written_beside(path, head[:-2] + ',\n "results": [\n' + lines + "\n ]}\n") as part:
        os.replace(part, path)


@contextlib.contextmanager
def written_beside(path, text):
    if path.exists() and not path.is_file():
        raise Problem(3, f"Cannot write {path}: it is no regular file; choose another file with --out.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        yield part
    except OSError as error:
        raise Problem(3, f"Cannot write {path}: {error.strerror}; choose another file with --out.") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


# -------------------------------------------------------------------------------------------------------- command line

class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(2, f"{message[:1].upper()}{message[1:]}; --help lists the options.")


def parse(arguments):
    parser = Arguments(prog="pytorch_gpu.py", description="Measures PyTorch's losses on a GPU over the points of the grid.",
                       allow_abbrev=False)
    parser.add_argument("--grid", metavar="FILE", type=Path, default=HERE.parent / "grid.json",
                        help="the grid (default: bench/grid.json)")
    parser.add_argument("--preset", default="default", help="the grid's list of points (default: default)")
    parser.add_argument("--operation", default=",".join(OPERATIONS), help=f"default: {','.join(OPERATIONS)}")
    parser.add_argument("--dtype", default="float32,bfloat16",
                        help="each float32 point is measured in all of these (default: float32,bfloat16; "
                             f"known: {', '.join(DTYPES)})")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"default: {','.join(PEERS)}")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu to try the program (default: cuda)")
    parser.add_argument("--threads", type=int, metavar="N", help="PyTorch's CPU threads (default: PyTorch's choice)")
    parser.add_argument("--cases", metavar="DIR", type=Path, default=ROOT / "reference-data" / "data",
                        help="the stored reference data, for trained logits (default: reference-data/data)")
    parser.add_argument("--seconds-per-point", type=float, default=1.0, metavar="S",
                        help="measuring time of a point, shared by its rows (default: 1)")
    parser.add_argument("--limit-s", type=float, metavar="S",
                        help="stop after so many seconds; points not reached are reported as such")
    parser.add_argument("--out", metavar="FILE", type=Path,
                        help="the result file (default: reference-data/results/pytorch-DEVICE.json)")
    parser.add_argument("--verbose", action="store_true", help="a stack trace where the program itself fails")
    options = parser.parse_args(arguments)

    for name, allowed in (("operation", OPERATIONS), ("dtype", DTYPES), ("peers", PEERS)):
        values = list(dict.fromkeys(getattr(options, name).split(",")))
        for value in values:
            if value not in allowed:
                raise Problem(2, f"--{name} {value!r} is unknown; expected some of {', '.join(allowed)}.")
        setattr(options, name, values)
    if not re.fullmatch(r"cpu|cuda(:\d+)?", options.device):
        raise Problem(2, f"--device {options.device!r} is unknown; expected cuda, cuda:N or cpu.")
    for name in ("seconds_per_point", "limit_s"):
        value = getattr(options, name)
        if value is not None and not (0 < value < math.inf):
            raise Problem(2, f"--{name.replace('_', '-')} {value:g} is out of range; expected a number above 0.")
    if options.threads is not None and options.threads < 1:
        raise Problem(2, f"--threads {options.threads} is out of range; expected 1 or more.")
    if options.out and options.out.resolve() == options.grid.resolve():
        raise Problem(2, f"--out {options.out} would overwrite the grid that it reads; choose another file.")
    if options.out and options.out.is_dir():
        raise Problem(2, f"--out {options.out} is a folder; expected the name of a file.")
    return options


def open_machine(device):
    if device == "cpu":
        return Cpu()
    if not torch.cuda.is_available():
        raise Problem(3, f"No GPU: PyTorch {torch.__version__} finds no CUDA device; run on a machine with one and a CUDA "
                         "build of PyTorch, or try the program with --device cpu.")
    index = int(device.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise Problem(3, f"--device {device} does not exist: this machine has {torch.cuda.device_count()} CUDA device(s), "
                         "numbered from 0.")
    try:
        return Gpu(index)
    except RuntimeError as error:
        raise Problem(3, f"The GPU does not work with PyTorch {torch.__version__}: {first_line(error)}.") from None


def clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}m{seconds:02d}s"


def progress(session, point, done, total):
    """One line a point: the first transfer's median for each peer, or why there is none."""
    shown = {}
    for row in session.rows[-len(session.peers) * len(session.machine.transfers):]:
        if row["implementation"]["transfer"] == session.machine.transfers[0]:
            value = f"{row['time']['median'] / 1e3:.1f} us" if "time" in row else row["error"]
            shown.setdefault(value, []).append(row["implementation"]["name"].removeprefix("pytorch-"))
    shown = ", ".join(f"{' and '.join(names)} {value}" for value, names in shown.items())
    left = session.elapsed() / done * (total - done)
    if session.limit is not None:
        left = min(left, max(0, session.limit - session.elapsed()))
    print(f"[{done}/{total}] {' '.join(map(str, point))}: {shown}; "
          f"{clock(session.elapsed())} elapsed, about {clock(left)} left", file=sys.stderr, flush=True)


def run(arguments):
    options = parse(arguments)
    points = select(read_json(options.grid, "grid"), options.preset, options.operation, options.dtype)
    if not points:
        raise Problem(2, f"--preset {options.preset} has no point of operation {','.join(options.operation)} "
                         f"and dtype {','.join(options.dtype)}.")
    if torch is None:
        raise Problem(3, f"PyTorch cannot be imported ({first_line(TORCH_LACKS)}); install it with: python3 -m pip install torch")
    if options.threads:
        torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")  # advice of the compiler about faster settings: the defaults are what is measured
    logging.getLogger("torch").setLevel(logging.ERROR)

    machine = open_machine(options.device)
    slug = re.sub(r"[^a-z0-9]+", "-", machine.name.lower()).strip("-")
    out = options.out or ROOT / "reference-data" / "results" / f"pytorch-{slug}.json"
    session = Session(machine, options.peers, TrainedLogits(options.cases), options.seconds_per_point, options.limit_s)
    with written_beside(out, ""):  # a file that cannot be written is better known now than after an hour of measuring
        pass
    facts = None
    saved = time.monotonic()
    try:
        facts = environment(machine, arguments)
        for done, point in enumerate(points, 1):
            session.point(point)
            progress(session, point, done, len(points))
            if time.monotonic() - saved > SAVE_EVERY_S:
                write_results(out, facts, session.rows)
                saved = time.monotonic()
        facts["clocks_after"] = machine.clocks()
        facts["complete"] = True
        write_results(out, facts, session.rows)
    except BaseException as stop:  # whatever ended the run, what was measured before it is kept
        if facts and session.rows:
            write_results(out, facts, session.rows)
            print(f"Stopped early: {len(session.rows)} rows are in {out}.", file=sys.stderr)
            if isinstance(stop, KeyboardInterrupt):
                return 130
        raise

    measured = sum("time" in row for row in session.rows)
    print(f"{measured} of {len(session.rows)} rows measured, in {clock(session.elapsed())}: {out}", file=sys.stderr)
    if session.wrong:
        print(f"Checks failed: {session.wrong}; see the rows whose error begins with 'check failed'.", file=sys.stderr)
        return 1
    if not measured:
        first = session.rows[0]["error"]
        raise Problem(3, f"Nothing was measured; the first row says: {first}.")
    return 0


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return run(arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.code
    except KeyboardInterrupt:
        print("Interrupted before anything was measured.", file=sys.stderr)
        return 130
    except Exception as error:
        if "--verbose" in arguments:
            raise
        print(f"Stopped by {type(error).__name__}: {first_line(error)}; --verbose shows where.", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
