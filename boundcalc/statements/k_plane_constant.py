"""The k-plane transform followed by its dual.

The composition commutes with translations and rotations and is homogeneous of degree k in scale, so it is a multiple of
(-Laplace)^{-k/2}; one function gives the multiple. Test on exp(-|x|^2/2) at 0: the transform integrates over k-planes,
(2 pi)^{k/2} for every plane through 0, and the dual averages over directions, so the left side is (2 pi)^{k/2}. On the
right (-Laplace)^{-k/2} gives E |Z|^{-k} = 2^{-k/2} Gamma((d-k)/2)/Gamma(d/2), Z standard normal in R^d. The quotient
is the constant.
"""

from sympy import Rational, gamma, pi
from sympy.core.relational import Lt

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import k
from boundcalc.statements.sources import K_PLANE
from boundcalc.symbols import d

THEOREM = Theorem(
    key="k-plane-constant",
    title="Constant of the k-plane transform and its dual",
    statement="The k-plane transform followed by its dual (the average over all directions) is this constant times "
    "the power -k/2 of minus the Laplacian.",
    bounds={
        "constant": Bound(
            (4 * pi) ** (k * Rational(1, 2)) * gamma(d / 2) / gamma((d - k) / 2),
            Side.TIGHT,
            Quantity.CONSTANT,
            constant_known=True,
        )
    },
    assumptions=(Assumption("1 <= k < d", Lt(k, d, evaluate=False)),),
    source=K_PLANE,
    status=Status.DERIVED,
    symbols={k: "dimension of the planes"},
)
