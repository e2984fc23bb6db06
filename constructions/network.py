"""Two-layer ReLU networks: function, reduced form, balances, seminorm with the empirical weight, files."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions import memory

_BLOCK_ENTRIES = 4_000_000

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reduced:
    """f(x) = Σ_k a_k φ(u_k·x − t_k) + beta with unit vectors u_k.

    Attributes
    ----------
    a : ndarray, shape (K,)
    u : ndarray, shape (K, d)
    t : ndarray, shape (K,)
    beta : float
    """

    a: Float
    u: Float
    t: Float
    beta: float


@dataclass(frozen=True, eq=False)
class Network:
    """f(x) = Σ_k v_k φ(w_k·x − b_k) + beta, φ(z) = max(z, 0).

    Attributes
    ----------
    W : ndarray, shape (K, d)
    b : ndarray, shape (K,)
    v : ndarray, shape (K,)
        Read-only float64 copies of what was passed.
    beta : float

    Raises
    ------
    ValueError
        If shapes disagree or entries are not finite.

    Examples
    --------
    >>> f = Network([[1.0, 0.0], [-1.0, 0.0]], [0.0, 0.0], [1.0, 1.0])  # |x_1|
    >>> f([[-2.0, 5.0], [3.0, 1.0]])
    array([2., 3.])
    >>> f.parameter_count
    9
    """

    W: Float
    b: Float
    v: Float
    beta: float = 0.0

    def __post_init__(self) -> None:
        W = check.array("W", self.W, (None, None))
        if not W.size:
            raise ValueError(f"W must have at least one row and one column, got shape {W.shape}")
        for name, value in (
            ("W", W),
            ("b", check.array("b", self.b, (len(W),))),
            ("v", check.array("v", self.v, (len(W),))),
        ):
            object.__setattr__(self, name, check.frozen(value))
        object.__setattr__(self, "beta", check.finite("beta", self.beta))

    @classmethod
    def from_ridges(cls, u: ArrayLike, t: ArrayLike, a: ArrayLike) -> Network:
        """Σ_k a_k φ(u_k·x − t_k), balanced |v_k| = |w_k| = √|a_k|; a zero coefficient gives v_k = 0 and w_k = u_k.

        Parameters
        ----------
        u : array_like, shape (K, d)
            Unit vectors.
        t, a : array_like, shape (K,)
        """
        directions = check.unit_rows("u", u)
        offsets, coefficients = check.array("t", t, (len(directions),)), check.array("a", a, (len(directions),))
        outer = np.sqrt(np.abs(coefficients))
        inner = np.where(outer > 0, outer, 1.0)
        with np.errstate(over="ignore"):
            b = inner * offsets
        if not np.isfinite(b).all():
            raise ValueError("t must keep the b_k = sqrt|a_k| t_k in the range of floats; rescale the function")
        return cls(inner[:, None] * directions, b, np.sign(coefficients) * outer)

    @classmethod
    def from_atoms(cls, centres: ArrayLike, height: Fraction, amplitudes: ArrayLike) -> Network:
        """Σ_i A_i (u_i·x − (1−h))_+ / h, one balanced neuron per cap.

        Parameters
        ----------
        centres : array_like, shape (N, d)
            Unit vectors u_i.
        height : Fraction
            Cap height h in (0, 1].
        amplitudes : array_like, shape (N,)
            Heights A_i of the atoms, with sign; A_i / h must be floats.
        """
        u, h = check.unit_rows("centres", centres), check.height(height)
        amplitude = check.array("amplitudes", amplitudes, (len(u),))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            slopes = amplitude / float(h)
        if not np.isfinite(slopes).all():
            raise ValueError(f"amplitudes over the height must be in the range of floats, got height = {float(h):.6g}")
        return cls.from_ridges(u, np.full(len(u), float(1 - h)), slopes)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The parameters by name, as files hold them."""
        return {"W": self.W, "b": self.b, "v": self.v, "beta": np.array(self.beta)}

    @property
    def width(self) -> int:
        """Number of neurons K."""
        return int(self.W.shape[0])

    @property
    def dim(self) -> int:
        """Input dimension d."""
        return int(self.W.shape[1])

    @property
    def parameter_count(self) -> int:
        """K(d+2) + 1."""
        return self.width * (self.dim + 2) + 1

    def preactivations(self, X: ArrayLike) -> Float:
        """w_k·x_i − b_k for points X (n, d), shape (n, K)."""
        return self._points(X) @ self.W.T - self.b

    def __call__(self, X: ArrayLike) -> Float:
        """Values at points X (n, d), shape (n,)."""
        points = self._points(X)
        values = np.empty(len(points))
        step = max(1, _BLOCK_ENTRIES // self.width)
        for start in range(0, len(points), step):
            z = points[start : start + step] @ self.W.T - self.b
            values[start : start + step] = np.maximum(z, 0.0) @ self.v + self.beta
        return values

    def reduced(self) -> Reduced:
        """a_k = v_k‖w_k‖, u_k = w_k/‖w_k‖, t_k = b_k/‖w_k‖.

        A neuron with w_k = 0 is the constant v_k φ(−b_k): it joins beta and leaves a_k = 0, u_k = e_1, t_k = 0.
        """
        norms = _norms(self.W)
        dead = norms == 0
        safe = np.where(dead, 1.0, norms)
        first = np.eye(1, self.dim)
        return Reduced(
            a=np.where(dead, 0.0, self.v * norms),
            u=np.where(dead[:, None], first, self.W / safe[:, None]),
            t=np.where(dead, 0.0, self.b / safe),
            beta=self.beta + float(np.sum(self.v[dead] * np.maximum(-self.b[dead], 0.0))),
        )

    def rescale(self, c: ArrayLike) -> Network:
        """The same function with v_k → c_k v_k, w_k → w_k/c_k, b_k → b_k/c_k.

        Parameters
        ----------
        c : array_like, shape (K,)
            Positive.
        """
        factor = check.array("c", c, (self.width,))
        if (factor <= 0).any():
            raise ValueError(f"c must be positive, got {factor.min()!r}")
        return Network(self.W / factor[:, None], self.b / factor, self.v * factor, self.beta)

    def balanced(self, *, with_bias: bool = False) -> Network:
        """The same function, every neuron balanced; neurons without a balance (v_k = 0 or zero input) stay.

        Parameters
        ----------
        with_bias : bool
            False: |v_k| = ‖w_k‖, the least Σ v_k² + ‖w_k‖². True: v_k² = ‖w_k‖² + b_k².
        """
        inputs = np.column_stack([self.W, self.b]) if with_bias else self.W
        inner, outer = _norms(inputs), np.abs(self.v)
        able = (inner > 0) & (outer > 0)
        c = np.ones(self.width)
        c[able] = np.sqrt(inner[able]) / np.sqrt(outer[able])
        return self.rescale(c)

    def empirical_seminorm(self, X: ArrayLike) -> float:
        """Σ_k |v_k|‖w_k‖ g_n(u_k, t_k) with the empirical weight of the points X (n, d).

        Equal to |f|_{V_{g_n}} for distinct (u_k, t_k) up to sign, and an upper bound in general.
        """
        reduced = self.reduced()
        used = reduced.a != 0
        if not used.any():
            return 0.0
        weight = empirical_weight(reduced.u[used], reduced.t[used], self._points(X))
        return float(np.abs(reduced.a[used]) @ weight)

    def save(self, file: str | os.PathLike[str] | IO[bytes], **arrays: ArrayLike) -> None:
        """Write W, b, v, beta, and further arrays under their names, as .npz: the one format of networks in files.

        Parameters
        ----------
        file : path or binary stream
            A file is replaced only when the new one is complete; a stream, such as that of a caller who writes whole files
            himself, is written to.
        **arrays : array_like
            What belongs to the network, such as X, y, centres, height: numbers or text.

        Raises
        ------
        ValueError
            If an array has the name of one of the network's, or its entries are neither numbers nor text.

        Examples
        --------
        >>> import io
        >>> stream = io.BytesIO()
        >>> Network([[1.0]], [0.5], [2.0]).save(stream, X=[[0.0], [1.0]], height=0.5)
        >>> _ = stream.seek(0)
        >>> sorted(np.load(stream))
        ['W', 'X', 'b', 'beta', 'height', 'v']
        """
        content = self.arrays
        for name, value in arrays.items():
            if name in content:
                raise ValueError(f"arrays must not be called {', '.join(content)}, the network's own, got {name!r}")
            content[name] = np.asarray(value)
            if content[name].dtype.hasobject:
                raise ValueError(f"{name} must hold numbers or text, got entries of {type(value).__name__}")
        if not isinstance(file, (str, os.PathLike)):
            np.savez(file, **content)  # type: ignore[arg-type]
            return
        if Path(file).exists() and not Path(file).is_file():  # a device or a pipe is written to, never replaced
            whole = io.BytesIO()
            np.savez(whole, **content)  # type: ignore[arg-type]
            Path(file).write_bytes(whole.getvalue())
            return
        target = Path(os.path.realpath(file))
        temporary = target.with_name(f".boundcalc-{os.urandom(8).hex()}.part")
        try:
            with open(temporary, "xb") as stream:
                np.savez(stream, **content)  # type: ignore[arg-type]
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """Read what `save` wrote (further arrays in the file are ignored).

        Raises
        ------
        ValueError
            If an array is missing or malformed.
        """
        found = read_arrays("path", path)
        missing = [name for name in ("W", "b", "v", "beta") if name not in found]
        if missing:
            raise ValueError(f"path must be an .npz file with arrays W, b, v, beta; {path} lacks {missing}")
        return cls.of(found)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """The network with these W, b, v and beta, as `arrays` gives them."""
        W, b, v, beta = (arrays[name] for name in ("W", "b", "v", "beta"))
        return cls(W, b, v, float(check.array("beta", beta, ())))

    def _points(self, X: ArrayLike) -> Float:
        return check.array("X", X, (None, self.dim))


def read_arrays(argument: str, file: str | os.PathLike[str] | IO[bytes]) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file, without pickle: the one reader of such files.

    Raises
    ------
    ValueError
        Naming the argument: for a file that is none, damaged, encrypted, or too large for the memory. What a damaged
        archive makes its readers raise has no end, so whatever it is becomes this.

    Examples
    --------
    >>> import io
    >>> read_arrays("FILE", io.BytesIO(b"none"))
    Traceback (most recent call last):
    ...
    ValueError: FILE must be a file written with numpy.savez, got a stream: ...
    """
    try:
        with (
            open(file, "rb") if isinstance(file, (str, os.PathLike)) else nullcontext(file) as stream,
            np.load(stream, allow_pickle=False) as archive,
        ):
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            entries = [] if archive.zip is None else archive.zip.infolist()
            memory.require(argument, 2 * sum(int(entry.file_size) for entry in entries), "reading it")
            found = {name: archive[name] for name in archive.files}
            for name, array in found.items():
                if not isinstance(array, np.ndarray):  # numpy gives the bytes of what lacks the mark of an array
                    raise ValueError(f"{name} in it is no array")
            return found
    except Exception as error:
        where = repr(os.fspath(file)) if isinstance(file, (str, os.PathLike)) else "a stream"
        said = error.strerror if isinstance(error, OSError) and error.strerror else f"{error}" or type(error).__name__
        if "allow_pickle" in said:  # numpy's advice for what is no archive of arrays
            said = "it is no such archive, or holds objects"
        raise ValueError(f"{argument} must be a file written with numpy.savez, got {where}: {said[:200]}") from error


def empirical_weight(u: ArrayLike, t: ArrayLike, X: ArrayLike) -> Float:
    """g_n(u_k, t_k) of the sample X: the lesser of g̃_n(u, t) and g̃_n(−u, −t).

    g̃(u,t) = P(X·u>t)² E[X·u−t | X·u>t] √(1 + ‖E[X | X·u>t]‖²) (Liang et al. 2025, Section 2), computed as
    m·√(p² + ‖s‖²) with m = E[(X·u−t)_+], p = P(X·u>t), s = E[X; X·u>t]: no division by an empty half-space.

    Parameters
    ----------
    u : array_like, shape (K, d)
        Directions.
    t : array_like, shape (K,)
        Offsets.
    X : array_like, shape (n, d)
        Sample, n ≥ 1.

    Returns
    -------
    ndarray of float64, shape (K,)

    Examples
    --------
    >>> empirical_weight([[1.0], [1.0]], [0.0, 2.0], [[-1.0], [1.0]])
    array([0.35355339, 0.        ])
    """
    directions = check.array("u", u, (None, None))
    offsets = check.array("t", t, (len(directions),))
    points = check.array("X", X, (None, directions.shape[1]))
    if not len(points):
        raise ValueError("X must have at least one row, got none")
    result = np.empty(len(offsets))
    step = max(1, _BLOCK_ENTRIES // len(points))
    for start in range(0, len(offsets), step):
        z = points @ directions[start : start + step].T - offsets[start : start + step]
        result[start : start + step] = np.minimum(_one_sided(z, points), _one_sided(-z, points))
    return result


def _one_sided(z: Float, points: Float) -> Float:
    n = len(points)
    positive = z > 0
    excess = np.where(positive, z, 0.0).mean(axis=0)
    share = positive.mean(axis=0)
    moment = positive.T.astype(np.float64) @ points / n
    return np.asarray(excess * np.sqrt(share**2 + np.einsum("kd,kd->k", moment, moment)))


def _norms(rows: Float) -> Float:
    """Row norms without overflow or underflow of the squares."""
    largest = np.abs(rows).max(axis=1)
    scale = np.where(largest > 0, largest, 1.0)
    return np.asarray(scale * np.linalg.norm(rows / scale[:, None], axis=1))
