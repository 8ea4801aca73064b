"""Tensors, and where their values come from.

Every input is drawn from the raw 64-bit output of NumPy's Philox, which NumPy promises never to change, by integer
operations and single IEEE operations only. No library's idea of a normal distribution and no machine's exp or log
takes part, so a seed stands for the same bytes everywhere.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

# dtype name -> (NumPy storage, name in a safetensors header). NumPy has no bfloat16: it is held as its 16 bits.
DTYPES = {
    "float64": (np.dtype("<f8"), "F64"), "float32": (np.dtype("<f4"), "F32"), "float16": (np.dtype("<f2"), "F16"),
    "bfloat16": (np.dtype("<u2"), "BF16"), "int64": (np.dtype("<i8"), "I64"), "int32": (np.dtype("<i4"), "I32"),
    "int16": (np.dtype("<i2"), "I16"), "int8": (np.dtype("i1"), "I8"), "uint8": (np.dtype("u1"), "U8"),
    "bool": (np.dtype("?"), "BOOL"),
}
FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
HALVES = ("float16", "bfloat16")


@dataclass(frozen=True, eq=False)
class Tensor:
    """Contiguous row-major values. With a recipe the values are not stored: a reader draws them again."""

    dtype: str
    array: np.ndarray
    recipe: dict | None = None

    @staticmethod
    def of(values, dtype="float32", shape=None):
        values = np.asarray(values)
        if dtype == "bfloat16":
            values = values.astype("<f4")
            bits = np.atleast_1d(values).view("<u4").astype(np.uint64)
            rounded = (bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) >> np.uint64(16)
            array = np.where(np.isnan(values), 0x7FC0, rounded.reshape(values.shape)).astype("<u2")
        else:
            with np.errstate(over="ignore"):
                array = np.array(values.astype(DTYPES[dtype][0]))
            if dtype in FLOATS:
                array[np.isnan(array)] = np.nan  # one NaN, whatever bits the machine made
        return Tensor(dtype, np.ascontiguousarray(array).reshape(values.shape if shape is None else shape))

    @property
    def shape(self):
        return self.array.shape

    @property
    def values(self):
        """The numbers as float64; int64 ones beyond 2^53 are rounded."""
        if self.dtype == "bfloat16":
            return (self.array.astype("<u4") << 16).view("<f4").astype(np.float64)
        return self.array.astype(np.float64)

    @property
    def data(self):
        return self.array.tobytes()

    @property
    def key(self):
        """Tensors with equal keys are stored once."""
        return self.dtype, self.shape, self.data


class Stream:
    """The random numbers of one name. Each name has its own stream, so a new case never changes another's."""

    def __init__(self, seed, name):
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        self._bits = np.random.Philox(key=np.array([seed, key], dtype=np.uint64))

    def raw(self, n):
        return self._bits.random_raw(int(n))

    def uniform(self, n, low=0.0, high=1.0):
        return low + (high - low) * ((self.raw(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def normal(self, n, deviation=1.0):
        """Twelve uniform numbers added, less six: variance 1, and a sum of integers, which no machine
        rounds its own way."""
        twelve = (self.raw(12 * int(n)) >> np.uint64(32)).reshape(-1, 12)
        return (twelve.sum(axis=1, dtype=np.uint64).astype(np.float64) * 2.0**-32 - 6.0) * deviation

    def below(self, n, bound):
        return ((self.raw(n) >> np.uint64(33)) % np.uint64(bound)).astype(np.int64)

    def coin(self, n):
        return (self.raw(n) >> np.uint64(63)).astype(np.int64)

    def sign(self, n):
        return 1.0 - 2.0 * self.coin(n)

    def order(self, n):
        return np.argsort(self.raw(n), kind="stable")

    def shuffled(self, values):
        values = np.asarray(values)
        return values[self.order(len(values))]

    def positions(self, n, count=1000):
        """Flat indices at which a large output is stored: the first, the last, and others between them."""
        return np.sort(np.concatenate([[0, n - 1], 1 + self.order(n - 2)[: count - 2]])).astype(np.int64)

    def pick(self, n, values):
        return np.asarray(values)[self.below(n, len(values))]


def recipe(kind, shape, seed, dtype="float32", **parameters):
    """A tensor that a reader draws again by splitmix64, as docs/file-formats.md lays down. With fewer `bits` than 24
    the values of `uniform` fit a narrower dtype."""
    seed = int(seed)
    state = np.uint64(seed) + np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    if kind == "uniform":
        bits = parameters.get("bits", 24)
        values = ((z >> np.uint64(64 - bits)).astype(np.int64) - 2 ** (bits - 1)) * 2.0 ** parameters["exponent"]
    elif kind == "binary":
        values = (z >> np.uint64(63)).astype(np.int64)
    else:
        values = ((z >> np.uint64(33)) % np.uint64(parameters["bound"])).astype(np.int64)
    return Tensor(dtype, Tensor.of(values, dtype, shape).array, {"kind": kind, "seed": seed, **parameters})
