"""Training trajectories: the losses of the first 50 steps of small networks, trained by PyTorch in float32.

A loop that uses an implementation's loss and gradient, with the same start, batches and optimiser, must see the same
losses. Every trajectory is made again in float64: where float32's rounding alone would move a loss, or where a gradient
1 % too large would not, the trajectory could not tell a right implementation from a wrong one and is refused.
"""

import json

import numpy as np
import torch
from sklearn.datasets import load_digits

from . import DataFault, digits
from .files import TensorFile, read_tensors, to_json
from .tensors import Stream, Tensor

SAMPLES, BATCH, HIDDEN, STEPS = 512, 32, 24, 50
TOLERANCE = 1e-4
TRAJECTORIES = {
    "single-label-sgd": ("cross_entropy", {"name": "sgd", "learning_rate": 0.5, "momentum": 0.0, "weight_decay": 0.0}),
    "single-label-momentum": ("cross_entropy", {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4}),
    "multi-label-sgd": ("bce_with_logits", {"name": "sgd", "learning_rate": 0.2, "momentum": 0.9, "weight_decay": 0.0}),
    "multi-label-adam": ("bce_with_logits", {"name": "adam", "learning_rate": 0.04, "beta1": 0.9, "beta2": 0.999,
                                             "epsilon": 1e-8, "weight_decay": 1e-2}),
}


def _inputs(seed, name, operation):
    draw = Stream(seed, f"training/{name}")
    images, labels = load_digits(return_X_y=True)
    chosen = draw.order(len(labels))[:SAMPLES]
    images, labels = images[chosen], labels[chosen]
    single = operation == "cross_entropy"
    targets = labels if single else digits._attributes(labels)
    outputs = 10 if single else targets.shape[1]
    batches = np.concatenate([draw.order(SAMPLES) for _ in range(STEPS * BATCH // SAMPLES + 1)])[: STEPS * BATCH]
    inputs = {
        "images": Tensor.of(images, "uint8"), "targets": Tensor.of(targets, "int64" if single else "float32"),
        "batches": Tensor.of(batches, "int64", (STEPS, BATCH)),
        "weight1": Tensor.of(draw.uniform(HIDDEN * 64, -0.125, 0.125), shape=(HIDDEN, 64)),
        "bias1": Tensor.of(draw.uniform(HIDDEN, -0.125, 0.125)),
        "weight2": Tensor.of(draw.uniform(outputs * HIDDEN, -0.2, 0.2), shape=(outputs, HIDDEN)),
        "bias2": Tensor.of(draw.uniform(outputs, -0.2, 0.2)),
    }
    if not single:
        inputs["pos_weight"] = Tensor.of(draw.uniform(outputs, 1.5, 4.0))
    return inputs


def _losses(operation, optimiser, inputs, dtype, factor=1.0, weighted=True):
    """The loss before each step; `factor` and `weighted` spoil the training, to see whether it shows."""
    values = {name: torch.from_numpy(tensor.array.copy()) for name, tensor in inputs.items()}
    images = values["images"].to(dtype) / 16
    parameters = [values[name].to(dtype).requires_grad_() for name in ("weight1", "bias1", "weight2", "bias2")]
    decay = optimiser["weight_decay"]
    if optimiser["name"] == "sgd":
        steps = torch.optim.SGD(parameters, optimiser["learning_rate"], optimiser["momentum"], weight_decay=decay)
    else:
        steps = torch.optim.Adam(parameters, optimiser["learning_rate"], (optimiser["beta1"], optimiser["beta2"]),
                                 optimiser["epsilon"], decay)
    losses = []
    for batch in values["batches"]:
        w1, b1, w2, b2 = parameters
        logits = torch.relu(images[batch] @ w1.T + b1) @ w2.T + b2
        target = values["targets"][batch]
        if operation == "cross_entropy":
            loss = torch.nn.functional.cross_entropy(logits, target)
        else:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, target.to(dtype), pos_weight=values["pos_weight"].to(dtype) if weighted else None)
        losses.append(loss.item())
        steps.zero_grad()
        (loss * factor).backward()
        steps.step()
    return np.array(losses)


def _trajectory(seed, name):
    operation, optimiser = TRAJECTORIES[name]
    inputs = _inputs(seed, name, operation)
    losses = _losses(operation, optimiser, inputs, torch.float32)

    def apart(**changes):
        return float(np.max(np.abs(_losses(operation, optimiser, inputs, **changes) / losses - 1.0)))

    fault = None
    if apart(dtype=torch.float64) > TOLERANCE / 4:
        fault = "float32's rounding alone moves its losses"
    elif apart(dtype=torch.float32, factor=1.01) < 2 * TOLERANCE:
        fault = "a gradient 1 % too large does not show in it"
    elif "pos_weight" in inputs and apart(dtype=torch.float32, weighted=False) < 2 * TOLERANCE:
        fault = "leaving pos_weight out does not show in it"
    elif losses[-5:].mean() > losses[0] / 2:
        fault = "its loss does not halve"
    if fault:
        raise DataFault(f"The trajectory {name} proves nothing: {fault}; choose another --seed.")
    tensors = TensorFile()
    path = f"training/{name}.safetensors"

    def describe(tensor):
        return {"dtype": tensor.dtype, "shape": list(tensor.shape), "tensor": tensors.add(tensor)}

    document = {"format": "lanewise/training", "version": 1, "name": name, "operation": operation,
                "options": {"reduction": "mean"}, "optimiser": optimiser, "tolerance": TOLERANCE, "tensors": path,
                "inputs": {key: describe(tensor) for key, tensor in inputs.items()},
                "expect": {"losses": describe(Tensor.of(losses, "float32"))}}
    return {f"training/{name}.json": to_json(document), path: tensors.bytes()}


def files(seed):
    made = {}
    for name in TRAJECTORIES:
        made |= _trajectory(seed, name)
    return made


def compare(stored, fresh):
    """Inputs byte for byte; losses as close as an implementation has to be, for a matrix product's bits depend on the
    machine."""
    for path in sorted(p for p in fresh if p.startswith("training/") and p.endswith(".json")):
        old, new = (json.loads(files[path]) for files in (stored, fresh))
        tensors, others = (read_tensors(files[new["tensors"]]) for files in (stored, fresh))
        losses, again = (t.pop(d["expect"]["losses"]["tensor"]).values for t, d in ((tensors, old), (others, new)))
        if old != new or {k: t.key for k, t in tensors.items()} != {k: t.key for k, t in others.items()}:
            raise DataFault(f"{path} differs from what the generator makes.")
        if not np.all(np.abs(again / losses - 1.0) <= TOLERANCE / 4):
            raise DataFault(f"The losses of {path} are not those that PyTorch gives here.")
