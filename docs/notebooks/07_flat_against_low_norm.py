# %% [markdown]
# # 7. Flat against low-norm: the exponential separation
#
# Weight decay bounds the ordinary variation norm; flatness bounds a weighted one. The first class can be learnt at a rate
# that hardly depends on the dimension. The second can't.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import boundcalc
from boundcalc import cap
from boundcalc.plots import label_ends
from boundcalc.tables import exponent_table, sample_size_table
from constructions.data import uniform_ball
from constructions.network import Network
from constructions.packing import pack
from verify.hessian import sharpness

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## The same function, two prices
#
# A cap atom of height $h$ and sup norm 1 has variation norm $1/h$ and weighted norm $h^{d+1}$: the price of a narrow function
# at the boundary goes to infinity under weight decay and to 0 under flatness.

# %% mystnb={"image": {"alt": "Norm of the cap atom against its height: unweighted it grows as caps get thin, weighted it dies, faster in high dimension"}}
heights = np.geomspace(1e-3, 1, 100)
figure, axes = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
axes.loglog(heights, 1 / heights, color="#009E73", label="unweighted (weight decay)")
for d, color in ((2, "#0072B2"), (5, "#D55E00"), (10, "#000000")):
    axes.loglog(heights, cap.atom_seminorm(d, heights), color=color, label=f"weighted (flat), d = {d}")
axes.set_ylim(1e-36, 1e5)
axes.set_xlim(1, 1e-3)
axes.set_xlabel("height of the cap")
axes.set_ylabel("norm of the atom")
for line in axes.get_lines():
    line.set_data(line.get_xdata()[::-1], line.get_ydata()[::-1])
label_ends(axes)
plt.show()

# %% [markdown]
# ## Flat interpolation that is far from the truth
#
# Where caps hold no sample, a network can do there what it likes: the loss doesn't see it, and the Hessian doesn't either.

# %%
display(boundcalc.theorem("empty-caps"), boundcalc.theorem("empty-network"))

# %%
rng = np.random.default_rng(7)
d, n = 5, 400
X = uniform_ball(n, d, rng)
packing = pack(d, Fraction(1, 8), max_size=400)
empty = packing.counts(X) == 0
signs = rng.choice([-1.0, 1.0], packing.size)
amplitudes = np.where(empty, signs, 0.0)
plus = Network.from_atoms(packing.centres[empty], packing.height, signs[empty])
minus = Network.from_atoms(packing.centres[empty], packing.height, -signs[empty])
expected = (1 - cap.cap_mass(d, packing.height)) ** n
print(f"{packing.size} caps, share without a sample {empty.mean():.3f}, expected {expected:.3f}")
for net in (plus, minus):
    result = sharpness(net, X, np.zeros(n))
    print(f"largest value on the sample {np.abs(net(X)).max()}, lambda_max in [{result.lower}, {result.upper}]")
    assert result.upper == 1.0
fresh = uniform_ball(10**5, d, rng)
distance = np.mean((plus(fresh) - minus(fresh)) ** 2)
exact = 4 * empty.sum() * cap.atom_norm_squared(d, packing.height)
print(f"squared L2 distance of the two: sample {distance:.5f}, closed form {exact:.5f}")
assert abs(distance / exact - 1) < 0.1
weighted = empty.sum() * cap.atom_seminorm(d, packing.height)
print(f"variation norm {np.abs(plus.reduced().a).sum():.0f}, weighted {weighted:.2e}")

# %% [markdown]
# Both interpolate the zero labels, both are as flat as a network can be, and they differ. Weight decay would see a
# variation norm in the hundreds.
#
# ## Exponents

# %%
boundcalc.derive("low-norm-mse")

# %%
boundcalc.derive("minimax-lower")

# %%
exponent_table([1, 2, 3, 5, 10, 20, 50])

# %% [markdown]
# ## Sample sizes
#
# Turned around: how many samples does an error need? For low-norm networks fewer than $\mathrm{error}^{-2}$, up to constants
# and logarithms, in every dimension. For the flat class a power that grows with $d$: an exponential separation. Required
# sizes in the first column are theorems with all constants.

# %%
sample_size_table([1, 2, 5, 10, 20], ["0.1", "0.01"])

# %%
print(boundcalc.sample_size(20, "0.01"))

# %% mystnb={"image": {"alt": "Power p in n = error^(-p) against the dimension: it grows with d for the flat classes and stays below 2 for low norm"}}
dims = np.arange(2, 51)
figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
curves = {"minimax-lower": "#0072B2", "theorem-b": "#000000", "stable-mse-lower": "#D55E00", "low-norm-mse": "#009E73"}
labels = {
    "minimax-lower": "flat class (Thm 3.7)",
    "theorem-b": "flat class (Theorem B)",
    "stable-mse-lower": "stable minima (Theorem E)",
    "low-norm-mse": "low norm",
}
for key, color in curves.items():
    exponents = np.array([float(boundcalc.theorem(key).bound.exponent_at(int(d))) for d in dims])
    axes.semilogy(dims, 1 / exponents, color=color, label=labels[key])
axes.set_xlabel("dimension d")
axes.set_ylabel("p in n = error$^{-p}$")
assert all(1 / boundcalc.theorem("low-norm-mse").bound.exponent_at(int(d)) < 2 for d in dims)
label_ends(axes)
plt.show()

# %% [markdown]
# Which statement is of which kind is part of the answer:

# %%
rows = ["| statement | side | status | source |", "|---|---|---|---|"]
for key in curves:
    theorem = boundcalc.theorem(key)
    rows.append(f"| {theorem.title} | {theorem.bound.side.value} | {theorem.status.value} | {theorem.source} |")
Markdown("\n".join(rows))
