"""The papers that statements come from."""

from __future__ import annotations

from boundcalc.theorem import Source

LQWP25 = Source(
    "Tongtong Liang, Dan Qiao, Yu-Xiang Wang, Rahul Parhi",
    2025,
    "Stable Minima of ReLU Neural Networks Suffer from the Curse of Dimensionality: The Neural Shattering Phenomenon",
    "arXiv:2506.20779",
    "LQWP25",
)
PARHI_NOWAK = Source(
    "Rahul Parhi, Robert D. Nowak",
    2023,
    "Near-Minimax Optimal Estimation With Shallow ReLU Neural Networks",
    "IEEE Transactions on Information Theory 69(2)",
    "Parhi & Nowak 2023",
)
BACH = Source(
    "Francis Bach",
    2017,
    "Breaking the Curse of Dimensionality with Convex Neural Networks",
    "JMLR 18(19)",
    "Bach 2017",
)
BOUNDCALC = Source("The boundcalc developers", 2026, "Documentation of boundcalc", "docs", "boundcalc")
