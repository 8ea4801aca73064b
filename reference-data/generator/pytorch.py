"""Runs the cases on PyTorch. Import this module only after the environment is set (see generate.py)."""

import platform
import sys
import warnings
from importlib.metadata import version

import numpy as np
import torch

from . import DataFault
from .cases import Output
from .tensors import Tensor
from .truth import floats

WANTED = "2.13.0"


def prepare():
    found = torch.__version__
    if found.split("+")[0] != WANTED:
        raise DataFault(f"The reference is torch {WANTED}, but torch {found} is installed; install the wanted one with: "
                        "pip install -r requirements.txt")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")


def versions():
    return {"python": platform.python_version(), "torch": torch.__version__,
            **{name: version(name) for name in ("numpy", "mpmath", "scikit-learn")}}


def cpu():
    vendor = platform.processor() or platform.machine()
    if sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            vendor = next((line.split(":")[1].strip() for line in lines if line.startswith("vendor_id")), vendor)
    return {"capability": torch.backends.cpu.get_cpu_capability(), "vendor": vendor, "threads": torch.get_num_threads()}


def _to_torch(tensor):
    values = tensor.array.copy()
    if tensor.dtype == "bfloat16":
        return torch.from_numpy(values.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(values)


def _from_torch(tensor):
    tensor = tensor.detach().contiguous()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype == "bfloat16":
        return Tensor.of(tensor.float().numpy(), dtype)
    return Tensor.of(tensor.numpy(), dtype)


def run(operation, case):
    """Puts into the case what PyTorch returns or raises, beside the truth."""
    inputs = {name: _to_torch(tensor) for name, tensor in case.inputs.items()}
    upstream = inputs.pop("upstream", None)
    for name in case.gradients:
        inputs[name].requires_grad_()
    try:
        result = operation.call(torch.nn.functional, inputs, case.options)
    except Exception as error:  # what PyTorch raises is the expected value
        if not case.fails:
            raise DataFault(f"The case {case.id} is meant to have a value, but PyTorch raises "
                            f"{type(error).__name__}: {error}") from error
        case.error = {"class": type(error).__name__, "message": str(error)}
        return
    if case.fails:
        raise DataFault(f"The case {case.id} is meant to be refused, but PyTorch returns a value.")
    results = {operation.result: result}
    if upstream is not None:
        if upstream.dtype != result.dtype or upstream.shape != result.shape:
            raise DataFault(f"The case {case.id} has an upstream gradient of {upstream.dtype} {tuple(upstream.shape)}, "
                            f"but PyTorch returns {result.dtype} {tuple(result.shape)}.")
        result.backward(upstream)
        results |= {f"{name}_gradient": inputs[name].grad for name in case.gradients}
    truth = operation.truth(case)
    for name, result in results.items():
        exact, finite = truth[name]
        values, positions = _from_torch(result), case.positions.get(name)
        shape = values.shape
        finite = np.reshape(finite, shape)
        if positions is not None:
            values = Tensor(values.dtype, values.array.ravel()[positions])
            finite = finite.ravel()[positions]
        case.outputs[name] = Output(shape, values, *floats(exact, values.shape), finite, positions)
