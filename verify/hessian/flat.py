"""Is a network flat at a step size? Decided as cheaply as possible, in both directions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from boundcalc.exact import exact_rational, fraction
from boundcalc.statement import Status
from verify.hessian.components import blocks_if_cheap
from verify.hessian.inputs import check_integer
from verify.hessian.krylov_bound import krylov_lower_bound
from verify.hessian.ladder import dense_rung, first_proved, krylov_rungs
from verify.hessian.lanczos import Krylov, lanczos
from verify.hessian.perron import perron_step
from verify.hessian.problem import Problem, one_sided_problems
from verify.hessian.products import LiveProducts
from verify.hessian.rayleigh import rayleigh_lower_bound
from verify.hessian.reduction import reduce_at
from verify.hessian.result import Sharpness, kink_slack, true_bounds
from verify.hessian.structure import build_structure
from verify.outcome import Interval, Outcome, Relation, Verdict, judge, judged

# Of a first Krylov run, which shows that a network is sharp or prepares the certificates.
_COARSE_STEPS = 24
# Certificates aim at no higher level, so that none of their numbers leaves the range of float64.
_HIGHEST = 1e300


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def is_flat(network: Any, X: Any, y: Any, eta: Any, *, seed: int = 0, device: Any = None) -> Verdict:
    """Decide lambda_max(Hessian of L) <= 2 / eta.

    PROVED and REFUTED are theorems about the float64 data and the exact 2/eta. On a kink they hold for every one-sided
    Hessian, or the answer is UNDECIDED; it is also UNDECIDED where lambda_max and 2/eta agree to rounding, or no certificate
    applies.

    Parameters
    ----------
    network, X, y, seed, device
        As for :func:`verify.hessian.sharpness`.
    eta : int, float, str or Fraction > 0
        Step size. A float counts as the decimal number that it shows: 0.1 is 1/10. Above 2 nothing is flat: the output bias
        alone has curvature 1.

    Raises
    ------
    ValueError, TypeError
        For bad input, before any work. OverflowError if the eigenvalue exceeds the range of float64.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[1.0], [-1.0]]), b=np.array([0.0, 0.5]), v=np.array([3.0, 1.0]), beta=0.0)
    >>> X, y = np.array([[0.5], [-0.9]]), np.array([1.0, 0.0])
    >>> is_flat(net, X, y, 0.1), is_flat(net, X, y, "1/2")
    (<Verdict.PROVED: 'proved'>, <Verdict.REFUTED: 'REFUTED'>)
    """
    step = fraction(exact_rational("eta", eta))
    if step <= 0:
        raise ValueError(f"eta must be positive, got {eta!r}")
    threshold = 2 / step
    check_integer("seed", seed, 0)
    verdicts = {_decide(problem, threshold, seed) for problem in one_sided_problems(network, X, y, device)}
    return verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED


def side_of_the_edge(
    check: str, words: str, found: Sharpness, eta: Fraction, status: Status, evidence: Mapping[str, object]
) -> Outcome:
    """On which side of 2/eta lambda_max lies, as a fact either way; undecided where the enclosure holds both."""
    edge, measured = 2 / eta, found.interval
    verdict = judge(measured, Relation.AT_MOST, edge)
    side, where = Relation.AT_MOST, "stable"
    if verdict is Verdict.REFUTED:
        side, where = Relation.ABOVE, "not stable at this step size"
    elif verdict is Verdict.UNDECIDED:
        where = "at the edge"
    facts = {**evidence, "edge": "2/eta"}
    return judged(check, "stable-minima-seminorm", f"{words}: {where}", measured, side, edge, status, facts)


def _decide(problem: Problem, threshold: Fraction, seed: int) -> Verdict:
    """The verdict for one activation pattern."""
    if problem.live_count == 0 and not len(problem.pattern.kinks):
        return judge(1, Relation.AT_MOST, threshold)
    near = float(threshold) if threshold < _HIGHEST else math.inf
    for lower, upper in _narrowing(problem, min(near, _HIGHEST), np.random.default_rng(seed)):
        lower, upper = true_bounds(problem, lower, upper)
        # What contains the float nearest to the threshold, and more on both sides, leaves it open.
        if not lower < near < upper:
            verdict = judge(Interval(lower, upper), Relation.AT_MOST, threshold)
            if verdict is not Verdict.UNDECIDED:
                return verdict
    return Verdict.UNDECIDED


def _narrowing(problem: Problem, threshold: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Enclosures of the scaled eigenvalue, cheap ones first."""
    # The level that certificates aim at: the errors that true_bounds adds stay below the threshold.
    level = _level(problem, math.ldexp(threshold, -problem.exponent))
    if level <= problem.gamma_max:
        # lambda_max >= gamma_k: the reduction doesn't apply, and a Ritz value will show that the network is sharp.
        level = math.inf
    if level < math.inf:
        yield 0.0, _by_perron(problem, level)
    products = LiveProducts(problem)
    yield rayleigh_lower_bound(products, products.mean_gradient()), math.inf
    start = products.start_vector(rng)
    coarse = _krylov(problem, products, start, level, steps=_COARSE_STEPS)
    lower, _ = krylov_lower_bound(products, coarse)
    yield lower, math.inf
    groups = blocks_if_cheap(problem)
    if groups is not None:
        structure = build_structure(problem, groups)
        value, vector = structure.solve()
        lower = rayleigh_lower_bound(products, vector)
        yield lower, first_proved(structure.proves_below, [level] if value < level else [])
    yield from _upper_bounds(problem, coarse, level)
    if not coarse.converged:
        fine = _krylov(problem, products, start, level)
        lower, _ = krylov_lower_bound(products, fine)
        yield lower, math.inf
        yield from _upper_bounds(problem, fine, level)
    if level < math.inf:
        for _, bound in dense_rung(problem, lambda _: [level]):
            yield 0.0, bound()


def _by_perron(problem: Problem, level: float, most: int = 6) -> float:
    """The best bound from p = 1, N 1, N N 1, ..., as long as they may still reach ``level``."""
    parts = reduce_at(problem, level)
    if parts is None:
        return math.inf
    best, p = math.inf, None
    for _ in range(most):
        step = perron_step(parts, p)
        gained = best - step.bound
        best = min(best, step.bound)
        # A quarter of the way per step at least, and a level above the limit of the sequence.
        if best < level or step.estimate >= level or 4 * gained < best - level:
            break
        p = step.image / float(step.image.max())
    return best


def _level(problem: Problem, threshold: float) -> float:
    """The largest level, up to rounding, that stays below the threshold when the errors of D and of kinks are added."""
    if not len(problem.pattern.kinks):
        return (threshold - problem.c_error) * (1 - 1e-14)
    low, high = 0.0, threshold
    for _ in range(60):
        middle = (low + high) / 2
        if middle + problem.c_error + kink_slack(problem, middle + problem.c_error) < threshold:
            low = middle
        else:
            high = middle
    return low * (1 - 1e-14)


def _krylov(problem: Problem, products: LiveProducts, start: Any, level: float, steps: int | None = None) -> Krylov:
    """Until the value is above the level or has converged; with ``steps`` also where it seems to stay below."""

    def stop(value: float, residual: float) -> bool:
        return value > level * (1 + 1e-9) or (steps is not None and 4 * residual < min(level - value, value))

    most = 400 if steps is None else steps
    return lanczos(products.hessian_with_image, start, problem.backend, tolerance=1e-14, max_steps=most, stop=stop)


def _upper_bounds(problem: Problem, krylov: Krylov, level: float) -> Iterator[tuple[float, float]]:
    """Upper bounds from a Krylov space, where its value leaves room for them."""
    if krylov.value <= level < math.inf:
        for _, bound in krylov_rungs(problem, krylov, level, level):
            yield 0.0, bound()
