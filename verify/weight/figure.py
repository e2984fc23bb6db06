"""The figure of the weight study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc import cap
from constructions.data import sphere, uniform_ball
from verify.weight.deviation import deviation_exponent, smallest_depth, theorem_d_constant
from verify.weight.profile import weight_profile
from verify.weight.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["weight_figure"]

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "0.5"
_SHOWN = 4000


def weight_figure(study: Study) -> Figure:
    """Largest deviation against n; weight over (1-|t|)^(d+2) against depth; where Theorem D applies and fails."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _deviation(left, study)
    _ratio(middle, study)
    _depths(right, study)
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    setting = study.setting
    figure.suptitle(f"d = {setting.dim}, {setting.samples} samples of each size, seed {setting.seed}")
    return figure


def _deviation(axes: Axes, study: Study) -> None:
    sizes = np.array([float(entry.n) for entry in study.deviations])
    for entry in study.deviations:
        axes.plot([entry.n] * len(entry.largest), entry.largest, ".", color=_BLUE, alpha=0.5)
    middle = np.array([np.median(entry.largest) for entry in study.deviations])
    slope = deviation_exponent(study.deviations)
    label = f"largest |g_n − g_P|: exponent {slope.exponent:.3f} [{slope.lower:.3f}, {slope.upper:.3f}]"
    axes.plot(sizes, middle, color=_BLUE, linewidth=1.2, label=label)
    axes.plot(sizes, middle[0] * np.sqrt(sizes[0] / sizes), "--", color=_GREY, linewidth=1, label="n^(−1/2) (Thm E.5)")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("n")


def _ratio(axes: Axes, study: Study) -> None:
    setting = study.setting
    at = len(setting.n) - 1
    size, dim = setting.n[at], setting.dim
    rng = np.random.default_rng([setting.seed, at, 0])
    X = uniform_ball(size, dim, rng)
    profiles = [weight_profile(X, u) for u in sphere(min(setting.directions, 8), dim, rng)]
    depth = 1 - np.abs(np.concatenate([p.t for p in profiles]))
    ratio = np.concatenate([p.weight for p in profiles]) / depth ** (dim + 2)
    keep = rng.permutation(np.flatnonzero(ratio > 0))[:_SHOWN]
    axes.scatter(depth[keep], ratio[keep], s=3, color=_BLUE, alpha=0.35, linewidths=0, label=f"g_n, n = {size}")
    h = np.geomspace(max(float(depth[keep].min()), 1e-6), 1, 200)
    axes.plot(h, cap.weight_ratio.value(dim, h), color=_ORANGE, linewidth=1.4, label="g_P")
    limit = cap.weight_limit.value(dim)
    axes.axhline(limit, color=_GREY, linewidth=1, linestyle=":", label=f"c∞ = {limit:.4g}")
    gamma = theorem_d_constant(dim)
    rho = smallest_depth(dim, size, float(setting.delta))
    label = "Theorem D" if rho <= 1 else f"γ_d (Theorem D starts at n with ρ ≤ 1; here {rho:.3g})"
    start = min(rho, 1.0) if rho <= 1 else float(h[0])
    axes.plot([start, 1], [gamma, gamma], color=_GREEN, linewidth=1.4, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("depth 1 − |t|")
    axes.set_ylabel("weight / (1 − |t|)^(d+2)")


def _depths(axes: Axes, study: Study) -> None:
    setting = study.setting
    sizes = np.array([float(entry.n) for entry in study.deviations])
    rho = [smallest_depth(setting.dim, size, float(setting.delta)) for size in sizes]
    axes.plot(sizes, rho, "o-", color=_GREEN, linewidth=1.2, markersize=4, label="ρ_n: Theorem D holds above")
    reach = [float(entry.reach.max()) for entry in study.deviations]
    axes.plot(
        sizes, reach, "s-", color=_BLUE, linewidth=1.2, markersize=4, label="deepest violation of its bound found"
    )
    axes.axhline(1, color=_GREY, linewidth=0.8, linestyle="--", label="greatest depth")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("n")
    axes.set_ylabel("depth 1 − |t|")
