"""Where the source is wrong, vacuous or improvable, each entry with a check that shows it.

The source is arXiv:2506.20779 (LQWP25); numbers of statements are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from boundcalc import errata_checks as checks
from boundcalc.errata_checks import Demonstration
from boundcalc.exact import describe
from boundcalc.shown import Shown
from boundcalc.statement import Status

__all__ = ["Demonstration", "Erratum", "errata", "erratum"]


@dataclass(frozen=True, repr=False)
class Erratum(Shown):
    """One entry.

    Attributes
    ----------
    number : int
        Theorems refer to it by this number.
    where : str
        Statement of the source.
    claim, correction : str
        What the source says, and what holds instead.
    check : callable
        Computes a :class:`Demonstration`; takes well under a second.
    status : Status
        Of the correction.
    """

    number: int
    where: str
    claim: str
    correction: str
    check: Callable[[], Demonstration]
    status: Status = Status.DERIVED

    def demonstrate(self) -> Demonstration:
        """Run the check.

        Examples
        --------
        >>> erratum(9).demonstrate().shown
        True
        """
        return self.check()

    def __str__(self) -> str:
        return f"{self.number}. {self.where}: {self.claim} {self.correction} [{self.status.value}]"

    def _repr_markdown_(self) -> str:
        return f"**{self.number}. {self.where}.** {self.claim} *{self.correction}* ({self.status.value})"


_ERRATA = (
    Erratum(
        1,
        "Prop. E.4",
        "The lower constant of the population weight contains max(0, 1 - c_5), c_5 = ((d+1)/(d+3)) (8/7)^{(d+1)/2}.",
        "c_5 exceeds 1 from d = 5 on, so the constant is 0 there. The ratio g_P(t)/(1-t)^{d+2} increases on [0, 1), "
        "which gives explicit two-sided constants in every dimension.",
        checks.vanishing_constant,
    ),
    Erratum(
        2,
        "Lemma F.7",
        "The share of samples in the annulus is at most p + sqrt(3 p ln(1/delta)/n) with probability 1 - delta.",
        "It fails where n p is small; p + sqrt(2 p ln(1/delta)/n) + 2 ln(1/delta)/(3n) holds, by Bernstein's "
        "inequality.",
        checks.binomial_tail,
    ),
    Erratum(
        3,
        "Prop. I.1",
        "The total variation distance between the counts and independent Poisson counts is taken of order sum p_j^2.",
        "It is of order sum p_j. The detour is not needed: the counts are negatively associated, and the chance that "
        "a cap is empty is elementary.",
        checks.poisson_distance,
    ),
    Erratum(
        4,
        "Prop. I.1",
        "The event is written Z_j <= 1.",
        "Z_j = 0 is meant and used: the share q_* is the chance of no sample.",
        checks.one_sample_is_not_none,
    ),
    Erratum(
        5,
        "Example 3.1, Thm 3.4",
        "The seminorm of a network with distinct (u_k, t_k) is the weighted sum; the seminorm is the norm of the "
        "filtered Radon transform.",
        "Distinct must mean distinct up to (u,t) ~ (-u,-t); the representation must be the one of least weighted "
        "norm, since on the ball measures such as cos(4 theta) d theta dt represent 0; with d = 1 the display counts "
        "the integral of |f''| g twice unless the even measure is identified.",
        checks.representations_are_not_unique,
    ),
    Erratum(
        6,
        "Cor. 3.3, remark after it",
        "The bound is followed as eta tends to infinity.",
        "lambda_max >= 1 always (the output bias), so no minimum is stable at eta > 2: the paper itself assumes eta < 2 from "
        "Prop. 2.1 on, and the remark speaks of no network.",
        checks.sharpness_at_least_one,
    ),
    Erratum(
        7,
        "Cor. H.6, H.9",
        "The lower bound is scaled by min(B, C).",
        "For d >= 2 that loses: the packing's seminorm tends to 0, so the amplitude B is admissible once n is large.",
        checks.amplitude_b_is_admissible,
    ),
    Erratum(
        8,
        "Thm 3.6, Thm 3.7",
        "Upper and lower bound are compared directly.",
        "Thm 3.6 bounds the empirical-norm error, Thm 3.7 the population error; a function can vanish on the sample "
        "alone.",
        checks.norms_differ,
    ),
    Erratum(
        9,
        "Lemma C.1",
        "The residual part of the Hessian is bounded with the constant 2(R + 1).",
        "Each neuron's block has operator norm exactly sqrt(|x|^2 + 1), so sqrt(R^2 + 1) suffices.",
        checks.block_norm,
    ),
    Erratum(
        10,
        "Section H.2",
        "Bump-type constructions are called ineffective.",
        "True of isotropic bumps. Anisotropic ones (slabs, wave packets in caps) give the sharper Theorems A and B.",
        checks.anisotropic_bumps_work,
    ),
)


def errata() -> tuple[Erratum, ...]:
    """All entries, by number.

    Examples
    --------
    >>> len(errata()), errata()[1].where
    (10, 'Lemma F.7')
    """
    return _ERRATA


def erratum(number: int) -> Erratum:
    """One entry.

    Raises
    ------
    ValueError
        If there is none with this number.
    """
    for entry in _ERRATA:
        if type(number) is int and entry.number == number:
            return entry
    raise ValueError(f"number must be that of an erratum, 1 to {len(_ERRATA)}, got {describe(number)}")
