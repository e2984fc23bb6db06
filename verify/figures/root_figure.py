"""Figures 14 and 15: the target with roots, stable minima against weight decay."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Inputs, Record, comparison
from verify.figures.mse_figure import ETAS, compare_slopes, lines_of, mse_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

__all__ = ["CHOICES", "SETTING", "compare_with_decay", "root_sweep"]

SETTING = (
    "f_0(x) = (1/d) sum_j |u_j.x|^(1/2) + 1, sigma^2 = 0.25, width 2n, eta = 0.05, 0.1, 0.2, 0.4, "
    "median of 5 repetitions"
)
CHOICES = (
    "n from 32 to 512 and eta times steps = 10 000 as in Fig. 5, where the paper names none. "
    "Small: n up to 256, eta 0.1 and 0.4, eta times steps = 1000."
)


def root_sweep(inputs: Inputs, dims: Sequence[int], decays: Sequence[str]) -> Sweep:
    """Trainings on this target at every step size."""
    return mse_sweep(
        inputs, dims=dims, etas=ETAS[inputs.scale], width_factor=2, sigma="0.5", target="root", decays=decays
    )


def compare_with_decay(records: Sequence[Record], figure: str) -> list[Outcome]:
    """Without decay the exponent falls with the dimension, and is below that with decay, at every step size."""
    lines = lines_of(records)
    without = [x for x in lines if x.decay == 0]
    found = compare_slopes(figure, without)
    for plain in without:
        decay = next(x for x in lines if (x.dim, x.eta) == (plain.dim, plain.eta) and x.decay > 0)
        claim = f"d = {plain.dim}, eta = {plain.eta:g}: exponent of the MSE without decay against with"
        evidence = {"without": list(plain.ends), "with": list(decay.ends)}
        agrees = plain.exponent < decay.exponent
        found.append(comparison(figure, claim, plain.exponent, decay.exponent, agrees, "<=", evidence))
    return found
