"""The papers that statements come from."""

from __future__ import annotations

from boundcalc.statement import Source

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
    "Francis Bach", 2017, "Breaking the Curse of Dimensionality with Convex Neural Networks", "JMLR 18(19)", "Bach 2017"
)
DATA_GEOMETRY = Source(
    "Tongtong Liang, Alexander Cloninger, Rahul Parhi, Yu-Xiang Wang",
    2025,
    "Generalization Below the Edge of Stability: The Role of Data Geometry",
    "arXiv:2510.18120",
    "Liang et al. 2025",
)
MULAYOFF = Source(
    "Rotem Mulayoff, Tomer Michaeli, Daniel Soudry",
    2021,
    "The Implicit Bias of Minima Stability: A View from Function Space",
    "NeurIPS 34",
    "Mulayoff et al. 2021",
)
QIAO = Source(
    "Dan Qiao, Kaiqi Zhang, Esha Singh, Daniel Soudry, Yu-Xiang Wang",
    2024,
    "Stable Minima Cannot Overfit in Univariate ReLU Networks: Generalization by Large Step Sizes",
    "arXiv:2406.06838",
    "Qiao et al. 2024",
)
OPTIMAL_RECOVERY = Source(
    "Ronald DeVore, Robert D. Nowak, Rahul Parhi, Guergana Petrova, Jonathan W. Siegel",
    2025,
    "Optimal Recovery Meets Minimax Estimation",
    "arXiv:2502.17671",
    "DeVore et al. 2025",
)
WEIGHTED_VARIATION = Source(
    "Ronald DeVore, Robert D. Nowak, Rahul Parhi, Jonathan W. Siegel",
    2023,
    "Weighted Variation Spaces and Approximation by Shallow ReLU Networks",
    "arXiv:2307.15772",
    "DeVore et al. 2023",
)
MULTI_OUTPUT = Source(
    "Joseph Shenouda, Rahul Parhi, Kangwook Lee, Robert D. Nowak",
    2023,
    "Variation Spaces for Multi-Output Neural Networks: Insights on Multi-Task Learning and Network Compression",
    "arXiv:2305.16534",
    "Shenouda et al. 2023",
)
RANDOM_RELU = Source(
    "Rahul Parhi, Pakshal Bohra, Ayoub El Biari, Mehrsa Pourya, Michael Unser",
    2024,
    "Random ReLU Neural Networks as Non-Gaussian Processes",
    "arXiv:2405.10229",
    "Parhi et al. 2024",
)
GAUSSIAN_GAP = Source(
    "Akash Kumar, Rahul Parhi, Mikhail Belkin",
    2025,
    "A Gap Between the Gaussian RKHS and Neural Networks: An Infinite-Center Asymptotic Analysis",
    "arXiv:2502.16331",
    "Kumar et al. 2025",
)
K_PLANE = Source(
    "Rahul Parhi, Michael Unser",
    2023,
    "Distributional Extension and Invertibility of the k-Plane Transform and Its Dual",
    "arXiv:2310.01233",
    "Parhi & Unser 2023",
)
LOW_RANK_CACHE = Source(
    "Luke McDermott, Robert W. Heath Jr., Rahul Parhi",
    2025,
    "LoLA: Low-Rank Linear Attention with Sparse Caching",
    "arXiv:2505.23666",
    "McDermott et al. 2025",
)
STABLE_SUBNETWORKS = Source(
    "Luke McDermott, Rahul Parhi",
    2025,
    "Finding Stable Subnetworks at Initialization with Dataset Distillation",
    "arXiv:2503.17905",
    "McDermott & Parhi 2025",
)
MULTIVARIATE = Source(
    "Rahul Parhi, Michael Unser",
    2023,
    "Function-Space Optimality of Neural Architectures with Multivariate Nonlinearities",
    "arXiv:2310.03696",
    "Parhi & Unser 2023b",
)
WU_SU = Source(
    "Lei Wu, Weijie J. Su",
    2023,
    "The Implicit Regularization of Dynamical Stability in Stochastic Gradient Descent",
    "arXiv:2305.17490",
    "Wu & Su 2023",
)
BOUNDCALC = Source("The boundcalc developers", 2026, "Documentation of boundcalc", "docs", "boundcalc")
