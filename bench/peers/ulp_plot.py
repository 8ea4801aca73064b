#!/usr/bin/env python3
"""Draws docs/numerics-ulp.svg: the error in ULP of BCE with logits against the logit, for PyTorch's float32 and for a
kernel. Needs NumPy, PyTorch, a JDK 25 and a built bench/target/lanewise.jar (any ./lanewise command builds it).

    python3 bench/peers/ulp_plot.py [--kernel vector] [--java java] [--out docs/numerics-ulp.svg]
"""

import argparse
import subprocess
import sys
from pathlib import Path

try:
    import numpy as np
    import torch
except ImportError as missing:
    sys.exit(f"{missing.name} is missing; install it with: python3 -m pip install torch numpy")

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 110  # beyond |x| = 104 every value below is 0 or x
BINS, SAMPLES = 440, 1000  # half a logit wide
SEED = 20260101

PANELS = ("Loss, target 0", "Loss, target 1", "Gradient, target 0", "Gradient, target 1")
WIDTH, HEIGHT, LEFT, TOP, GAP_X, GAP_Y = 366, 176, 54, 46, 26, 58
TICKS = [10.0 ** power for power in range(0, 8)]
BOTTOM, CEILING = 0.3, 3e7


def logits():
    """Random float32 values, as many in each bin."""
    edges = np.linspace(-LIMIT, LIMIT, BINS + 1)
    random = np.random.Generator(np.random.Philox(SEED))
    return (edges[:-1, None] + random.random((BINS, SAMPLES)) * np.diff(edges)[:, None]).astype(np.float32)


def truth(x):
    """In 80-bit floats, some 30 bits more than float32 has; no formula subtracts."""
    x = x.astype(np.longdouble)
    z = np.exp(-np.abs(x))
    tail = np.log1p(z)
    small, large = z / (1 + z), 1 / (1 + z)
    return (np.maximum(x, 0) + tail, np.maximum(-x, 0) + tail,
            np.where(x > 0, large, small), -np.where(x > 0, small, large))


def pytorch(x):
    losses, gradients = [], []
    for target in (0.0, 1.0):
        logits = torch.from_numpy(x.copy()).requires_grad_()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, torch.full_like(logits, target), reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), logits)
        losses.append(loss.detach().numpy())
        gradients.append(gradient.numpy())
    return losses + gradients


def kernel(x, name, java):
    jar = ROOT / "bench" / "target" / "lanewise.jar"
    if not jar.exists():
        sys.exit(f"{jar} is missing; run ./lanewise list, which builds it.")
    done = subprocess.run([java, "--add-modules", "jdk.incubator.vector", "-cp", str(jar),
                           str(Path(__file__).with_name("KernelValues.java")), name],
                          input=x.astype("<f4").tobytes(), capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return np.frombuffer(done.stdout, "<f4").reshape(4, -1)


def ulp(got, true):
    """|got − true| in units in the last place of the true value; below the normal range in the smallest subnormal."""
    exponent = np.maximum(np.frexp(np.abs(true))[1] - 24, -149)
    return np.abs(got.astype(np.longdouble) - true) / np.ldexp(np.longdouble(1), exponent)


def y_of(value):
    share = np.log(np.clip(value, BOTTOM, CEILING) / BOTTOM) / np.log(CEILING / BOTTOM)
    return HEIGHT * (1 - share)


def panel(index, title, curves):
    left = LEFT + (index % 2) * (WIDTH + GAP_X)
    top = TOP + (index // 2) * (HEIGHT + GAP_Y)
    lines = [f'<g transform="translate({left} {top})">', f'<text class="title" x="0" y="-8">{title}</text>']
    for tick in TICKS:
        y = y_of(tick)
        lines.append(f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if index % 2 == 0 and np.log10(tick) % 2 == 0:
            text = f"{tick:.0f}" if tick < 1000 else f'10<tspan dy="-5" font-size="9">{round(np.log10(tick))}</tspan>'
            lines.append(f'<text class="tick" x="-6" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for x in range(-100, 101, 50):
        at = WIDTH * (x + LIMIT) / (2 * LIMIT)
        lines.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HEIGHT}"/>')
        lines.append(f'<text class="tick" x="{at:.1f}" y="{HEIGHT + 15}" text-anchor="middle">'
                     f'{str(x).replace("-", "−")}</text>')
    for name, values in curves:
        step = WIDTH / BINS
        path = " ".join(f"{(i + 0.5) * step:.1f},{y_of(value):.1f}" for i, value in enumerate(values))
        lines.append(f'<polyline class="{name}" points="{path}"/>')
    return lines + ["</g>"]


def svg(name, ours, theirs):
    width, height = LEFT + 2 * WIDTH + GAP_X + 12, TOP + 2 * HEIGHT + GAP_Y + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="Error in ULP against the logit, PyTorch float32 and {name}">',
        "<style>",
        "svg { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; background: #fbfbf9 }",
        "text { fill: #1c2126 } .tick { fill: #59636e; font-size: 11px } .title { font-weight: 600 }",
        ".grid { stroke: #e8ebed } polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round }",
        ".pytorch { stroke: #c04a00 } .kernel { stroke: #0068a8 }",
        "@media (prefers-color-scheme: dark) { svg { background: #14171a } text { fill: #e7eaec } .tick { fill: #a3adb6 }",
        ".grid { stroke: #2a3036 } .pytorch { stroke: #ff9458 } .kernel { stroke: #5cb8f5 } }",
        "</style>",
        f'<polyline class="pytorch" points="{LEFT},14 {LEFT + 22},14"/><text x="{LEFT + 28}" y="18">PyTorch float32</text>',
        f'<polyline class="kernel" points="{LEFT + 140},14 {LEFT + 162},14"/><text x="{LEFT + 168}" y="18">{name}</text>',
        f'<text class="tick" x="{width - 12}" y="18" text-anchor="end">largest error of 1,000 random logits, '
        "in ULP of the true value</text>",
        f'<text class="tick" x="{LEFT + WIDTH + GAP_X / 2}" y="{height - 4}" text-anchor="middle">logit x</text>']
    for index, title in enumerate(PANELS):
        lines += panel(index, title, (("pytorch", theirs[index]), ("kernel", ours[index])))
    return "\n".join(lines + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--kernel", default="vector", metavar="ID")
    parser.add_argument("--java", default="java", metavar="PATH", help="a JDK 25's java (default: that on the PATH)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "numerics-ulp.svg", metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    x = logits().reshape(-1)
    true = truth(x)
    worst = {}
    for who, values in (("PyTorch", pytorch(x)), (options.kernel, kernel(x, options.kernel, options.java))):
        errors = [ulp(got, exact) for got, exact in zip(values, true)]
        worst[who] = [error.reshape(BINS, SAMPLES).max(1).astype(float) for error in errors]
        for title, error, got, exact in zip(PANELS, errors, values, true):
            lost = np.mean((got == 0) & (np.abs(exact) >= 2.0 ** -149))
            print(f"{who:8} {title:19} max {float(error.max()):.4g} ULP at x = {float(x[error.argmax()]):.7g}, "
                  f"{lost:.1%} of the values lost to 0")
    options.out.write_text(svg(options.kernel, worst[options.kernel], worst["PyTorch"]), encoding="utf-8")


if __name__ == "__main__":
    main()
