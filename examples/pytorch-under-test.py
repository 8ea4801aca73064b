#!/usr/bin/env python3
"""PyTorch, put under test by Lanewise over the protocol of docs/protocol.md.

    ./lanewise validate --command 'python3 examples/pytorch-under-test.py'
    ./lanewise validate --command 'python3 examples/pytorch-under-test.py --device cuda'

Needs PyTorch and NumPy; metrics are answered too where scikit-learn is installed. The stored values of PyTorch are those of
ATEN_CPU_CAPABILITY=avx2; without that in the environment PyTorch chooses its instructions, and thus its bits, by the CPU.

To put another implementation under test, copy this file and rewrite the part from `call` to `metric`: what is above it reads
and writes frames, what is below it answers them.
"""

import argparse
import json
import os
import sys
import warnings

# Standard output carries frames alone. What a library prints to it goes to standard error.
FRAMES = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)



def give_up(reason):
    """Ends the program because of the machine, not of a request."""
    print(reason, file=sys.stderr)
    sys.exit(3)


try:
    import numpy  # torch hands over its bytes through it
    import torch
except ImportError as missing:
    give_up(f"The Python package {missing.name} cannot be imported by {sys.executable}; install it with: pip install torch numpy")
try:
    import sklearn.metrics
    import sklearn.preprocessing
except ImportError:
    sklearn = None

# ---- frames: 8 bytes with a length, then a file in safetensors format, whose metadata hold the message ----

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read_exactly(count):
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit("A request ended early." if data else 0)
    return data


def read_request():
    """The message and its tensors by name; ends the program at the end of input."""
    frame = read_exactly(int.from_bytes(read_exactly(8), "little"))
    data = 8 + int.from_bytes(frame[:8], "little")
    header = json.loads(frame[8:data])
    message = json.loads(header.pop("__metadata__")["lanewise"])
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = bytearray(frame[data + start : data + end])  # its own memory: aligned, and torch may write to it
        dtype = DTYPES[entry["dtype"]]
        flat = torch.frombuffer(values, dtype=dtype) if values else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry["shape"])
    return message, tensors


def write_answer(message, tensors):
    header, parts, offset = {"__metadata__": {"lanewise": json.dumps(message)}}, [], 0
    # Wide dtypes first, as the format wants all of them aligned and no gaps.
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        part = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(part)]}
        parts.append(part)
        offset += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    frame = len(text).to_bytes(8, "little") + text + b"".join(parts)
    FRAMES.write(len(frame).to_bytes(8, "little") + frame)
    FRAMES.flush()


# ---- the implementation under test ----

FUNCTIONS = {
    "bce_with_logits": torch.nn.functional.binary_cross_entropy_with_logits,
    "cross_entropy": torch.nn.functional.cross_entropy,
    "bce": torch.nn.functional.binary_cross_entropy,
    "nll_loss": torch.nn.functional.nll_loss,
    "log_softmax": torch.nn.functional.log_softmax,
    "softmax": torch.nn.functional.softmax,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": torch.nn.functional.logsigmoid,
    "one_hot": torch.nn.functional.one_hot,
}
NUMBERS = {"label_smoothing", "zero_division", "threshold"}  # may be "NaN", "inf" or "-inf", which JSON lacks


def call(operation, inputs, options, wanted):
    """The outputs of an operation by name: the result, and the gradients in `wanted`, which start from the input `upstream`."""
    upstream = inputs.pop("upstream", None)
    gradients = [name for name in wanted if name.endswith("_gradient")]
    sources = [inputs[name.removesuffix("_gradient")].requires_grad_() for name in gradients]
    if "dtype" in options:
        options["dtype"] = getattr(torch, options["dtype"])
    # The first argument goes by its place: what cases call logits, PyTorch calls input.
    first = next(name for name in ("logits", "input", "target") if name in inputs)
    others = {name: tensor for name, tensor in inputs.items() if name != first}
    result = FUNCTIONS[operation](inputs[first], **others, **options)
    outputs = {name: result.detach() for name in wanted if name not in gradients}  # it is called loss or output
    if gradients:
        upstream = torch.ones_like(result) if upstream is None else upstream
        outputs |= zip(gradients, torch.autograd.grad(result, sources, upstream, materialize_grads=True))
    return outputs


def metric(inputs, options):
    """The outputs of a metric of scikit-learn by name: numbers, arrays and texts."""
    name = options.pop("metric")
    if name == "categories":
        encoder = sklearn.preprocessing.LabelEncoder()
        indices = encoder.fit_transform(options["values"])
        one_hot = numpy.eye(len(encoder.classes_), dtype=int)[indices]
        return {"classes": "\n".join(encoder.classes_), "indices": indices, "one_hot": one_hot}
    target = inputs["target"].numpy()
    if name == "best_threshold":
        precision, recall, thresholds = sklearn.metrics.precision_recall_curve(target, inputs["scores"].double().numpy())
        with numpy.errstate(invalid="ignore"):
            f1 = numpy.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
        best = f1.argmax()
        return {"threshold": thresholds[best], "f1": f1[best]}
    if name == "binary_accuracy":
        scores = torch.sigmoid(inputs["scores"]) if options["on"] == "logits" else inputs["scores"]
        prediction = (scores > options["threshold"]).long().numpy()
        return {"prediction": prediction, "accuracy": (prediction == target).mean()}
    if name == "argmax_accuracy":
        prediction = inputs["scores"].argmax(1).numpy()
        return {"prediction": prediction, "accuracy": sklearn.metrics.accuracy_score(target, prediction)}
    prediction = inputs["prediction"].numpy()
    if name == "precision_recall_f1":
        average = None if options["average"] == "none" else options["average"]
        scores = sklearn.metrics.precision_recall_fscore_support(target, prediction, average=average,
                                                                 zero_division=options["zero_division"])
        return {key: value for key, value in zip(("precision", "recall", "f1", "support"), scores) if value is not None}
    if name == "exact_match":
        return {"exact_match": sklearn.metrics.accuracy_score(target, prediction)}
    if name == "hamming_loss":
        return {"hamming_loss": sklearn.metrics.hamming_loss(target, prediction)}
    return {"report": sklearn.metrics.classification_report(target, prediction, **options)}


# ---- answers ----


def operation_answer(message, inputs, device):
    operation, options = message["operation"], message["options"]
    options |= {name: float(options[name]) for name in NUMBERS & options.keys()}
    if operation == "metrics" and sklearn:
        outputs = metric(inputs, options)
        texts = {name: value for name, value in outputs.items() if isinstance(value, str)}
        return {"answer": "outputs", "texts": texts}, {name: torch.as_tensor(numpy.asarray(value))
                                                       for name, value in outputs.items() if name not in texts}
    if operation not in FUNCTIONS:
        return {"answer": "unsupported", "reason": f"The operation '{operation}' is not answered by this program."}, {}
    try:
        outputs = call(operation, {name: tensor.to(device) for name, tensor in inputs.items()}, options, message["outputs"])
        return {"answer": "outputs", "texts": {}}, {name: tensor.cpu() for name, tensor in outputs.items()}
    except Exception as error:  # what PyTorch raises is its answer
        if "device-side assert" in str(error):
            raise SystemExit(f"The device is lost until the program is started again: {error}") from error
        return {"answer": "error", "class": type(error).__name__, "message": str(error)}, {}


def answer(message, tensors, device):
    if message.get("version") != 1:
        return {"answer": "failed", "reason": f"The request is of version {message.get('version')}; expected 1."}, {}
    if message["request"] == "describe":
        return {"answer": "description", "name": f"PyTorch {torch.__version__} on {device}", "kernels": [],
                "operations": [*FUNCTIONS, *(["metrics"] if sklearn else [])], "repeat": False}, {}
    if message["request"] == "operation":
        return operation_answer(message, tensors, device)
    return {"answer": "failed", "reason": f"The request '{message['request']}' is not answered by this program."}, {}


def main():
    parser = argparse.ArgumentParser(description="PyTorch as an implementation under test, over standard input and output.")
    parser.add_argument("--device", default="cpu", help="where PyTorch computes, such as cuda (default: cpu)")
    device = torch.device(parser.parse_args().device)
    if device.type == "cuda" and not torch.cuda.is_available():
        give_up("PyTorch finds no CUDA device; leave --device out, or install a PyTorch with CUDA.")
    torch.set_num_threads(1)  # PyTorch's bits depend on the number of threads
    warnings.simplefilter("ignore")
    while True:
        message, tensors = read_request()
        try:
            reply = answer(message, tensors, device)
        except Exception as error:
            reply = {"answer": "failed", "reason": f"{type(error).__name__}: {error}"}, {}
        write_answer(*reply)


if __name__ == "__main__":
    main()
