"""Two-layer ReLU networks with any number of outputs, as files and torch modules hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from constructions import _arguments as check
from verify.hessian.from_torch import two_layers
from verify.hessian.inputs import read_array

if TYPE_CHECKING:
    import torch

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VectorNetwork:
    """f(x) = Σ_k v_k φ(w_k·x − b_k) + beta with v_k and beta in R^c.

    Attributes
    ----------
    W : ndarray, shape (K, d)
    b : ndarray, shape (K,)
    v : ndarray, shape (K, c)
        Read-only float64 copies; for one output (K,) is read too, which :class:`constructions.network.Network` has.
    beta : ndarray, shape (c,)

    Raises
    ------
    TypeError, ValueError
        If shapes disagree, or entries are not finite.

    Examples
    --------
    >>> f = VectorNetwork([[1.0], [-1.0]], [0.0, 0.0], [[1.0, 1.0], [1.0, -1.0]], [0.0, 0.0])  # |x| and x
    >>> f([[-2.0], [3.0]]).tolist()
    [[2.0, -2.0], [3.0, 3.0]]
    """

    W: Float
    b: Float
    v: Float
    beta: Float

    def __post_init__(self) -> None:
        W = read_array("W", self.W, (None, None))
        if not W.size:
            raise ValueError(f"W must have at least one row and one column, got shape {W.shape}")
        found = {"W": W, "b": read_array("b", self.b, (len(W),))}
        one = np.ndim(self.v) == 1
        v = read_array("v", self.v, (len(W),) if one else (len(W), None))
        found["v"] = v[:, None] if one else v
        if not v.size:
            raise ValueError("v must have at least one column, an output, got none")
        beta = read_array("beta", self.beta, () if np.ndim(self.beta) == 0 else (found["v"].shape[1],))
        found["beta"] = np.broadcast_to(beta, found["v"].shape[1:]) if one else beta
        if found["beta"].shape != found["v"].shape[1:]:
            raise ValueError(f"beta must hold {found['v'].shape[1]} numbers, one for each output, got one number")
        for name, array in found.items():
            object.__setattr__(self, name, check.frozen(np.array(array)))

    @classmethod
    def of(cls, model: Any) -> VectorNetwork:
        """What a caller has: a network of the library, W, b, v and beta by name, or a torch module.

        torch adds its biases and the library subtracts b, so b = -bias; a missing bias is 0.

        Raises
        ------
        TypeError, ValueError
            If it is no such network, with the reason.

        Examples
        --------
        >>> import torch
        >>> layers = torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)
        >>> VectorNetwork.of(torch.nn.Sequential(*layers)).v.shape
        (5, 2)
        """
        names = ("W", "b", "v", "beta")
        if isinstance(model, cls):
            return model
        if isinstance(model, Mapping):
            missing = [name for name in names if name not in model]
            if missing:
                raise ValueError(f"model must hold W, b, v and beta, got none called {', '.join(missing)}")
            return cls(**{name: model[name] for name in names})
        if all(hasattr(model, name) for name in names):
            return cls(**{name: getattr(model, name) for name in names})
        if not hasattr(model, "named_parameters"):
            raise TypeError(
                f"model must be a two-layer network or torch's Sequential(Linear, ReLU, Linear), got {describe(model)}"
            )
        try:
            found = two_layers(model)
        except ValueError as error:
            raise ValueError(f"model: {str(error).partition('; verify.certify')[0]}") from error
        if found.slope != 0:
            kind = "no activation" if found.slope == 1 else f"LeakyReLU({found.slope:g})"
            raise ValueError(f"model must be nn.Sequential(Linear, ReLU, Linear), got {kind} for the ReLU")
        return cls(found.W, -found.b, found.V.T, found.beta)

    @property
    def arrays(self) -> dict[str, Float]:
        """The parameters by name, as files hold them: those of a `Network` where there is one output."""
        one = self.v.shape[1] == 1
        return {
            "W": self.W,
            "b": self.b,
            "v": self.v[:, 0] if one else self.v,
            "beta": self.beta[0] if one else self.beta,
        }

    def __call__(self, X: Any) -> Float:
        """Values at points X (n, d), shape (n, c)."""
        points = read_array("X", X, (None, self.W.shape[1]))
        return np.asarray(np.maximum(points @ self.W.T - self.b, 0.0) @ self.v + self.beta)

    def to_torch(self) -> torch.nn.Sequential:
        """``nn.Sequential(Linear, ReLU, Linear)`` with the same function, in float64: other types round the weights."""
        from torch import float64, nn, no_grad, tensor

        (K, d), c = self.W.shape, self.v.shape[1]
        module = nn.Sequential(nn.Linear(d, K, dtype=float64), nn.ReLU(), nn.Linear(K, c, dtype=float64))
        with no_grad():
            for parameter, value in zip(module.parameters(), (self.W, -self.b, self.v.T, self.beta), strict=True):
                parameter.copy_(tensor(value))
        return module
