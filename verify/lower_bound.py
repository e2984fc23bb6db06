"""``python -m verify.lower_bound``: exponents of the constructions' explicit lower bounds, and who overtakes whom."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sympy import Rational

from boundcalc.exact import describe
from boundcalc.explicit.lower import parse, problem_of
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.files import save_figure
from boundcalc.setting import Setting
from boundcalc.symbols import VARIABLES
from boundcalc.theorem import Status
from verify.check import Interval, Outcome, Verdict
from verify.cli import Parser, Progress, check_outputs, deliver, run
from verify.lower_bound_study import (
    CHECKED,
    CONSTRUCTIONS,
    LARGEST_LOG10_N,
    PAIRS,
    STACKED_HATS,
    UNIVARIATE,
    Construction,
    Crossing,
    Series,
    crossing,
    power_law_range,
    series,
    size_at,
)
from verify.power_law import ExponentFit
from verify.report import Report

__all__ = ["LowerBoundSetting", "Study", "lower_bound_study"]

_PER_DECADE = 4
_LARGEST_DIM = 64
_LEAST_SIZES = 6


@dataclass(frozen=True)
class LowerBoundSetting:
    """Inputs of the study, exact.

    Attributes
    ----------
    dims : tuple of int
    sizes : tuple of int
        Sample sizes, increasing.
    sigma, B, C : sympy.Rational
    weight : Weight
    """

    dims: tuple[int, ...]
    sizes: tuple[int, ...]
    sigma: Rational
    B: Rational
    C: Rational
    weight: Weight

    @classmethod
    def parse(
        cls,
        dims: Sequence[object],
        n: Sequence[object],
        *,
        noise: object = 1,
        sup: object = 1,
        norm: object = 1,
        weight: object = Weight.CANONICAL,
    ) -> LowerBoundSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> LowerBoundSetting.parse([2], ["1e2..1e4"]).sizes
        (100, 178, 316, 562, 1000, 1778, 3162, 5623, 10000)
        """
        chosen = []
        for value in dims:
            d = VARIABLES["d"].exact(value, "dims")
            if not d.is_Integer or not 1 <= d <= _LARGEST_DIM:
                raise ValueError(f"dims must be integers from 1 to {_LARGEST_DIM}, got {describe(value)}")
            chosen.append(int(d))
        if not chosen:
            raise ValueError("dims must hold at least one dimension, got none")
        sizes = sorted({size for token in n for size in _sizes(token)})
        if len(sizes) < _LEAST_SIZES:
            raise ValueError(
                f"n must give at least {_LEAST_SIZES} sample sizes, from which an exponent is fitted, got {len(sizes)}; "
                "pass a range such as 1e2..1e8"
            )
        return cls(
            tuple(dict.fromkeys(chosen)),
            tuple(sizes),
            VARIABLES["sigma"].exact(noise, "noise"),
            VARIABLES["B"].exact(sup, "sup"),
            VARIABLES["C"].exact(norm, "norm"),
            parse("weight", Weight, weight),
        )

    def base(self, d: int) -> Problem:
        """The problem in one dimension, at n = 1."""
        return problem_of(Setting.parse(d=d, n=1, sigma=self.sigma, B=self.B, C=self.C), self.weight)

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {
            "dims": list(self.dims),
            "n": [str(n) for n in self.sizes],
            "sigma": str(self.sigma),
            "B": str(self.B),
            "C": str(self.C),
            "weight": self.weight.value,
        }


def _sizes(token: object) -> list[int]:
    """The sample sizes of "a", "a,b,c" or "a..b" (a logarithmic grid)."""
    if isinstance(token, str) and "," in token:
        return [size for part in token.split(",") for size in _sizes(part)]
    if isinstance(token, str) and ".." in token:
        ends = [_size(part) for part in token.split("..", 1)]
        if not ends[0] < ends[1]:
            raise ValueError(f"n must be a range a..b with a < b, got {describe(token)}")
        logs = [math.log10(end) for end in ends]
        count = max(_LEAST_SIZES, round(_PER_DECADE * (logs[1] - logs[0])) + 1)
        inner = [size_at(x) for x in np.linspace(logs[0], logs[1], count)[1:-1]]
        return [ends[0], *inner, ends[1]]
    return [_size(token)]


def _size(token: object) -> int:
    n = VARIABLES["n"].exact(token, "n")
    if not n.is_Integer or n > 10**LARGEST_LOG10_N:
        raise ValueError(f"n must be whole numbers from 1 to 1e{LARGEST_LOG10_N}, got {describe(token)}")
    return int(n)


@dataclass(frozen=True)
class Study:
    """The bounds over the requested sizes, by dimension, and what overtakes what."""

    setting: LowerBoundSetting
    requested: dict[int, tuple[Series, ...]]
    crossings: dict[int, tuple[Crossing, ...]]


def lower_bound_study(setting: LowerBoundSetting) -> tuple[Study, Report]:
    """Evaluate, fit and compare; progress goes to stderr.

    Examples
    --------
    >>> study, report = lower_bound_study(LowerBoundSetting.parse([1], ["1e8..1e12"]))
    >>> int(report.exit_code), [3900 < c.high < 4000 for c in study.crossings[1] if c.low]
    (0, [True])
    """
    start = time.perf_counter()
    requested: dict[int, tuple[Series, ...]] = {}
    crossings: dict[int, tuple[Crossing, ...]] = {}
    outcomes: list[Outcome] = []
    with Progress(2 * len(setting.dims)) as progress:
        for d in setting.dims:
            base = setting.base(d)
            progress.step(f"d = {d}: exponents")
            requested[d] = tuple(series(c, base, setting.sizes) for c in CONSTRUCTIONS)
            for found in requested[d]:
                outcomes += _exponents(d, base, setting, found)
            progress.step(f"d = {d}: overtaking")
            pairs = [(a, b) for a, b in PAIRS if b.exponent(d) < a.exponent(d)]
            compared = [(a, b, crossing(a, b, base)) for a, b in pairs]
            crossings[d] = tuple(c for _, _, c in compared if c is not None)
            outcomes += [_overtaking(d, a, b, c) for a, b, c in compared]
    study = Study(setting, requested, crossings)
    timing = {"total": time.perf_counter() - start}
    return study, Report(_title(study), setting.as_json(), {}, outcomes, timing)


def _exponents(d: int, base: Problem, setting: LowerBoundSetting, found: Series) -> Iterator[Outcome]:
    """The exponent over the requested sizes, and where they are too few for a power law, over larger ones."""
    fit = found.fit()
    yield _exponent(d, found, fit, "as requested")
    if d == 1 and found.construction is STACKED_HATS:
        # The paper's own construction on the interval: its bumps are these hats, up to constants.
        yield _exponent(d, found, fit, "as requested, the paper's rate in d = 1", UNIVARIATE)
    if not found.settled(fit):
        larger, larger_fit = power_law_range(found.construction, base, setting.sizes)
        if larger.settled(larger_fit):
            yield _exponent(d, larger, larger_fit, "power-law range")


def _exponent(
    d: int, found: Series, fit: ExponentFit | None, words: str, claimed: Construction | None = None
) -> Outcome:
    own = claimed or found.construction
    target = own.exponent(d)
    if fit is None:
        reason = found.points[-1].reason or "too few sizes have a bound"
        return Outcome(
            f"d = {d}", own.theorem, f"{own.name}: {reason}", None, float(target), Verdict.NOT_APPLICABLE, own.status(d)
        )
    usable = found.fitted
    span = f"n = {_shown(usable[0].n)}..{_shown(usable[-1].n)}"
    low, high = fit.ends
    if found.settled(fit):
        # A search that is worse than stated would show here: that decides nothing about the theorem.
        verdict = Verdict.CONSISTENT if -float(target) in fit else Verdict.UNDECIDED
        claim = f"{own.name} ~ n^-({target}); {words}, {span}"
    else:
        verdict = Verdict.NOT_APPLICABLE
        claim = f"{own.name} ~ n^-({target}) at large n; {words}, {span}: no power law yet"
    return Outcome(
        f"d = {d}",
        own.theorem,
        claim,
        Interval(-high, -low, "scatter at level 0.99 or by the largest residual, plus the next correction"),
        float(target),
        verdict,
        own.status(d),
        {
            "family": own.family.key,
            "exponent": -fit.exponent,
            "scatter": fit.scatter,
            "bias": fit.bias,
            "n": [str(point.n) for point in usable],
            "log10_lower": [point.log10 for point in usable],
            "cap_height": [point.height for point in usable],
        },
        relation="contains",
    )


def _overtaking(d: int, behind: Construction, ahead: Construction, found: Crossing | None) -> Outcome:
    check, key = f"d = {d}", ahead.theorem
    if found is None:
        missing = f"{ahead.name} is not ahead of {behind.name} at n = 1e{LARGEST_LOG10_N}"
        return Outcome(check, key, missing, None, None, Verdict.NOT_APPLICABLE, Status.DERIVED)
    evidence: dict[str, object] = {
        "behind_at": None if found.low is None else str(found.low),
        "ahead_from": str(found.high),
        "ahead_at": f"{sum(n >= found.high for n in CHECKED)} powers of ten up to 1e{LARGEST_LOG10_N}",
        "compared": "disjoint enclosures",
    }
    verdict = Verdict.PROVED if found.certified else Verdict.UNDECIDED
    if found.low is None:
        words = f"{ahead.name} is ahead of {behind.name} at every n compared, 10 to 1e{LARGEST_LOG10_N}"
        return Outcome(check, key, words, found.high, None, verdict, Status.DERIVED, evidence)
    return Outcome(
        check,
        key,
        f"{ahead.name} overtakes {behind.name} at this n",
        Interval(float(found.low), float(found.high)),
        None,
        verdict,
        Status.DERIVED,
        evidence,
    )


def _shown(n: int) -> str:
    return f"{n:.3g}" if n < 10**6 else f"{n:.2e}".replace("e+0", "e").replace("e+", "e").replace(".00e", "e")


def _title(study: Study) -> str:
    """A heading and a table of the bounds at the requested sizes, at most nine of them."""
    sizes = study.setting.sizes
    chosen = sorted({round(k) for k in np.linspace(0, len(sizes) - 1, min(9, len(sizes)))})
    rows = [("d", "lower bound at n =", *(_shown(sizes[k]) for k in chosen))]
    for d, found in study.requested.items():
        for one in found:
            if one.usable:
                cells = (_bound(one.points[k].log10) for k in chosen)
                rows.append((str(d), one.construction.name, *cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["Explicit minimax lower bounds of the constructions (every number is proved, rounded down)", ""]
    for row in rows:
        padded = [
            row[0].rjust(widths[0]),
            row[1].ljust(widths[1]),
            *(c.rjust(w) for c, w in zip(row[2:], widths[2:], strict=True)),
        ]
        lines.append("  " + "  ".join(padded))
    return "\n".join(lines)


def _bound(log10: float) -> str:
    """Three digits, rounded down."""
    if log10 == -math.inf:
        return "-"
    exponent = math.floor(log10)
    mantissa = math.floor(10 ** (log10 - exponent) * 100) / 100
    return f"{mantissa:.2f}e{exponent}"


def parser() -> Parser:
    """The options."""
    parse_ = Parser(prog="python -m verify.lower_bound", description=__doc__)
    parse_.add_argument("--dims", nargs="+", default=["1", "2", "3", "5"], help="dimensions (default 1 2 3 5)")
    parse_.add_argument(
        "--n",
        nargs="+",
        default=["1e2..1e8"],
        help="sample sizes: a..b for a logarithmic grid, or a list (default 1e2..1e8)",
    )
    parse_.add_argument("--noise", default="1", help="sigma, standard deviation of the label noise (default 1)")
    parse_.add_argument("--sup", default="1", help="B, bound on the sup norm (default 1)")
    parse_.add_argument("--norm", default="1", help="C, bound on the weighted variation norm (default 1)")
    weights = " or ".join(weight.value for weight in Weight)
    parse_.add_argument("--weight", default=Weight.CANONICAL.value, help=f"{weights} (default canonical)")
    parse_.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse_.add_argument("--plot", metavar="PATH", help="draw bounds and rates against n (png, svg, pdf)")
    return parse_


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, evaluate, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = LowerBoundSetting.parse(
        options.dims, options.n, noise=options.noise, sup=options.sup, norm=options.norm, weight=options.weight
    )
    check_outputs(json=options.json, plot=options.plot)
    study, report = lower_bound_study(setting)
    if options.plot:
        from verify.lower_bound_figure import lower_bound_figure

        save_figure(lower_bound_figure(study), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.lower_bound")
