"""Full-batch gradient descent on batches of two-layer networks, without automatic differentiation."""

from verify.training.setting import Activation, Init, Run, initial_network
from verify.training.targets import TARGETS, Target, make_target
from verify.training.trace import Trace
from verify.training.train import Training, train

__all__ = [
    "TARGETS",
    "Activation",
    "Init",
    "Run",
    "Target",
    "Trace",
    "Training",
    "initial_network",
    "make_target",
    "train",
]
