"""lambda_max of torch modules, certified from both sides, against one-sided estimates: eigsh on two libraries, PyHessian.

    python benchmarks/modules.py --threads 1 --out docs/benchmarks

writes modules.json and modules.md. All methods run in float64 on the same problem and number of threads, in turn, ``--repeats``
times; times are medians of CPU seconds of the process, which other work on the machine disturbs least. Each starts from the
module: building its graph counts. Peers that can't be imported are left out. ``--cases``, ``--states`` and ``--skip`` (methods)
run some of them, and replace these rows of the report in ``--out``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_THREADS = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv[:-1] else "1"
# BLAS reads these when it is loaded, so before numpy.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = _THREADS

import numpy as np  # noqa: E402
import torch  # noqa: E402
from scipy.sparse.linalg import LinearOperator, eigsh  # noqa: E402
from torch import nn  # noqa: E402

from boundcalc.files import write_text  # noqa: E402
from verify import certify  # noqa: E402
from verify.modules.certificate import read_problem  # noqa: E402
from verify.modules.trace import exact_trace  # noqa: E402

Case = tuple[nn.Module, Any, torch.Tensor, torch.Tensor]


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, a: int, b: int, stride: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(a, b, 3, stride, 1), nn.Conv2d(b, b, 3, 1, 1)
        self.short = nn.Identity() if a == b else nn.Conv2d(a, b, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.relu(self.short(x) + 0.5 * self.two(torch.relu(self.one(x))))
        return out


def digits(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 1, 8, 8) in [0, 1] and labels of scikit-learn's digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return torch.tensor(X[:count] / 16).reshape(-1, 1, 8, 8), torch.tensor(y[:count])


def regression() -> Case:
    model = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    X = torch.randn(512, 10)
    return model, nn.MSELoss(), X, X[:, :1] + 0.3 * torch.randn(512, 1)


def mlp() -> Case:
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    X = torch.randn(2000, 784) / 3
    return model, nn.CrossEntropyLoss(), X, (X @ torch.randn(784, 10)).argmax(1)


def cnn() -> Case:
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(192, 10),
    )  # fmt: skip
    return model, nn.CrossEntropyLoss(), *digits(1000)


def residual() -> Case:
    blocks = [Block(16, 32, 1), Block(32, 32, 1), Block(32, 64, 2), Block(64, 64, 1), Block(64, 80, 2)]
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, 1, 1), nn.ReLU(), *blocks, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(80, 10)
    )
    return model, nn.CrossEntropyLoss(), *digits(512)


CASES: dict[str, Callable[[], Case]] = {"regression": regression, "mlp": mlp, "cnn": cnn, "residual": residual}
STEPS = {"regression": 300, "mlp": 60, "cnn": 60, "residual": 60}


def build(name: str, trained: bool) -> Case:
    """The case in float64, at torch's initialisation or after full-batch steps of Adam."""
    torch.manual_seed(0)
    model, loss, X, y = CASES[name]()
    model, X = model.float(), X.float()
    y = y.float() if y.is_floating_point() else y
    optimiser = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(STEPS[name] if trained else 0):
        optimiser.zero_grad()
        loss(model(X), y).backward()
        optimiser.step()
    return model.double(), loss, X.double(), y.double() if y.is_floating_point() else y


Answer = dict[str, Any]


def autograd_eigsh(case: Case) -> Answer:
    """Double backward through a graph that is kept, ARPACK at tol 1e-6."""
    model, loss, X, y = case
    parameters = list(model.parameters())
    sizes = [p.numel() for p in parameters]
    gradient = torch.autograd.grad(loss(model(X), y), parameters, create_graph=True)
    products = 0

    def product(v: Any) -> Any:
        nonlocal products
        products += 1
        flat = torch.from_numpy(np.ascontiguousarray(v.reshape(-1)))
        parts = [piece.view(p.shape) for piece, p in zip(flat.split(sizes), parameters, strict=True)]
        image = torch.autograd.grad(gradient, parameters, parts, retain_graph=True)
        return torch.cat([h.reshape(-1) for h in image]).numpy()

    operator = LinearOperator((sum(sizes),) * 2, matvec=product, dtype=np.float64)
    (value,) = eigsh(operator, k=1, which="LA", tol=1e-6, return_eigenvectors=False)
    return {"lower": float(value), "products": products}


def curvlinops_eigsh(case: Case) -> Answer:
    from curvlinops import HessianLinearOperator

    model, loss, X, y = case
    parameters = list(model.parameters())
    operator = HessianLinearOperator(model, loss, parameters, [(X, y)], check_deterministic=False).to_scipy()
    (value,) = eigsh(operator, k=1, which="LA", tol=1e-6, return_eigenvectors=False)
    return {"lower": float(value)}


def pyhessian(case: Case) -> Answer:
    """Its default: power iteration for the largest magnitude, tol 1e-3."""
    from pyhessian import hessian

    model, loss, X, y = case
    values, _ = hessian(model, loss, data=(X, y), cuda=False).eigenvalues()
    return {"lower": float(values[0])}


def certified(**options: Any) -> Callable[[Case], Answer]:
    def method(case: Case) -> Answer:
        model, loss, X, y = case
        found = certify(model, loss, (X, y), **{"trace": False, "certificate": "probabilistic", **options})
        return {
            "lower": found.lower, "upper": found.upper, "products": found.products, "certificate": found.certificate,
        }  # fmt: skip

    return method


def traced(case: Case) -> Answer:
    """From first derivatives, the reading of the model included."""
    model, loss, X, y = case
    found = exact_trace(read_problem(model, loss, (X, y))[0])
    return {"trace": found}


METHODS: dict[str, Callable[[Case], Answer]] = {
    "certify 1e-6, δ 1e-6": certified(),
    "certify 1e-3, δ 1e-6": certified(tol=1e-3),
    "certify 1e-6, δ 1e-12": certified(failure_probability=1e-12),
    "certify auto": certified(certificate="auto"),
    "autograd + eigsh": autograd_eigsh,
    "curvlinops + eigsh": curvlinops_eigsh,
    "PyHessian": pyhessian,
    "exact trace": traced,
}


def hutchinson(case: Case, probes: int = 32) -> dict[str, float]:
    """Probes that an error of 1 % needs (from the variance of some), and CPU seconds of one."""
    model, loss, X, y = case
    problem, _ = read_problem(model, loss, (X, y))
    rng = np.random.default_rng(0)
    samples, start = [], time.process_time()
    for _ in range(probes):
        v = torch.from_numpy(rng.choice([-1.0, 1.0], problem.size))
        samples.append(float(v @ problem.product(v)))
    seconds = (time.process_time() - start) / probes
    return {"probes": (np.std(samples, ddof=1) / (0.01 * abs(np.mean(samples)))) ** 2, "seconds": seconds}


def measure(name: str, trained: bool, repeats: int, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    case = build(name, trained)
    row: dict[str, Any] = {
        "case": name, "state": "trained" if trained else "initial", "points": len(case[2]), "repeats": repeats,
        "parameters": sum(p.numel() for p in case[0].parameters()), "loss": case[1](case[0](case[2]), case[3]).item(),
    }  # fmt: skip
    times: dict[str, list[float]] = {}
    answers: dict[str, Answer] = {}
    for _ in range(repeats):
        for method, call in METHODS.items():
            if method in skip or (method in answers and "missing" in answers[method]):
                continue
            start = time.process_time()
            try:
                answers[method] = call(case)
            except ImportError as error:
                answers[method] = {"missing": str(error)}
                continue
            times.setdefault(method, []).append(time.process_time() - start)
    probe = hutchinson(case)
    row["methods"] = {
        method: {**answers[method], "seconds": float(np.median(spent))} for method, spent in times.items()
    }
    row["missing"] = {method: answer["missing"] for method, answer in answers.items() if "missing" in answer}
    seconds = row["methods"]["exact trace"]["seconds"]
    row["hutchinson"] = {**probe, "ratio": probe["probes"] * probe["seconds"] / seconds}
    print(json.dumps(row), flush=True)
    return row


def page(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        "# Certified sharpness of torch modules",
        "",
        f"Made by `benchmarks/modules.py`: {report['machine']}, {report['threads']} thread, torch {report['torch']}, float64; "
        "CPU seconds on a machine that others used, with the graph made anew. δ is the failure probability, 1e-6 "
        "and 1e-3 are relative tolerances. Estimates are one-sided: they certify nothing. Width and error are relative.",
    ]
    for row in report["rows"]:
        lines += ["", f"## {row['case']}, {row['state']}", ""]
        lines.append(
            f"{row['parameters']} parameters, {row['points']} points, loss {row['loss']:.3g}; median of {row['repeats']} run(s)."
        )
        lines += [
            "",
            "| method | seconds | ratio to autograd + eigsh | products | width, or error |",
            "|---|---|---|---|---|",
        ]
        truth = row["methods"]["certify 1e-6, δ 1e-6"]["lower"]
        base = row["methods"]["autograd + eigsh"]["seconds"]
        for method, found in row["methods"].items():
            if "lower" not in found:
                continue
            sided = found["upper"] - found["lower"] if "upper" in found else found["lower"] - truth
            word = f" ({found['certificate']})" if method == "certify auto" else ""
            lines.append(
                f"| {method}{word} | {found['seconds']:.2f} | {found['seconds'] / base:.2f} | {found.get('products', '–')} "
                f"| {sided / truth:.1e} |"
            )
        trace, probe = row["methods"]["exact trace"], row["hutchinson"]
        if isinstance(trace["trace"], float):
            lines += ["", f"Exact trace {trace['trace']:.6g} in {trace['seconds']:.2f} s; Hutchinson needs about "
                      f"{math.ceil(probe['probes'])} products for 1 %, {probe['ratio']:.3g} times as long."]  # fmt: skip
        for method, words in row["missing"].items():
            lines += ["", f"{method} was left out: {words}."]
        if skipped := [method for method in METHODS if method not in {*row["methods"], *row["missing"]}]:
            lines += ["", f"Not run: {'; '.join(skipped)}."]
    if left := [name for name in CASES if name not in {row["case"] for row in report["rows"]}]:
        lines += ["", f"Not measured here: {', '.join(left)}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--states", default="initial,trained")
    parser.add_argument("--skip", default="", help="methods, with semicolons between")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")  # of peers
    kept = options.out / "modules.json"
    rows = {(row["case"], row["state"]): row for row in json.loads(kept.read_text())["rows"]} if kept.exists() else {}
    for name in options.cases.split(","):
        for state in options.states.split(","):
            rows[name, state] = measure(name, state == "trained", options.repeats, tuple(options.skip.split(";")))
    order = [rows[name, state] for name in CASES for state in ("initial", "trained") if (name, state) in rows]
    report = {"machine": platform.machine(), "torch": torch.__version__, "threads": options.threads, "rows": order}
    write_text(options.out / "modules.json", json.dumps(report, indent=1) + "\n")
    write_text(options.out / "modules.md", page(report))


if __name__ == "__main__":
    main()
