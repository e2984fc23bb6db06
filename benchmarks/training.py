"""Steps per second of verify.training against a plain PyTorch autograd loop.

    python benchmarks/training.py [--rounds 7] [--threads 2] [--json PATH]

Both train the same network on the same data, in float32, with clipping at norm 50: the loop with nn.Linear, autograd,
clip_grad_norm_ and torch.optim.SGD. Blocks of steps alternate between the two, so that other load on the machine falls
on both; the medians over the rounds are compared. A batch is compared with the time of one step of one of its runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
_THREADS = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv[:-1] else "2"
# BLAS reads these when it is loaded, so before numpy.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = _THREADS

import numpy as np  # noqa: E402
import torch  # noqa: E402

from constructions.data import labels, uniform_ball  # noqa: E402
from verify.training import Activation, Init, Run, initial_network  # noqa: E402
from verify.training.device import DeviceEngine  # noqa: E402
from verify.training.host import HostEngine  # noqa: E402
from verify.training.stack import stack_runs  # noqa: E402


@dataclass(frozen=True)
class Case:
    """A setting, the steps taken before it is timed, the runs trained together, and the ratio aimed at."""

    name: str
    n: int
    width: int
    dim: int
    eta: float
    decay: float = 0.0
    warm: int = 0
    runs: int = 1
    aim: float | None = None
    activation: Activation = Activation.RELU
    steps: int = 40


CASES = (
    Case("sparse: width 2048, n = 512, d = 10, eta = 0.9, after step 1000", 512, 2048, 10, 0.9, warm=1000, aim=5),
    Case("dense, slow: the same, eta = 0.01, decay 0.1, first steps", 512, 2048, 10, 0.01, decay=0.1, aim=2),
    Case("dense, fast: the same, eta = 0.9, first 5 steps of each start", 512, 2048, 10, 0.9, aim=2, steps=5),
    Case("batch of 32: width 256, n = 64, d = 5, eta = 0.5, first steps", 64, 256, 5, 0.5, runs=32, aim=10),
    Case("batch of 32: the same, after step 1000", 64, 256, 5, 0.5, warm=1000, runs=32, aim=10),
    Case("GELU, batch of 32: width 256, n = 64, d = 5", 64, 256, 5, 0.5, runs=32, activation=Activation.GELU),
    Case("GELU: width 2048, n = 512, d = 10", 512, 2048, 10, 0.5, activation=Activation.GELU, steps=20),
)
CUDA_CASES = (
    Case("CUDA, batch of 256: width 256, n = 64, d = 5", 64, 256, 5, 0.5, runs=256, aim=10, steps=160),
    Case("CUDA, batch of 16: width 2048, n = 512, d = 10", 512, 2048, 10, 0.9, runs=16, aim=10, steps=160),
)


def make_runs(case: Case) -> list[Run]:
    """Runs with seeds 0, 1, ..."""
    runs = []
    for seed in range(case.runs):
        rng = np.random.default_rng(seed)
        X = uniform_ball(case.n, case.dim, rng)
        y = labels(X[:, 0], 1.0, rng)
        start = initial_network(Init.LINEAR, case.width, case.dim, rng)
        runs.append(Run(start, X, y, case.eta, decay=case.decay, clip=50.0, activation=case.activation))
    return runs


class PlainLoop:
    """What one would write in PyTorch."""

    def __init__(self, run: Run, device: str) -> None:
        d, width = run.network.dim, run.network.width
        self.inner, self.outer = torch.nn.Linear(d, width), torch.nn.Linear(width, 1)
        activation = torch.nn.ReLU() if run.activation is Activation.RELU else torch.nn.GELU()
        self.model = torch.nn.Sequential(self.inner, activation, self.outer).to(device)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=run.eta, weight_decay=run.decay)
        self.X = torch.tensor(np.array(run.X), dtype=torch.float32, device=device)
        self.y = torch.tensor(np.array(run.y), dtype=torch.float32, device=device)[:, None]

    def load(self, engine: HostEngine | DeviceEngine) -> None:
        """Take over the first run's parameters."""
        omega, v, beta = engine.parameters()
        with torch.no_grad():
            self.inner.weight.copy_(torch.tensor(omega[:-1, 0].T.copy()))
            self.inner.bias.copy_(-torch.tensor(omega[-1, 0].copy()))
            self.outer.weight.copy_(torch.tensor(v[0].copy())[None])
            self.outer.bias.fill_(float(beta[0]))

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self.optimiser.zero_grad()
            loss = ((self.model(self.X) - self.y) ** 2).mean() / 2
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 50.0)
            self.optimiser.step()


def timed(advance: Callable[[int], None], steps: int, device: str) -> float:
    """Milliseconds per step."""
    start = time.perf_counter()
    advance(steps)
    if device != "cpu":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / steps * 1e3


def compare(case: Case, rounds: int, device: str) -> dict[str, object]:
    """Medians of both, in milliseconds per step of one run, and their ratio."""
    runs = make_runs(case)
    stack = stack_runs(runs, np.dtype(np.float32))

    def fresh() -> HostEngine | DeviceEngine:
        return HostEngine(stack) if device == "cpu" else DeviceEngine(stack, device)

    engine, loop = fresh(), PlainLoop(runs[0], device)
    engine.advance(case.warm)
    if not case.warm:
        fresh().advance(2)  # libraries start their threads
        loop.advance(2)
    loop.load(engine)
    plain_steps = max(4, case.steps // 5)
    ours, plain = [], []
    restart = case.steps < 10
    for _ in range(rounds):
        if restart:
            engine = fresh()
            loop.load(engine)
        ours.append(timed(engine.advance, case.steps, device) / case.runs)
        plain.append(timed(loop.advance, plain_steps, device))
    mine, theirs = float(np.median(ours)), float(np.median(plain))
    return {
        "case": case.name,
        "engine_ms": mine,
        "pytorch_ms": theirs,
        "ratio": theirs / mine,
        "ratio_of_fastest": min(plain) / min(ours),
        "aim": case.aim,
        "neurons_held": int(engine.live.shape[1]) if isinstance(engine, HostEngine) else case.width,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write JSON."""
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--rounds", type=int, default=7)
    parse.add_argument("--threads", type=int, default=2)
    parse.add_argument("--json", metavar="PATH")
    options = parse.parse_args(arguments)
    torch.set_num_threads(options.threads)
    rows = [compare(case, options.rounds, "cpu") for case in CASES]
    if torch.cuda.is_available():
        rows += [compare(case, options.rounds, "cuda") for case in CUDA_CASES]
    print("| case | engine, ms per step and run | PyTorch, ms | ratio | ratio of the fastest | aim |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        aim = "" if row["aim"] is None else f"≥ {row['aim']}"
        print(
            f"| {row['case']} | {row['engine_ms']:.3g} | {row['pytorch_ms']:.3g} | {row['ratio']:.1f} "
            f"| {row['ratio_of_fastest']:.1f} | {aim} |"
        )
    if options.json:
        machine = {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads": options.threads,
            "load": os.getloadavg()[0],
            "numpy": np.__version__,
            "torch": torch.__version__,
        }
        Path(options.json).write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
