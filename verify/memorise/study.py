"""What the memorisation study builds, and its claims in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from boundcalc.statement import Status
from verify.command import Progress
from verify.memorise.pair import DrawnPair, Row, draw_pair, pair_outcomes, scaling_outcome, scaling_rows
from verify.memorise.setting import MemoriseSetting
from verify.memorise.sphere import NAME as SPHERE
from verify.memorise.sphere import SOURCE, Interpolator, build_interpolator, interpolator_outcomes
from verify.outcome import Outcome, Relation, Report, judged


@dataclass(frozen=True, eq=False)
class Memorised:
    """What the study built.

    Attributes
    ----------
    interpolator : Interpolator or None
        None in d = 1, where the sphere has two points.
    rows : tuple of Row
        The pair over a grid of n.
    """

    setting: MemoriseSetting
    drawn: DrawnPair
    interpolator: Interpolator | None
    rows: tuple[Row, ...]

    def arrays(self) -> dict[str, Any]:
        """Samples, labels and networks."""
        pair, own = self.drawn.pair, self.interpolator
        named = {"plus": pair.plus, "minus": pair.minus}
        found: dict[str, Any] = {"X": self.drawn.X, "centres": self.drawn.packing.centres, "empty": pair.empty}
        if own is not None:
            found |= {"sphere_X": own.X, "sphere_y": own.y}
            named |= {"balanced": own.balanced, "unbalanced": own.unbalanced}
        for name, network in named.items():
            found |= {f"{name}_{key}": value for key, value in network.arrays.items()}
        return found


def memorise_report(setting: MemoriseSetting) -> tuple[Memorised, Report]:
    """Build the pair and the interpolator and check every claim; progress goes to stderr.

    Examples
    --------
    >>> memorised, report = memorise_report(MemoriseSetting.parse(3, 200, scaling=False))
    >>> int(report.exit_code), memorised.interpolator.balanced.width
    (0, 200)
    """
    outcomes: list[Outcome] = []
    rows: tuple[Row, ...] = ()
    with Progress(2 + setting.scaling) as progress:
        progress.step("the pair")
        drawn = draw_pair(setting)
        outcomes += pair_outcomes(setting, drawn)
        if setting.scaling:
            progress.step("the pair over a grid of n")
            rows = scaling_rows(setting)
            outcomes.append(scaling_outcome(setting, rows))
        progress.step("the interpolator on the sphere")
        interpolator: Interpolator | None = None
        if setting.dim >= 2:
            interpolator = build_interpolator(setting, setting.n)
            outcomes += interpolator_outcomes(setting, interpolator)
        else:
            claim, words = "the interpolator on the sphere", "the sphere of d = 1 has two points; take d >= 2"
            outcomes.append(judged(SPHERE, SOURCE, claim, None, Relation.AT_MOST, None, Status.DERIVED, obstacle=words))
    packing = drawn.packing
    facts = {
        "pair": {
            "caps": packing.size,
            "empty": len(drawn.pair.empty),
            "height": float(packing.height),
            "height_chosen": drawn.chosen,
            "family": packing.code.family,
            "neurons": drawn.pair.plus.width,
        }
    }
    title = f"Flat networks that memorise {setting.n} points in dimension {setting.dim}, seed {setting.seed}"
    return Memorised(setting, drawn, interpolator, rows), Report(
        title, setting.as_json(), facts, outcomes, progress.timing
    )
