"""2/(3d+1) from above: entropy of the weighted class, depth by depth."""

from __future__ import annotations

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import GEOMETRY
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import ENTROPY_STEP
from boundcalc.derivation.localised import SEMINORM_STEP, depth_entropy, seminorm_cell
from boundcalc.derivation.parameters import resolution
from boundcalc.statement import Side
from boundcalc.symbols import h, n


def _work() -> Derived:
    terms = {
        "shell": h,
        "squared resolution": resolution**2,
        "entropy over n": depth_entropy(seminorm_cell(), resolution) / n,
    }
    return balance(terms, [h, resolution]).after(GEOMETRY, ENTROPY_STEP, SEMINORM_STEP)


DERIVATION = Derivation(
    key="theorem-c",
    title="Entropy of the weighted class by depth: the matching upper bound",
    side=Side.UPPER,
    work=_work,
)
