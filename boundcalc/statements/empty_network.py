"""A network that no data point sees has sharpness exactly 1.

If no neuron is active on any data point and the network interpolates, the Jacobian of f at each x_i is the derivative in
the output bias alone, so the Hessian is the matrix with a single 1 on the diagonal.
"""

from sympy import Integer

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import LQWP25

THEOREM = Theorem(
    key="empty-network",
    title="Sharpness of an interpolating network whose neurons are active on no data",
    statement="If the network interpolates the data and none of its neurons is active on a data point, the largest "
    "eigenvalue of the Hessian of the loss is exactly 1: it is stable for every step size below 2.",
    bounds={"sharpness": Bound(Integer(1), Side.TIGHT, Quantity.SHARPNESS, constant_known=True)},
    assumptions=(
        Assumption("zero training loss"),
        Assumption("no neuron is active on a data point"),
    ),
    source=LQWP25.at("Prop I.2"),
    status=Status.PAPER,
    errata=(6,),
)
