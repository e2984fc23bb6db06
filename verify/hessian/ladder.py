"""The ladder of certificates: upper bounds of lambda_max in turn, the cheap ones first, each worked out when it is asked for.

:func:`verify.hessian.sharpness` climbs it until its enclosure is narrow, :func:`verify.hessian.is_flat` until a level is
decided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from verify.hessian.arrays import to_numpy
from verify.hessian.cholesky import DataCertificate, ParameterCertificate, build_cholesky, cholesky_bytes, cholesky_work
from verify.hessian.krylov_bound import gauss_newton_trace, krylov_upper_bound, outside_trace
from verify.hessian.lanczos import Krylov
from verify.hessian.perron import perron_bound, positive_vector
from verify.hessian.problem import Measured, Problem
from verify.hessian.result import Certificate
from verify.hessian.rounding import TINY
from verify.hessian.trace import TraceCertificate

# A dense certificate that nobody asked for takes no more memory than this.
MOST_BYTES = 14 * 2**30
# So much more arithmetic than the probabilistic certificate is no reason to do without a proof.
_FAR_MORE = 4
_DENSE_POINTS = 4096
_MOST_VECTORS = 96

Rung = tuple[str, Callable[[], float]]


def krylov_rungs(
    problem: Problem, krylov: Krylov, near: float, target: float, kind: Certificate = Certificate.AUTO
) -> Iterator[Rung]:
    """The certificates that start from a Krylov space: names, and functions that work out the bound.

    Parameters
    ----------
    near : float
        A level near lambda_max, above every gamma_k: the bounds are sharp there.
    target : float
        A bound at most this is good enough.
    kind : Certificate
        AUTO for all that may help, or the only one wanted.
    """
    if kind in (Certificate.AUTO, Certificate.KRYLOV) and krylov.double:
        whole = gauss_newton_trace(problem)
        if kind is Certificate.KRYLOV or outside_trace(problem, krylov.images, whole) < near:
            yield "krylov", _if_it_fits(lambda: krylov_upper_bound(problem, krylov, whole))
    # Sparse patterns spread the trace over many equal eigenvalues, and make the dense matrix cheap.
    skip_trace = kind is Certificate.AUTO and problem.sparse and problem.n <= _DENSE_POINTS
    if kind in (Certificate.AUTO, Certificate.TRACE) and not skip_trace:
        # m vectors cost about 4 n K (d + 1) m operations, the dense certificate 2 n^2 K.
        few = _MOST_VECTORS if kind is Certificate.TRACE else max(24, problem.n // (2 * problem.width))
        trace = TraceCertificate.from_images(problem, krylov.images, min(_MOST_VECTORS, few))
        yield "trace", _if_it_fits(lambda: trace.bound(near, target))
    if kind in (Certificate.AUTO, Certificate.PERRON):
        p = positive_vector(np.tensordot(krylov.coefficients, np.stack([to_numpy(s) for s in krylov.images]), 1))
        yield "perron", _if_it_fits(lambda: perron_bound(problem, near, p))


def dense_is_cheap(dense: float, lanczos: float, quick: float) -> bool:
    """Whether the dense certificate is worth its price where a cheaper one will do: it is quick, or not far dearer.

    Parameters
    ----------
    dense, lanczos : float
        Operations of the dense certificate and of the Lanczos run behind the probabilistic one.
    quick : float
        Operations that are done in well under a minute.

    Examples
    --------
    50 000 points, 1 000 neurons and d = 10, then 10 000 points, then 1 000 000 points and 100 neurons:

    >>> [dense_is_cheap(*work, 1e12) for work in [(7.8e12, 6.6e11), (5.3e11, 1.3e11), (1.4e12, 1.3e12)]]
    [False, True, True]
    """
    return dense <= max(quick, _FAR_MORE * lanczos)


def dense_rung(
    problem: Problem,
    levels: Callable[[DataCertificate | ParameterCertificate], Iterable[float]],
    kind: Certificate = Certificate.AUTO,
    instead: float = math.inf,
) -> Iterator[Rung]:
    """The certificate by Cholesky factorisation at some ``levels`` in turn, where it fits into memory.

    Parameters
    ----------
    instead : float
        Operations of what the caller does without it. It is left out where it is dearer by far, unless it is the ``kind``
        asked for.

    Raises
    ------
    ValueError
        If it is the ``kind`` asked for and does not fit.
    """
    if kind not in (Certificate.AUTO, Certificate.CHOLESKY):
        return
    needed, backend = cholesky_bytes(problem), problem.backend
    cheap = needed <= MOST_BYTES and dense_is_cheap(cholesky_work(problem), instead, backend.quick_work())
    if (kind is Certificate.CHOLESKY or cheap) and backend.fits(needed):

        def bound() -> float:
            certificate = build_cholesky(problem)
            return first_proved(certificate.proves_below, levels(certificate))

        yield "cholesky", _if_it_fits(bound)
    elif kind is Certificate.CHOLESKY:
        raise ValueError(
            f"certificate 'cholesky' needs {needed / 2**30:.3g} GiB for {problem.n} points and {problem.size} "
            f"parameters of live neurons, and {backend.memory_left() / 2**30:.3g} GiB are left; pass certificate='auto'"
        )


def _if_it_fits(bound: Callable[[], float]) -> Callable[[], float]:
    """The bound, inf where the memory does not suffice after all: another certificate may need less."""

    def attempt() -> float:
        try:
            return bound()
        except MemoryError:
            return math.inf

    return attempt


def first_proved(proves_below: Callable[[float], bool], levels: Iterable[float]) -> float:
    """The first of the levels that is proved to lie above lambda_max, inf if there is none."""
    return next((level for level in levels if proves_below(level)), math.inf)


def levels(problem: Measured, value: float, tol: float, excess: float) -> Iterator[float]:
    """A growing sequence above ``value``, up to a factor 2**20.

    I - G(c) has its smallest eigenvalue above (c - lambda_max) / (c + max gamma_k): to absorb an absolute error
    ``excess`` in c I - ..., c must exceed lambda_max by at most twice that.
    """
    step = max(tol * value / 2, 2 * excess, TINY)  # of what underflows nothing may be left
    base = max(value, problem.gamma_max)
    while step <= base * 2**20:
        yield base + step
        step *= 4
