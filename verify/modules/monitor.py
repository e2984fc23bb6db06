"""Certified sharpness along a training."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from boundcalc.files import as_path, write_text
from boundcalc.style import BLUE, GREY, ORANGE, panels, styled
from verify.hessian.inputs import check_integer, check_positive
from verify.modules.activation import activation
from verify.modules.certificate import ModuleSharpness, certify
from verify.modules.problem import unwrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of the result of a measurement.
_NUMBERS = ("lower", "upper", "certificate", "failure_probability", "trace", "loss", "products")
COLUMNS = ("step", "eta", "edge", *_NUMBERS, "rare", "dead", "verdict")


class EdgeMonitor:
    """Certifies lambda_max of a model's loss on fixed data while it is trained, beside 2/eta.

    In a loop of one's own call it after each step: ``monitor(eta)``. As a callback of Lightning or of Hugging Face's Trainer it
    reads the step size from their optimiser; neither package is needed here. While it measures the model is in evaluation
    mode, and afterwards as it was.

    Parameters
    ----------
    model, loss, data, options : as for :func:`verify.certify`
    every : int
        Steps between measurements; the first step that is seen is measured.

    Attributes
    ----------
    rows : list of dict
        One for each measurement: step, eta, edge = 2/eta, both ends of lambda_max, its certificate, trace, loss, products,
        shares of units that fire rarely or never, and the verdict on "stable at eta".

    Examples
    --------
    >>> import torch
    >>> model, X, y = torch.nn.Linear(1, 1), torch.ones(4, 1), torch.zeros(4)
    >>> monitor = EdgeMonitor(model, "half-mse", (X, y), every=2)
    >>> for _ in range(3):
    ...     monitor(eta=0.5)
    >>> [(row["step"], round(row["upper"], 6), row["verdict"]) for row in monitor.rows]
    [(0, 2.0, 'proved'), (2, 2.0, 'proved')]
    """

    def __init__(self, model: Any, loss: Any, data: Any, *, every: int = 100, **options: Any) -> None:
        self.model, self.loss, self.data, self.options = model, loss, data, options
        self.every = check_integer("every", every, 1)
        self.step = 0
        self.rows: list[dict[str, Any]] = []
        self._last: ModuleSharpness | None = None

    def __call__(self, eta: Any = None) -> None:
        """Count a step, and measure at every so many; ``eta`` is the step size, if 2/eta is to be recorded."""
        if self.step % self.every == 0:
            self.measure(eta)
        self.step += 1

    def measure(self, eta: Any = None) -> ModuleSharpness:
        """Measure now, whatever step it is."""
        module, _ = unwrapped(self.model)
        modes = [(part, part.training) for part in module.modules()]
        try:
            module.eval()
            found = self._certified()
            try:
                units = activation(module, self.data).layers
            except ValueError:  # no activation that fires or doesn't
                units = ()
        finally:
            for part, mode in modes:
                part.training = mode
        self._last = found
        count = sum(len(layer.rates) for layer in units)

        def share(key: str) -> float | None:
            return sum(getattr(layer, key) for layer in units) / count if count else None

        self.rows.append({
            "step": self.step, "eta": eta, "edge": None if eta is None else 2 / check_positive("eta", eta),
            **{name: getattr(found, name) for name in _NUMBERS},
            "rare": share("rare"), "dead": share("dead"), "verdict": None if eta is None else found.stable_at(eta).value,
        })  # fmt: skip
        return found

    def _certified(self) -> ModuleSharpness:
        """From the last eigenvector where that closes: near convergence it saves most products.

        Whether a second run is made depends on the first one, so each gets half of the failure probability.
        """
        if self._last is None or "start" in self.options:
            return certify(self.model, self.loss, self.data, **self.options)
        failure = check_positive("failure_probability", self.options.get("failure_probability", 1e-6), 1.0)
        options = {"tol": 1e-6, **self.options, "failure_probability": failure / 2}
        most = max(8, self._last.products // 2)
        try:
            warm = options | {"start": self._last.eigenvector, "max_products": most}
            found = certify(self.model, self.loss, self.data, **warm)
            closed = found.upper - found.lower <= 2 * options["tol"] * abs(found.value)
        except ValueError:  # other parameters are trainable now
            closed = False
        if not closed:
            found = certify(self.model, self.loss, self.data, **options)
        return replace(found, failure_probability=failure) if found.failure_probability else found

    def frame(self) -> Any:
        """The rows as a data frame of pandas, which must be installed."""
        return import_module("pandas").DataFrame(self.rows, columns=list(COLUMNS))

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows, whole or not at all."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(as_path("path", path), text.getvalue())

    @styled()
    def figure(self) -> Figure:
        """lambda_max, the trace and 2/eta along the steps, and the shares of units that fire rarely or never."""
        drawn, axes = panels(1, 2, (4.4, 3.3), "")
        left, right = axes.flat
        steps, lower, upper = ([row[key] for row in self.rows] for key in ("step", "lower", "upper"))
        left.fill_between(steps, lower, upper, color=BLUE, alpha=0.3, linewidth=0)
        for axis, key, colour, words in (
            (left, "upper", BLUE, r"$\lambda_{\max}$, certified"),
            (left, "trace", GREY, "trace"),
            (left, "edge", ORANGE, r"$2/\eta$"),
            (right, "rare", ORANGE, "fire on at most 10 %"),
            (right, "dead", GREY, "dead"),
        ):
            values = [(row["step"], row[key]) for row in self.rows if row[key] is not None]
            if values:
                axis.plot(*zip(*values, strict=True), color=colour, label=words)
        left.set(xlabel="step", yscale="log", ylabel="of the Hessian")
        right.set(xlabel="step", ylim=(0, 1), ylabel="share of units")
        for axis in (left, right):
            if axis.get_legend_handles_labels()[0]:
                axis.legend()
        return drawn

    # Lightning calls its callbacks' hooks with the trainer first, Hugging Face's Trainer with its arguments; all but these
    # two are left alone.

    def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """A step of Lightning."""
        optimizers = getattr(trainer, "optimizers", None)
        self(optimizers[0].param_groups[0]["lr"] if optimizers else None)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """A step of Hugging Face's Trainer."""
        optimizer = more.get("optimizer")
        self(optimizer.param_groups[0]["lr"] if optimizer is not None else None)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("on_") or name in ("setup", "teardown", "load_state_dict"):
            return lambda *_, **__: None
        raise AttributeError(f"EdgeMonitor has no attribute {name!r}")
