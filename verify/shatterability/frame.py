"""Points in units of their own: what is decided about them must not depend on where 0 lies or on the units of a column.

First an exact step: each column less a constant, divided by a power of two. Whether a point is extreme, how deep it lies,
on which side of a hyperplane it is: these are the same questions for the new points, and no rounding came in.
Then one in float64: coordinates in which the points are round, with respect to the span of the rows (point, -1). Here
alone the rank of that span is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from boundcalc.cached import cached_property
from verify.hessian.activation import augment
from verify.hessian.rounding import SLACK, UNIT

Float = NDArray[np.float64]

# Singular values below this share of the largest can't be told from rounding errors: those of the decomposition stay below
# 3 units for up to 30 000 rows and 100 columns, those of numbers that were rounded to float64 below 1.
_ROUNDING = 8 * UNIT
_LEAST_BLUR = 1e-11
_MOST_BLUR = 1e-6
_BLOCK_ENTRIES = 2**22
# From so many numbers on, the decomposition is made in the memory of a single copy.
_IN_PLACE = 2 * 10**7


def determinant(rows: list[list[Fraction]]) -> Fraction:
    """Exact determinant by elimination."""
    matrix = [row[:] for row in rows]
    size, result = len(matrix), Fraction(1)
    for i in range(size):
        pivot = next((j for j in range(i, size) if matrix[j][i] != 0), None)
        if pivot is None:
            return Fraction(0)
        if pivot != i:
            matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
            result = -result
        result *= matrix[i][i]
        for j in range(i + 1, size):
            factor = matrix[j][i] / matrix[i][i]
            matrix[j] = [a - factor * b for a, b in zip(matrix[j], matrix[i], strict=True)]
    return result


def whole_numbers(values: Float) -> tuple[list[int], int]:
    """Whole numbers m, flattened, and a power of two q with values = m / q, exactly.

    >>> whole_numbers(np.array([0.75, -2.0]))
    ([3, -8], 4)
    """
    ratios = [value.as_integer_ratio() for value in values.ravel().tolist()]
    unit = max((q for _, q in ratios), default=1)
    return [p * (unit // q) for p, q in ratios], unit


def exact_solution(rows: list[list[int]], total: list[int]) -> list[Fraction] | None:
    """x with sum_k x_k rows_k = total, by Bareiss' elimination without fractions; None if the rows are dependent.

    >>> exact_solution([[1, 2], [3, 4]], [5, 6])
    [Fraction(-1, 1), Fraction(2, 1)]
    """
    matrix = [[*equation, right] for equation, right in zip(zip(*rows, strict=True), total, strict=True)]
    before = 1
    for i in range(len(matrix)):
        pivot = next((j for j in range(i, len(matrix)) if matrix[j][i]), None)
        if pivot is None:
            return None
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        top = matrix[i]
        for j, row in enumerate(matrix):
            if j != i:
                matrix[j] = [(top[i] * a - row[i] * b) // before for a, b in zip(row, top, strict=True)]
        before = top[i]
    return [Fraction(row[-1], before) for row in matrix]


def row_norms(rows: Float) -> Float:
    """Norms of rows (m, d), shape (m,), without overflow; relative errors are below gamma(d + 4)."""
    norms = np.empty(len(rows))
    step = max(1, _BLOCK_ENTRIES // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        top = np.abs(part).max(axis=1, initial=0.0)
        unit = np.where(top > 0, top, 1.0)
        norms[start : start + step] = top * np.linalg.norm(part / unit[:, None], axis=1)
    return norms


def _svd_in_place(rows: Float) -> tuple[Float, Float, Float]:
    """The thin decomposition of many rows (n, r), which are overwritten: by way of a QR decomposition, in their memory."""
    from scipy.linalg import qr

    Q, R = qr(rows, mode="economic", overwrite_a=True, check_finite=False)
    left, values, right = np.linalg.svd(R)
    step = max(1, 2**24 // R.shape[1])
    for start in range(0, len(Q), step):
        Q[start : start + step] = Q[start : start + step] @ left
    return Q, values, right


@dataclass(frozen=True, eq=False)
class Frame:
    """x_i = centre + factor * points_i, exactly; and coordinates of the points with respect to what they span.

    Attributes
    ----------
    points : ndarray, shape (n, d)
        Entries in [-1, 1] (for columns that hold both huge and tiny numbers, any).
    centre, factor : ndarray, shape (d,)
        The factors are powers of two.
    """

    points: Float
    centre: Float
    factor: Float

    @classmethod
    def of(cls, X: Float) -> Frame:
        """The frame of finite points X (n, d).

        >>> frame = Frame.of(np.array([[1e15, 3.0], [1e15 + 1, 0.0], [1e15 + 3, 8.0]]))
        >>> bool((frame.centre + frame.factor * frame.points == [[1e15, 3.0], [1e15 + 1, 0.0], [1e15 + 3, 8.0]]).all())
        True
        """
        low, high = X.min(axis=0), X.max(axis=0)
        # Numbers within a factor of 2 of each other have exact differences (Sterbenz). Where the largest is more than
        # twice the smallest, or signs differ, the column spreads over half its size, and 0 is as good a centre.
        near = ((low > 0) & (high <= 2 * low)) | ((high < 0) & (low >= 2 * high))
        centre = np.where(near, np.clip(X.mean(axis=0), low, high), 0.0)
        points = X - centre
        exponent = np.maximum(np.frexp(np.abs(points).max(axis=0))[1], -1000)
        scaled = np.ldexp(points, -exponent)
        # What underflows stays as it is.
        exponent[(np.ldexp(scaled, exponent) != points).any(axis=0)] = 0
        return cls(np.ldexp(points, -exponent), centre, np.ldexp(1.0, exponent))

    @cached_property
    def _decomposition(self) -> tuple[Float, Float, Float]:
        """Left singular vectors (n, r), values (r,) and right ones (d + 1, r) of the rows (point, -1), r their rank."""
        if self.points.size < _IN_PLACE or len(self.points) <= self.points.shape[1]:
            left, values, right = np.linalg.svd(augment(self.points), full_matrices=False)
        else:
            left, values, right = _svd_in_place(np.asfortranarray(augment(self.points)))
        kept = values > _ROUNDING * values[0]
        return left if kept.all() else left[:, kept], values[kept], right[kept].T

    @property
    def rank(self) -> int:
        """Of the rows (point, -1): 1 more than the dimension of the flat that the points span, up to rounding."""
        return len(self._decomposition[1])

    @property
    def _error(self) -> float:
        """Of coordinates, relative to the largest."""
        values = self._decomposition[1]
        return 8 * _ROUNDING * float(values[0] / values[-1])

    @property
    def blur(self) -> float:
        """A point nearer to a hyperplane than this share of the farthest one is taken to lie on it."""
        return min(max(self._error, _LEAST_BLUR), _MOST_BLUR)

    @property
    def sure(self) -> bool:
        """Whether that is more than the error of coordinates; if not, nothing may rest on what side a point is."""
        return self._error <= _MOST_BLUR

    @cached_property
    def coordinates(self) -> Float:
        """Rows (n, r), of mean square 1 in every column: those of the functions that are affine on the points."""
        return self._decomposition[0] * np.sqrt(len(self.points))

    def independent(self, rows: NDArray[np.int64]) -> bool:
        """Whether the rows (point, -1) of ``rank`` points are independent, exactly.

        If all points lie in a flat up to rounding, this is said of their entries in as many columns as determine the rest.
        """
        from scipy.linalg import qr

        columns = qr(self._decomposition[2].T, mode="r", pivoting=True)[1][: self.rank]
        chosen = augment(self.points[rows])[:, columns]
        return determinant([[Fraction(v) for v in row] for row in chosen.tolist()]) != 0

    @property
    def leverages(self) -> Float:
        """Diagonal of the hat matrix of least squares on (1, x), shape (n,)."""
        left = self._decomposition[0]
        return np.asarray(np.einsum("ij,ij->i", left, left))

    @property
    def radius(self) -> float:
        """The largest norm of ``points``, rounded up."""
        return float(row_norms(self.points).max()) * SLACK

    def inner(self, omega: Float) -> Float:
        """Coordinates (m, r) of the functions point·w - b, omega = (w, b) of shape (m, d + 1)."""
        _, values, right = self._decomposition
        return np.asarray(omega @ (right * (values / np.sqrt(len(self.points)))))

    def outer(self, inner: Float) -> Float:
        """(w, b) (m, d + 1) with x_i·w - b equal to coordinates_i·inner, for inner of shape (m, r)."""
        _, values, right = self._decomposition
        omega = inner @ (right * (np.sqrt(len(self.points)) / values)).T
        omega[:, :-1] /= self.factor
        omega[:, -1] += omega[:, :-1] @ self.centre
        return omega
