"""The inputs of the command for the figures."""

from __future__ import annotations

from dataclasses import dataclass

from boundcalc.options import choice
from verify.command import Setting, asked
from verify.figures import EXPERIMENTS, experiment
from verify.figures.base import Experiment, Inputs, Scale


@dataclass(frozen=True)
class FiguresSetting(Setting):
    """Which figures, at which size; "all" is all of them.

    Examples
    --------
    >>> [entry.name for entry in FiguresSetting.parse(["fig4", "fig3"]).entries]
    ['fig4', 'fig3']
    >>> FiguresSetting.parse(["fig1"])
    Traceback (most recent call last):
    ...
    ValueError: figures must be of fig2, ..., got 'fig1'; the paper's other figures are illustrations
    """

    figures: tuple[str, ...] = asked("figures")
    size: Scale = asked("size", reader=choice(Scale))
    seed: int = asked("seed")
    device: str = asked("device")
    folder: str = asked("folder", "figures", json=False)
    image: str = asked("image", json=False)

    def __post_init__(self) -> None:
        for name in self.figures:
            if name != "all":
                experiment(name)  # says what is possible

    @property
    def entries(self) -> list[Experiment]:
        """The figures, each once."""
        return list(EXPERIMENTS) if "all" in self.figures else [experiment(name) for name in self.figures]

    @property
    def inputs(self) -> Inputs:
        """What the trainings depend on besides the figures' own settings."""
        return Inputs(self.size, self.seed, self.device)

    def as_json(self) -> dict[str, object]:
        """Every input, the figures by name."""
        return {**super().as_json(), "figures": [entry.name for entry in self.entries]}
