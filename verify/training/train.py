"""Training a batch of runs, with traces and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.arrays import backend_for
from verify.hessian.inputs import check_dtype, check_entries, check_flag, check_function, check_integer, check_members
from verify.training.checkpoint import ADVICE, Checkpoint
from verify.training.device import DeviceEngine
from verify.training.host import HostEngine
from verify.training.setting import Run
from verify.training.stack import check_alike, stack_runs, to_network
from verify.training.trace import Trace, measure, trace_from

# Raised whenever the meaning of a saved state or the arithmetic of a step changes.
_FORMAT = "boundcalc training 2"
# Pairs (point, neuron) of the runs that the host steps together: their pattern fits the cache.
_HOST_PAIRS = 2**19
# On a device: at most three arrays of as many numbers, 12 GiB in float64.
_DEVICE_PAIRS = 2**29


@dataclass(frozen=True, eq=False)
class Training:
    """What became of a batch.

    Attributes
    ----------
    runs : tuple of Run
        With data and start rounded to the working precision: what was trained and measured.
    networks : tuple of Network or None
        The trained networks, in float64; None for a run that diverged.
    diverged_at : tuple of int or None
        The step at which the loss left all bounds.
    """

    runs: tuple[Run, ...]
    steps: int
    networks: tuple[Network | None, ...]
    traces: tuple[Trace, ...]
    diverged_at: tuple[int | None, ...]


@dataclass
class _Group:
    """Runs that one engine steps together, and what was recorded of them."""

    runs: list[Run]
    engine: HostEngine | DeviceEngine
    records: list[list[dict[str, Any]]]
    warm: list[NDArray[np.float64] | None]

    def networks(self) -> list[Network | None]:
        omega, v, beta = self.engine.parameters()
        gone = self.engine.diverged_at >= 0
        return [
            None if gone[i] else to_network(omega[:, i], v[i], beta[i], d) for i, d in enumerate(self.engine.stack.dims)
        ]

    def measure(self, step: int, device: str | None, with_sharpness: bool) -> None:
        for i, (run, network) in enumerate(zip(self.runs, self.networks(), strict=True)):
            found, self.warm[i] = measure(
                run, network, step, self.warm[i], device=device, with_sharpness=with_sharpness
            )
            self.records[i].append(found)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        out = {f"{prefix}.state.{name}": value for name, value in self.engine.state().items()}
        for i, (record, warm) in enumerate(zip(self.records, self.warm, strict=True)):
            if record:
                trace = trace_from(record)
                out |= {f"{prefix}.trace{i}.{f.name}": getattr(trace, f.name) for f in fields(trace)}
            if warm is not None:
                out[f"{prefix}.warm{i}"] = warm
        return out

    def restore(self, prefix: str, arrays: dict[str, NDArray[Any]]) -> None:
        start = f"{prefix}.state."
        self.engine.restore({name[len(start) :]: a for name, a in arrays.items() if name.startswith(start)})
        for i in range(len(self.runs)):
            self.warm[i] = arrays.get(f"{prefix}.warm{i}")
            names = [f.name for f in fields(Trace) if f"{prefix}.trace{i}.{f.name}" in arrays]
            columns = [arrays[f"{prefix}.trace{i}.{name}"] for name in names]
            self.records[i] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def train(
    runs: Sequence[Run],
    steps: int,
    *,
    trace_at: Sequence[int] = (),
    dtype: Any = np.float32,
    device: str = "cpu",
    with_sharpness: bool = True,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1000,
    progress: Callable[[int], object] | None = None,
) -> Training:
    """Full-batch gradient descent on every run.

    Parameters
    ----------
    runs : sequence of Run
        Of one width, sample size and activation; dimension, step size, decay, clipping, data and start may differ.
    steps : int
    trace_at : sequence of int
        Steps in [0, steps] at which traces are recorded.
    dtype : float32 or float64
        Working precision. Data are rounded to it.
    device : str
        "cpu" for numpy on the host, "cuda" (or "cuda:1") for torch on that device.
    with_sharpness : bool
        Whether traces hold lambda_max, their most expensive part.
    checkpoint : str or Path, optional
        File that the state is written to. If it exists, training continues from it; the result then has the same bits as
        that of an uninterrupted run, on the same device with the same number of threads.
    checkpoint_every : int
        Steps between two checkpoints.
    progress : callable, optional
        Told the step whenever a trace or a checkpoint has been taken.

    Raises
    ------
    ValueError, TypeError
        For bad input, before any work, and for a checkpoint that is damaged or of other runs.

    Examples
    --------
    >>> from verify.training import Init, Run, initial_network, train
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (20, 1))
    >>> runs = [Run(initial_network(Init.LINEAR, 16, 1, rng), X, X[:, 0], eta=eta) for eta in (0.1, 0.5)]
    >>> result = train(runs, 200, trace_at=[0, 200])
    >>> [bool(trace.loss[1] < 0.1 * trace.loss[0]) for trace in result.traces]
    [True, True]
    """
    runs = check_members("runs", runs, Run)
    check_alike(runs)
    check_function("progress", progress)
    with_sharpness = check_flag("with_sharpness", with_sharpness)
    check_integer("steps", steps, 0)
    check_integer("checkpoint_every", checkpoint_every, 1)
    marks = {
        check_integer("every entry of trace_at", step, 0, steps)
        for step in check_entries("trace_at", trace_at, "integers")
    }
    precision = check_dtype(dtype)
    on_host = isinstance(device, str) and device == "cpu"
    if not on_host:
        backend_for(np.zeros((1, 1)), device)  # says what is wrong with it
    rounded = tuple(_round(run, precision) for run in runs)
    owner = [*(part for run in rounded for part in _identity(run)), str(precision), device, with_sharpness]
    store = None if checkpoint is None else Checkpoint(checkpoint, _FORMAT, owner, "runs and options")
    groups = _groups(rounded, precision, device, _HOST_PAIRS if on_host else _DEVICE_PAIRS)
    done = -1
    saved = None if store is None else store.load(_shapes(groups))
    if store is not None and saved is not None:
        _check_trace(saved, marks, steps, store.path)
        done = int(saved["step"])
        try:
            for at, group in enumerate(groups):
                group.restore(f"group{at}", saved)
        except Exception as error:  # there is no end to what arrays that no training wrote can bring about
            raise ValueError(
                f"checkpoint must hold the state of these runs, got {str(store.path)!r}: {error!r}; {ADVICE}"
            ) from error
    measuring_device = None if on_host else device
    stops = sorted(marks | {steps} | (set(range(checkpoint_every, steps, checkpoint_every)) if store else set()))
    # A checkpoint follows the measurement at its step, so a resumed run starts after it.
    for stop in [stop for stop in stops if stop > done]:
        for group in groups:
            group.engine.advance(stop - max(done, 0))
            if stop in marks:
                group.measure(stop, measuring_device, with_sharpness)
        done = stop
        if store is not None and (stop % checkpoint_every == 0 or stop == steps):
            arrays: dict[str, NDArray[Any]] = {"step": np.array(stop)}
            for at, group in enumerate(groups):
                arrays |= group.arrays(f"group{at}")
            store.save(arrays)
        if progress is not None:
            progress(stop)
    gone = [int(step) for group in groups for step in group.engine.diverged_at]
    return Training(
        runs=rounded,
        steps=int(steps),
        networks=tuple(network for group in groups for network in group.networks()),
        traces=tuple(trace_from(record) for group in groups for record in group.records),
        diverged_at=tuple(step if step >= 0 else None for step in gone),
    )


def _round(run: Run, dtype: np.dtype[Any]) -> Run:
    """The run with every number that training sees rounded to the working precision."""

    def rounded(value: Any) -> NDArray[np.float64]:
        return np.asarray(value).astype(dtype).astype(np.float64)

    net = run.network
    network = Network(rounded(net.W), rounded(net.b), rounded(net.v), float(rounded(net.beta)))
    return replace(run, network=network, X=rounded(run.X), y=rounded(run.y))


def _groups(runs: Sequence[Run], dtype: np.dtype[Any], device: str, pairs: int) -> list[_Group]:
    """Runs in order, as many together as have at most ``pairs`` pairs."""
    size = max(1, pairs // (len(np.asarray(runs[0].X)) * runs[0].network.width))
    groups = []
    for start in range(0, len(runs), size):
        part = list(runs[start : start + size])
        stack = stack_runs(part, dtype)
        engine = HostEngine(stack) if device == "cpu" else DeviceEngine(stack, device)
        groups.append(_Group(part, engine, [[] for _ in part], [None] * len(part)))
    return groups


def _identity(run: Run) -> list[object]:
    """Everything that determines the bits of a run."""
    net, clip = run.network, None if run.clip is None else float(run.clip)
    numbers = [float(net.beta), float(run.eta), float(run.decay), clip, run.activation.value, run.bias]
    return [net.W, net.b, net.v, run.X, run.y, run.truth, run.fresh_X, run.fresh_truth, *numbers]


def _shapes(groups: Sequence[_Group]) -> dict[str, tuple[int, ...]]:
    """What a checkpoint must hold of these groups."""
    shapes: dict[str, tuple[int, ...]] = {"step": ()}
    for at, group in enumerate(groups):
        stack = group.engine.stack
        own = {
            "omega": stack.omega.shape,
            "v": stack.v.shape,
            "beta": stack.beta.shape,
            "diverged_at": stack.beta.shape,
        }
        shapes |= {f"group{at}.state.{name}": shape for name, shape in own.items()}
    return shapes


def _check_trace(saved: dict[str, NDArray[Any]], marks: set[int], steps: int, path: Path) -> None:
    done = int(saved["step"])
    if done < 0:
        raise ValueError(f"checkpoint {str(path)!r} is at step {done}; {ADVICE}")
    if done > steps:
        raise ValueError(f"checkpoint {str(path)!r} is at step {done}, past steps = {steps}; pass more steps")
    recorded = saved.get("group0.trace0.step", np.array([], dtype=np.int64)).tolist()
    if recorded != sorted(step for step in marks if step <= done):
        raise ValueError(f"checkpoint {str(path)!r} holds traces at other steps than trace_at; pass the same ones")
