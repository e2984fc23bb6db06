"""Which activation signs can have changed: the rest are skipped, exactly.

A preactivation moves by at most |z_i| |omega_k - c ref_k| from c z_i·ref_k, c > 0. So while neuron k stays within
c rho_k of c ref_k, the pattern of every pair with |z_i·ref_k| > |z_i| rho_k is that of ref_k, and only the other pairs,
the near ones, are looked at in each step. (c is the accumulated shrinkage by weight decay: it changes no sign.) When a
neuron leaves its ball a new reference is taken. The idea is that of neighbour lists in molecular dynamics (Verlet 1967).

At the edge of stability iterates alternate about a slowly moving middle, so the middle of the last step is the
reference. Radii are chosen from the last step and the pace of the middle, for a number of steps ("horizon") that balances
the cost of near pairs with that of a new list. Where weights move too fast, every pair is computed in every step.

Rounding: radii are widened by the error bounds of the computed products, so a skipped pair has the sign that exact
arithmetic on the stored weights gives. All decisions depend on the saved state alone, never on timing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.training.gradient import ReluGradient

# Steps between two attempts to make a list while weights move too fast.
_SPAN = 16
# A near pair costs about 15 ns a step, a pair of the full product 0.45 ns, a new list 1.5 ns for every pair.
_MOST_NEAR = 1 / 32
_LIST_COST = 1 / 10
_SHORTEST, _LONGEST = 2, 256


class SignMargins:
    """Keeps the 0/1 pattern of a :class:`ReluGradient` up to date on the host.

    Attributes
    ----------
    alive : (B, L)
        Neurons active on some point or near it, at the last reference. The others have no gradient.
    """

    def __init__(self, gradient: ReluGradient, omega: NDArray[Any]) -> None:
        self.step, self.horizon, self.age, self.listed = 0, 8, 0, False
        self.reference = omega.copy()
        self.rho = np.zeros(omega.shape[1:], omega.dtype)
        self.scale = np.ones(omega.shape[1], omega.dtype)
        self._attach(gradient)

    def _attach(self, gradient: ReluGradient) -> None:
        self._gradient = gradient
        B, L, n = gradient.A.shape
        rows = gradient.Z_rows
        norms = np.sqrt((rows * rows).sum(1, keepdims=True))
        self._unit = rows / norms
        self._points = np.ascontiguousarray(rows.swapaxes(0, 1)).reshape(-1, B * n)
        self._work = np.empty_like(gradient.omega)
        self._distance = np.empty((B, L), rows.dtype)
        self._rho_square = np.empty((B, L), rows.dtype)
        self.alive = np.ones((B, L), bool)

    def fill(self, omega: NDArray[Any]) -> None:
        """Bring the pattern up to date for ``omega`` (D, B, L), which lies within the margins."""
        if not self.listed:
            self._gradient.detect(omega)
            return
        near = np.repeat(omega.reshape(len(omega), -1)[:, self._neurons], self._counts, axis=1)
        near *= self._near_points
        np.sum(near, 0, out=self._heights)
        self._gradient.A.reshape(-1)[self._pairs] = np.greater(self._heights, 0, out=self._signs)

    def moved(self, omega: NDArray[Any], step: NDArray[Any], keep: NDArray[Any] | None, frozen: NDArray[Any]) -> bool:
        """Take note of a step; whether a new reference was taken, so that ``alive`` is new.

        Parameters
        ----------
        omega : (D, B, L)
            After the step.
        step : (D, B, L)
            What was subtracted.
        keep : (B,) or None
            Factor of weight decay, if any.
        frozen : (B,)
            Runs that diverged and stand still at zero.
        """
        self.age += 1
        if keep is not None:
            self.scale *= keep
        if self.listed:
            self._away(omega, keep is not None)
            bound = self._rho_square if keep is None else self._rho_square * (self.scale * self.scale)[:, None]
            if not (self._distance > bound).any():
                return False
        elif self.age < _SPAN:
            return False
        self._renew(omega, step, frozen)
        return True

    def _away(self, omega: NDArray[Any], scaled: bool) -> None:
        """Squared distances |omega - c ref|^2."""
        if scaled:
            np.multiply(self.reference, self.scale[:, None], out=self._work)
            np.subtract(omega, self._work, out=self._work)
        else:
            np.subtract(omega, self.reference, out=self._work)
        np.multiply(self._work, self._work, out=self._work)
        np.sum(self._work, 0, out=self._distance)

    def _renew(self, omega: NDArray[Any], step: NDArray[Any], frozen: NDArray[Any]) -> None:
        middle = omega + step * omega.dtype.type(0.5)
        self._away(middle, True)
        pace = np.sqrt(self._distance) / self.age
        rho = 0.6 * np.sqrt((step * step).sum(0)) + 1.3 * self.horizon * pace
        # A neuron that happens to rest must not end the list at once.
        counts = np.maximum(self.alive.sum(1, keepdims=True), 1)
        rho = np.maximum(rho, 0.5 * (rho * self.alive).sum(1, keepdims=True) / counts)
        rho[frozen] = -1  # zero weights: no pair is near, no neuron alive
        short = self.listed and self.age < 3
        self.reference, self.rho = middle, rho.astype(omega.dtype)
        self.scale[...] = 1
        self.age = 0
        near = self._scan()
        pairs = self._gradient.A.size
        self.listed = not short and near <= _MOST_NEAR * pairs
        cost = near * self.horizon * _LIST_COST
        if cost > 0.2 * pairs or short:
            self.horizon = max(_SHORTEST, self.horizon * 2 // 3)
        elif cost < 0.05 * pairs:
            self.horizon = min(_LONGEST, self.horizon * 3 // 2)

    def _scan(self) -> int:
        """Signs of the reference into the pattern, and the list of near pairs; their number."""
        A, points = self._gradient.A, self._points
        D, L, n = len(self.reference), A.shape[1], A.shape[2]
        np.matmul(self.reference.swapaxes(0, 1).swapaxes(1, 2), self._unit, out=A)
        # |computed - exact| <= gamma(D + 2) |ref| for unit points; the rest covers the rounding of distances and of z.
        norms = np.sqrt((self.reference * self.reference).sum(0))
        slack = 8 * (D + 4) * float(np.finfo(A.dtype).eps) * (norms + np.abs(self.rho))
        reach = self.rho + slack.astype(A.dtype)
        np.multiply(self.rho, self.rho, out=self._rho_square)
        self.alive = A.max(2) > -reach
        close = np.abs(A) <= reach[:, :, None]
        np.greater(A, 0, out=A)
        self._pairs = np.flatnonzero(close)
        neurons = self._pairs // n
        self._neurons, self._counts = np.unique(neurons, return_counts=True)
        self._near_points = points.take(self._pairs % n + (neurons // L) * n, axis=1)
        self._heights = np.empty(len(self._pairs), A.dtype)
        self._signs = np.empty(len(self._pairs), A.dtype)
        return len(self._pairs)

    def shrink(self, gradient: ReluGradient, chosen: NDArray[np.int64]) -> None:
        """Go on with the neurons ``chosen`` (B, L') of each run and a gradient of that width."""
        runs = np.arange(len(chosen))[:, None]
        self.reference = np.ascontiguousarray(self.reference[:, runs, chosen])
        self.rho = np.ascontiguousarray(self.rho[runs, chosen])
        self._attach(gradient)
        self._scan()

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that later steps depend on."""
        numbers = np.array([self.horizon, self.age, int(self.listed)], dtype=np.int64)
        held = {"reference": self.reference, "rho": self.rho, "scale": self.scale, "alive": self.alive}
        return {"margin_numbers": numbers, **{name: array.copy() for name, array in held.items()}}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from a saved state."""
        self.horizon, self.age, listed = (int(number) for number in state["margin_numbers"])
        self.listed = bool(listed)
        self.reference, self.rho, self.scale = (state[name].copy() for name in ("reference", "rho", "scale"))
        self._scan()
        self.alive = state["alive"].copy()
