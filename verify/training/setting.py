"""What is trained: one run, its options, and the Kaiming initialisations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions import memory
from constructions.network import Network
from verify.hessian.inputs import check_integer, check_number, check_positive, read_array

Float = NDArray[np.float64]


class Activation(Enum):
    """The nonlinearity of the hidden layer; GELU is the exact z Phi(z), not its tanh approximation."""

    RELU = "relu"
    GELU = "gelu"


class Init(Enum):
    """Which random initialisation; "Kaiming" names several things in PyTorch.

    LINEAR is what ``torch.nn.Linear`` does by itself: weights and biases uniform on +-1/sqrt(fan_in), the Kaiming-uniform
    rule with a = sqrt(5). KAIMING_NORMAL and KAIMING_UNIFORM are ``torch.nn.init.kaiming_normal_`` and
    ``kaiming_uniform_`` with their defaults applied to both weight matrices (variance 2 / fan_in), biases left as
    ``nn.Linear`` made them.
    """

    LINEAR = "linear"
    KAIMING_NORMAL = "kaiming-normal"
    KAIMING_UNIFORM = "kaiming-uniform"


def initial_network(init: Init, width: int, dim: int, rng: np.random.Generator) -> Network:
    """A freshly initialised network.

    Parameters
    ----------
    init : Init
    width, dim : int
        Neurons K and input dimension d.
    rng : numpy.random.Generator

    Examples
    --------
    >>> network = initial_network(Init.LINEAR, 1000, 4, np.random.default_rng(0))
    >>> bool(np.abs(network.W).max() <= 0.5), round(float(network.W.std()), 2)
    (True, 0.29)
    """
    if not isinstance(init, Init):
        raise TypeError(f"init must be a member of Init, got {check.describe(init)}")
    check.generator("rng", rng)
    check_integer("width", width, 1)
    memory.require_array("width and dim", int(width), check_integer("dim", dim, 1), copies=3)
    check_integer("dim", dim, 1)

    def weights(shape: tuple[int, ...], fan_in: int) -> Float:
        if init is Init.KAIMING_NORMAL:
            return np.asarray(rng.standard_normal(shape) * math.sqrt(2 / fan_in))
        bound = math.sqrt((6 if init is Init.KAIMING_UNIFORM else 1) / fan_in)
        return np.asarray(rng.uniform(-bound, bound, shape))

    W = weights((width, dim), dim)
    v = weights((width,), width)
    b = rng.uniform(-1, 1, width) / math.sqrt(dim)
    return Network(W, b, v, float(rng.uniform(-1, 1)) / math.sqrt(width))


def _points(name: str, value: Any, shape: tuple[int | None, ...]) -> Float:
    array = read_array(name, value, shape).copy()
    if not array.size:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Run:
    """One network to train by full-batch gradient descent on L = (1/2n) sum_i (f(x_i) - y_i)^2.

    A step is that of ``torch.optim.SGD(lr=eta, weight_decay=decay)`` after ``clip_grad_norm_(max_norm=clip)``: with G
    the gradient in all parameters, theta <- theta - eta (min(1, clip / (|G| + 1e-6)) G + decay theta).

    Attributes
    ----------
    network : Network
        Where training starts.
    X, y : arrays (n, d) and (n,)
    eta : float
        Step size. At eta >= 2 no network is stable, since the output bias alone has curvature 1: such a step size
        needs ``large_step=True``.
    decay : float
        Weight decay on every parameter, biases included; eta * decay < 1.
    clip : float or None
        Largest norm of the gradient; None for no clipping.
    truth : array (n,), optional
        Noiseless values at X, for the error on the training points.
    fresh_X, fresh_truth : arrays (m, d) and (m,), optional
        Points that training does not see, with their noiseless values.
    bias : bool
        Whether the biases of the neurons are trained; without it they are zero and stay so. The output's bias is trained.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what arrived and what to pass.

    Examples
    --------
    >>> start = initial_network(Init.LINEAR, 8, 1, np.random.default_rng(0))
    >>> Run(start, [[0.0], [1.0]], [1.0, 2.0], eta=2.5)
    Traceback (most recent call last):
    ...
    ValueError: eta must be below 2, ... got 2.5; pass large_step=True to train with it anyway
    """

    network: Network
    X: ArrayLike
    y: ArrayLike
    eta: float
    decay: float = 0.0
    clip: float | None = None
    activation: Activation = Activation.RELU
    truth: ArrayLike | None = None
    fresh_X: ArrayLike | None = None
    fresh_truth: ArrayLike | None = None
    large_step: bool = False
    bias: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.network, Network):
            raise TypeError(f"network must be a constructions.network.Network, got {type(self.network).__name__}")
        if not self.bias and self.network.b.any():
            raise ValueError(
                "bias must be True for a network that has biases, got False; set them to zero to train without"
            )
        if not isinstance(self.activation, Activation):
            raise TypeError(f"activation must be a member of Activation, got {check.describe(self.activation)}")
        check_positive("eta", self.eta)
        if self.eta >= 2 and not self.large_step:
            raise ValueError(
                "eta must be below 2, because the output bias alone has curvature 1 and no network is stable above, "
                f"got {self.eta!r}; pass large_step=True to train with it anyway"
            )
        check_number("decay", self.decay)
        if not (self.decay >= 0 and self.eta * self.decay < 1):
            raise ValueError(f"decay must be nonnegative with eta * decay < 1, got {self.decay!r} at eta {self.eta!r}")
        if self.clip is not None:
            check_positive("clip, unless None,", self.clip)
        d = self.network.dim
        X = _points("X", self.X, (None, d))
        values: dict[str, Float] = {"X": X, "y": _points("y", self.y, (len(X),))}
        if self.truth is not None:
            values["truth"] = _points("truth", self.truth, (len(X),))
        if (self.fresh_X is None) != (self.fresh_truth is None):
            raise ValueError("fresh_X and fresh_truth must be passed together, got one of them")
        if self.fresh_X is not None:
            values["fresh_X"] = _points("fresh_X", self.fresh_X, (None, d))
            values["fresh_truth"] = _points("fresh_truth", self.fresh_truth, (len(values["fresh_X"]),))
        for name, value in values.items():
            object.__setattr__(self, name, value)
