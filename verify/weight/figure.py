"""The figure of the weight study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc import cap
from boundcalc.style import BLUE, DASHED, GREEN, GREY, ORANGE, panels, styled
from constructions.data import sphere, uniform_ball
from verify.look import guide
from verify.weight.deviation import deviation_exponent, smallest_depth, theorem_d_constant
from verify.weight.profile import weight_profile
from verify.weight.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 4000


@styled()
def weight_figure(study: Study) -> Figure:
    """Largest deviation against n; weight over (1-|t|)^(d+2) against depth; where Theorem D applies and fails."""
    setting = study.setting
    title = f"d = {setting.dim}, {setting.samples} samples of each size, seed {setting.seed}"
    figure, grid = panels(1, 3, (4.3, 4.2), title)
    for axes, draw in zip(grid.flat, (_deviation, _ratio, _depths), strict=True):
        draw(axes, study)
        axes.set(xscale="log", yscale="log")
        axes.legend()
    return figure


def _deviation(axes: Axes, study: Study) -> None:
    sizes = np.array([float(entry.n) for entry in study.deviations])
    for entry in study.deviations:
        axes.plot([entry.n] * len(entry.largest), entry.largest, ".", color=BLUE, alpha=0.5)
    middle = np.array([np.median(entry.largest) for entry in study.deviations])
    slope = deviation_exponent(study.deviations)
    label = f"largest |g_n − g_P|: exponent {slope.exponent:.3f} [{slope.lower:.3f}, {slope.upper:.3f}]"
    axes.plot(sizes, middle, color=BLUE, label=label)
    rate = middle[0] * np.sqrt(sizes[0] / sizes)
    axes.plot(sizes, rate, color=GREY, linewidth=0.9, linestyle=DASHED, label="n^(−1/2) (Thm E.5)")
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
    axes.scatter(depth[keep], ratio[keep], s=3, color=BLUE, alpha=0.35, linewidths=0, label=f"g_n, n = {size}")
    h = np.geomspace(max(float(depth[keep].min()), 1e-6), 1, 200)
    axes.plot(h, cap.weight_ratio(dim, h), color=ORANGE, label="g_P")
    limit = cap.weight_limit(dim)
    guide(axes, y=limit, label=f"c∞ = {limit:.4g}")
    gamma = theorem_d_constant(dim)
    rho = smallest_depth(dim, size, float(setting.delta))
    label = "Theorem D" if rho <= 1 else f"γ_d (Theorem D starts at n with ρ ≤ 1; here {rho:.3g})"
    start = min(rho, 1.0) if rho <= 1 else float(h[0])
    axes.plot([start, 1], [gamma, gamma], color=GREEN, label=label)
    axes.set(xlabel="depth 1 − |t|", ylabel="weight / (1 − |t|)^(d+2)")


def _depths(axes: Axes, study: Study) -> None:
    setting = study.setting
    sizes = np.array([float(entry.n) for entry in study.deviations])
    rho = [smallest_depth(setting.dim, size, float(setting.delta)) for size in sizes]
    axes.plot(sizes, rho, "o-", color=GREEN, label="ρ_n: Theorem D holds above")
    reach = [float(entry.reach.max()) for entry in study.deviations]
    axes.plot(sizes, reach, "s-", color=BLUE, label="deepest violation of its bound found")
    guide(axes, y=1, label="greatest depth")
    axes.set(xlabel="n", ylabel="depth 1 − |t|")
