# %% [markdown]
# # 4. The packing lower bound: from caps to Fano
#
# Near the boundary the weight is tiny, so large functions are nearly free there. Put one narrow function on each of many
# disjoint caps, choose its sign by a coin, and no estimator can tell the signs apart.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from matplotlib.patches import Circle

import boundcalc
from boundcalc import cap
from boundcalc.erratum import erratum
from boundcalc.logspace import compile_log
from boundcalc.plots import label_ends
from boundcalc.symbols import n as N
from boundcalc.symbols import sigma
from constructions import Packing, best_code, distances, pack, uniform_ball, varshamov_gilbert

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Disjoint caps
#
# A cap of height $h$ about $u$ is $\{x : u\cdot x \ge 1-h\}$; two are disjoint when $u\cdot u' \le 2(1-h)^2-1$. How many fit?
# In dimension 2 one can look:

# %% mystnb={"image": {"alt": "The disc with the largest number of disjoint caps of heights 1/4, 1/16 and 1/64 along its boundary"}}
figure, panels = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for axes, h in zip(panels, (Fraction(1, 4), Fraction(1, 16), Fraction(1, 64)), strict=True):
    packing = pack(2, h)
    axes.add_patch(Circle((0, 0), 1, fill=False, color="0.6"))
    for u in packing.centres:
        half = np.sqrt(1 - float(1 - h) ** 2)
        middle, along = float(1 - h) * u, np.array([-u[1], u[0]]) * half
        axes.plot(*np.array([middle - along, middle + along]).T, color="#D55E00", linewidth=1)
    axes.set_title(f"h = {h}: {packing.size} caps", fontsize=10)
    axes.set_aspect("equal")
    axes.set_axis_off()
plt.show()

# %% [markdown]
# In higher dimension the centres form a *spherical code*. The library certifies its largest inner product exactly, so that
# "disjoint" is proved and not a comparison of floats. Lower and upper bounds of the packing number carry their names:

# %%
packing = Packing(best_code(12, 60), Fraction(1, 8))
print(packing.code.family + ":", packing.size, "caps; largest inner product", packing.code.max_inner_product().upper)
print(boundcalc.packing_number(12, 60))

# %% [markdown]
# The existence bound gives the power $h^{-(d-1)/2}$ that the proof uses:

# %%
display(boundcalc.theorem("packing-size"))
for d in (2, 3, 5, 12):
    heights = np.array([1e-4, 1e-6, 1e-8])
    logs = cap.packing_existence.log(d, heights).log
    print(f"d = {d:2}: slope {np.polyfit(np.log(heights), logs, 1)[0]:.4f}, expected {-(d - 1) / 2}")

# %% [markdown]
# ## Atoms: large, narrow, nearly free
#
# $\Phi_h(x) = h^{-1}(u\cdot x-(1-h))_+$ has sup norm 1; its $L^2$ norm and its canonical seminorm are closed forms. A sample
# checks the norm:

# %%
rng = np.random.default_rng(4)
rows = ["| $d$ | $h$ | $\\lVert\\Phi\\rVert^2$, closed form | sample | seminorm |", "|---|---|---|---|---|"]
for d, h in ((2, 0.1), (3, 0.2), (5, 0.4)):
    X = uniform_ball(10**6, d, rng)
    squares = (np.maximum(X[:, 0] - (1 - h), 0) / h) ** 2
    exact, error = cap.atom_norm_squared(d, h), squares.std() / 1000
    assert abs(squares.mean() - exact) < 5 * error
    rows.append(f"| {d} | {h} | {exact:.4e} | {squares.mean():.4e} ± {error:.0e} | {cap.atom_seminorm(d, h):.2e} |")
Markdown("\n".join(rows))

# %% [markdown]
# ## Signs: a Varshamov–Gilbert code
#
# Fano's inequality needs exponentially many hypotheses that are pairwise far apart. Sign words that differ in many places
# give functions that are far apart in $L^2$, because the atoms are disjoint:

# %%
packing = pack(3, Fraction(1, 16))
words = varshamov_gilbert(packing.size, size=64, seed=0)
gaps = distances(words.words)
X = uniform_ball(200_000, 3, rng)
first, second = (packing.evaluate(X, words.words[i]) for i in (0, 1))
measured = np.mean((first - second) ** 2)
apart = int(np.count_nonzero(words.words[0] != words.words[1]))
implied = 4 * apart * cap.atom_norm_squared(3, Fraction(1, 16))
print(f"{words.size} words of length {words.length}, pairwise distance at least {gaps[gaps > 0].min()}")
print(f"squared L2 distance of two of them: implied {implied:.5f}, on a sample {measured:.5f}")
assert abs(measured / implied - 1) < 0.1

# %% [markdown]
# ## Fano
#
# The registered inequality, with all its constants, evaluated over cap heights at one $n$. It needs the number of words,
# their distance, and the atoms' norm. Too high a cap, and the data reveal the signs; too low, and there is nothing to lose.

# %%
display(boundcalc.theorem("fano-packing"))
boundcalc.derive("minimax-lower")


# %% mystnb={"image": {"alt": "The two-point bound against the height of the caps, for three sample sizes, each with one best height"}}
def two_point(d, n, h, B=1.0, C=1.0, noise=1.0):
    """Logarithm of the two-point bound for as many caps as the existence bound guarantees; amplitude min(B, C / seminorm)."""
    count = np.maximum(1, np.exp(cap.packing_existence.log(d, h).log))
    amplitude = np.minimum(B, C / (count * cap.atom_seminorm(d, h)))
    values = {"A": amplitude, "N": count, "m": cap.atom_norm_squared(d, h), N: n, sigma: noise}
    expr = boundcalc.theorem("two-point").bounds["mmse"].expr
    symbols = sorted(expr.free_symbols, key=str)
    return compile_log(expr, symbols)(*(values.get(s, values.get(s.name)) for s in symbols)).log


heights = np.geomspace(1e-5, 0.9, 300)
figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for n, color in ((1e3, "#0072B2"), (1e5, "#D55E00"), (1e7, "#009E73")):
    values = np.exp(two_point(3, n, heights))
    axes.loglog(heights, values, color=color)
    best = int(np.argmax(values))
    axes.annotate(
        rf"$n = 10^{{{np.log10(n):.0f}}}$",
        (heights[best], values[best]),
        xytext=(8, 4),
        textcoords="offset points",
        color=color,
    )
axes.set_ylim(1e-7, 0.1)
axes.set_xlabel("cap height h")
axes.set_ylabel("lower bound, d = 3")
plt.show()

# %% [markdown]
# The best height, fitted over many decades of $n$, has the derived exponent; so has the bound. The two-point bound is not
# Fano's, but it sees the same balance:

# %%
sizes = np.geomspace(1e8, 1e14, 7)
fine = np.geomspace(1e-9, 0.5, 4000)
for d in (2, 3, 5):
    tables = np.array([two_point(d, n, fine) for n in sizes])
    slope = -np.polyfit(np.log(sizes), tables.max(axis=1), 1)[0]
    derived = boundcalc.derive("minimax-lower").exponent_at(d)
    print(f"d = {d}: fitted exponent {slope:.4f}, derived {derived} = {float(derived):.4f}")
    assert abs(slope - float(derived)) < 0.02

# %% [markdown]
# ## Two caveats that the library keeps on record
#
# The paper scales its bound by $\min(B, C)$, which loses for large $n$; and it calls bumps ineffective, while anisotropic ones
# give the sharper theorems of notebook 6.

# %%
for number in (7, 10):
    display(erratum(number))
    print(erratum(number).demonstrate().evidence)

# %% mystnb={"image": {"alt": "Rates at a million samples against the dimension: upper, lower, and that of low-norm networks, which stays low"}}
figure, axes = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
dims = np.arange(1.0, 41.0)
grid = boundcalc.rate(d=dims, n=1e6)
axes.plot(dims, grid.upper.value, color="#D55E00", label="upper (Thm 3.6)")
axes.plot(dims, grid.lower.value, color="#0072B2", label="lower (Thm 3.7)")
axes.plot(dims, grid.low_norm.value, color="#009E73", label="low norm")
axes.set_yscale("log")
axes.set_xlabel("dimension d")
axes.set_ylabel("rates at n = 10⁶, no constants")
label_ends(axes)
plt.show()
