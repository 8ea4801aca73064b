#!/usr/bin/env python3
"""The polynomials of the float32 kernels, computed from their definitions.

    python3 kernels/coefficients/fit.py            prints the coefficients and the errors of the fits
    python3 kernels/coefficients/fit.py --check    compares them with the Java sources; exit status 1 if they differ

Needs Python 3.9 or newer and mpmath, nothing else. The float64 polynomials of RowMath are no fits but Taylor series.

Procedure. Each polynomial is the minimax fit of a function, weighted so that its error is relative to the kernel's result
(Remez's exchange on a grid of Chebyshev points). Then the coefficients are rounded to float32 one after the other, the
lowest power first: each of the nearest three floats is tried, the higher powers are fitted anew, and the fits with the
smallest largest error go on (a beam search). No random numbers, no measured data.
"""

import argparse
import pathlib
import re
import struct
import sys

from mpmath import mp, mpf

mp.dps = 40

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src/main/java/org/lanewise/kernels/scalar"

GRID = 161
NEIGHBOURS = (0, -1, 1)


def to_float32(value):
    """The nearest float32 (through float64, whose own rounding is 2^29 times finer)."""
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def neighbour(value, steps):
    bits = struct.unpack("<i", struct.pack("<f", value))[0]
    return struct.unpack("<f", struct.pack("<i", bits + steps))[0]


def java_hex(value):
    """As Java writes a float: no trailing zeros."""
    mantissa, exponent = float(value).hex().split("p")
    mantissa = mantissa.rstrip("0") if "." in mantissa else mantissa
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}p{int(exponent)}f"


class Fit:
    """A function on an interval, the weight of its error, and how many coefficients approximate it."""

    def __init__(self, source, names, what, function, weight, low, high):
        self.source = source
        self.names = names
        self.what = what
        self.points = [
            (low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * i / (GRID - 1)) for i in range(GRID - 1, -1, -1)
        ]
        # The weight may vanish where the function has a removable singularity; such a point says nothing.
        self.points = [x for x in self.points if abs(x) > mpf(10) ** -12]
        self.values = [function(x) for x in self.points]
        self.weights = [weight(x) for x in self.points]

    def minimax(self, fixed):
        """The remaining coefficients and the largest weighted error, the first coefficients being given."""
        skip = len(fixed)
        free = len(self.names) - skip
        rest = [
            value - sum(c * x**k for k, c in enumerate(fixed)) for x, value in zip(self.points, self.values)
        ]
        if free == 0:
            return [], max(abs(r * w) for r, w in zip(rest, self.weights))
        powers = [[x ** (skip + j) for j in range(free)] for x in self.points]
        last = len(self.points) - 1
        reference = [round(last * (1 - mp.cos(mp.pi * i / free)) / 2) for i in range(free + 1)]
        for _ in range(40):
            matrix = mp.matrix(free + 1, free + 1)
            right = mp.matrix(free + 1, 1)
            for row, at in enumerate(reference):
                for j in range(free):
                    matrix[row, j] = powers[at][j]
                matrix[row, free] = (-1) ** row / self.weights[at]
                right[row] = rest[at]
            solution = mp.lu_solve(matrix, right)
            free_coefficients = [solution[j] for j in range(free)]
            errors = [
                w * (r - sum(c * p for c, p in zip(free_coefficients, power)))
                for w, r, power in zip(self.weights, rest, powers)
            ]
            largest = max(abs(e) for e in errors)
            if largest <= abs(solution[free]) * (1 + mpf(10) ** -9):
                break
            reference = exchange(errors, reference)
        return free_coefficients, largest

    def rounded(self, beam=4):
        """The float32 coefficients, the error of their polynomial, and that of the unrounded one."""
        coefficients, ideal = self.minimax([])
        candidates = [(ideal, [], coefficients)]
        for _ in self.names:
            tried = {}
            for _, fixed, remaining in candidates:
                for steps in NEIGHBOURS:
                    chosen = fixed + [neighbour(to_float32(remaining[0]), steps)]
                    if tuple(chosen) not in tried:
                        others, error = self.minimax([mpf(c) for c in chosen])
                        tried[tuple(chosen)] = (error, chosen, others)
            candidates = sorted(tried.values(), key=lambda c: c[0])[:beam]
        return candidates[0][1], candidates[0][0], ideal


def exchange(errors, reference):
    """A new reference: the largest error of each run of one sign, and of those as many neighbours as before."""
    peaks = []
    for i, error in enumerate(errors):
        if error == 0:
            continue
        if peaks and (errors[peaks[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > len(reference):
        if len(peaks) == len(reference) + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        else:
            smallest = min(range(len(peaks) - 1), key=lambda i: max(abs(errors[peaks[i]]), abs(errors[peaks[i + 1]])))
            del peaks[smallest : smallest + 2]
    return peaks if len(peaks) == len(reference) else reference


HALF_LN2 = mp.log(2) / 2


def exponential(source):
    """e^r = 1 + r + r² Q(r), error relative to e^r."""
    return Fit(
        source,
        ["Q0", "Q1", "Q2", "Q3", "Q4"],
        "e^r = 1 + r + r^2 Q(r), |r| <= ln 2 / 2",
        lambda r: (mp.expm1(r) - r) / r**2,
        lambda r: r**2 / mp.exp(r),
        -HALF_LN2,
        HALF_LN2,
    )


def fits():
    split = mpf(constant("BceMath", "SPLIT"))
    z = mp.exp(-split)
    return [
        exponential("BceMath"),
        Fit(
            "BceMath",
            ["S0", "S1", "S2", "S3", "S4", "S5"],
            "ln(1 - a) = -a - a^2 S(a), -e^-SPLIT <= a <= 0",
            lambda a: (-mp.log1p(-a) - a) / a**2,
            lambda a: a**2 / mp.log1p(-a),
            -z,
            mpf(0),
        ),
        Fit(
            "BceMath",
            ["DAMPING"],
            "a2 / (1 + z) = a2 - a2 z DAMPING, 0 <= z <= e^-SPLIT",
            lambda z: 1 / (1 + z),
            lambda z: z**2 / mp.log1p(z),
            mpf(0),
            z,
        ),
        Fit(
            "BceMath",
            ["W0", "W1", "W2", "W3"],
            "ln(2 cosh(x / 2)) = ln 2 - u W(u), u = x^2, |x| <= SPLIT",
            lambda u: (mp.log(2) - mp.log(2 * mp.cosh(mp.sqrt(u) / 2))) / u,
            lambda u: u / mp.log1p(mp.exp(-mp.sqrt(u))),
            mpf(0),
            split**2,
        ),
        exponential("CrossEntropyMath"),
    ]


def constant(source, name):
    """The value of a float constant in a Java source."""
    text = (SOURCES / f"{source}.java").read_text(encoding="utf-8")
    literal = re.search(rf"float {name} = (?:\(float\) )?([^;]+);", text).group(1)
    return to_float32(float.fromhex(literal.rstrip("f")) if "0x" in literal else float(literal.rstrip("f")))


def main():
    parser = argparse.ArgumentParser(description="The polynomials of the float32 kernels.")
    parser.add_argument("--check", action="store_true", help="compare with the Java sources")
    check = parser.parse_args().check
    differences = []
    for fit in fits():
        coefficients, error, ideal = fit.rounded()
        print(f"{fit.source}: {fit.what}")
        print(f"  error, in 2^-24: {mp.nstr(error * 2**24, 4)}; with real coefficients {mp.nstr(ideal * 2**24, 4)}")
        for name, value in zip(fit.names, coefficients):
            print(f"  {name} = {java_hex(value)}")
            held = constant(fit.source, name)
            if held != value:
                differences.append(f"{fit.source}.{name}, which is {java_hex(held)}")
    if check:
        if differences:
            print("The Java sources hold these coefficients except " + ", ".join(differences) + ".")
            return 1
        print("The Java sources hold these coefficients.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
