# %% [markdown]
# # 2. The weight function
#
# Flatness bounds $\sum_k |v_k|\|w_k\|\,g(u_k,t_k)$. How large is $g$? For $x$ uniform on the unit ball everything is a
# closed form in the height $h = 1-|t|$ of the cap that the neuron cuts off.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from mpmath import mp, quad

import boundcalc
from boundcalc import cap
from boundcalc.erratum import erratum
from boundcalc.plots import label_ends
from constructions.data import sphere, uniform_ball
from constructions.network import empirical_weight

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Closed forms
#
# Each is one expression; its floats, logarithms and enclosures are computed from it. The first three are: mass of a cap,
# $E[X_1; X_1 > t]$, and the weight $g_P$.

# %%
for form in (cap.cap_mass, cap.first_moment, cap.population_weight):
    display(Markdown(f"{form.words}: $\\displaystyle {form.latex()}$"))

# %% [markdown]
# Three independent channels for the same numbers: the closed form, quadrature of the marginal density with 30 digits, and
# a sample.

# %%
mp.dps = 30
rng = np.random.default_rng(2)
rows = ["| $d$ | $h$ | closed form | quadrature | sample of 10⁶ |", "|---|---|---|---|---|"]
for d in (1, 2, 5, 12):
    first = uniform_ball(10**6, d, rng)[:, 0]
    for h in (0.5, 0.9):
        t = 1 - h
        density = lambda s, d=d: (1 - s**2) ** (mp.mpf(d - 1) / 2)
        quadrature = quad(density, [t, 1]) / quad(density, [-1, 1])
        exact = cap.cap_mass(d, h)
        share = np.mean(first > t)
        error = np.sqrt(exact * (1 - exact) / 10**6)
        assert abs(exact / quadrature - 1) < 1e-12
        assert abs(share - exact) < 5 * error
        rows.append(f"| {d} | {h} | {exact:.12g} | {float(quadrature):.12g} | {share:.6f} ± {error:.6f} |")
Markdown("\n".join(rows))

# %% [markdown]
# Nothing over- or underflows: outside the range of floats the logarithm is returned, and an enclosure is rigorous.

# %%
print(cap.population_weight.log(10**6, 1e-300))
print(cap.population_weight.enclose(12, "0.01"))

# %% [markdown]
# ## At the boundary the weight vanishes like $h^{d+2}$
#
# $g_P(t)/(1-t)^{d+2}$ increases to a limit $c_\infty(d)$, so the *canonical* weight $(1-|t|)^{d+2}$ is the population weight
# up to a factor that depends on $d$ alone.

# %% mystnb={"image": {"alt": "Population weight over its limit c_infinity h^(d+2) against the height of the cap: it rises to 1 as the cap gets thin, in d = 1, 2, 3, 5"}}
display(Markdown(f"$c_\\infty(d) = \\displaystyle {cap.weight_limit.latex()}$"))
heights = np.geomspace(1e-4, 1, 200)
figure, axes = plt.subplots(figsize=(5.8, 3.4))
for d, color in zip((1, 2, 3, 5), ("#000000", "#0072B2", "#D55E00", "#009E73"), strict=True):
    ratio = cap.population_weight(d, heights) / cap.canonical_weight(d, heights)
    limit = cap.weight_limit(d)
    assert np.all(np.diff(ratio) <= 0)
    assert np.all(ratio < limit)
    assert abs(ratio[0] / limit - 1) < 1e-3
    axes.plot(heights, ratio / limit, color=color)
    axes.annotate(f"d = {d}", (heights[-1], ratio[-1] / limit), xytext=(4, -3), textcoords="offset points", color=color)
    print(f"d = {d}: limit {limit:.5f}, at the centre {ratio[-1]:.5f}")
axes.set_xscale("log")
axes.set_xlabel("height $h = 1 - |t|$")
axes.set_ylabel(r"$g_P/(c_\infty h^{d+2})$")
plt.show()

# %% [markdown]
# The paper's lower constant is vacuous from $d = 5$ on; the library keeps this on record with the check that shows it.

# %%
display(erratum(1))
print(erratum(1).demonstrate().evidence)

# %% [markdown]
# ## Empirical against population weight
#
# A network sees the weight $g_n$ of its sample. The paper controls $|g_n - g_P|$ by an additive error of order
# $\sqrt{d/n}$, which says nothing where $g_P \approx h^{d+2}$ is smaller than that. Theorem D is relative:

# %%
display(boundcalc.theorem("weight-deviation"), boundcalc.theorem("theorem-d"))

# %% mystnb={"image": {"alt": "Empirical against population weight over heights of caps: the smallest empirical weights vanish at thin caps, where few points lie"}}
d, n = 2, 4000
X = uniform_ball(n, d, rng)
heights = np.geomspace(3e-3, 1, 40)
directions = sphere(60, d, rng)
u = np.repeat(directions, heights.size, axis=0)
t = np.tile(1 - heights, len(directions))
empirical = empirical_weight(u, t, X).reshape(len(directions), -1)
population = cap.population_weight(d, heights)
deviation = np.abs(empirical - population).max(axis=0)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
axes[0].loglog(heights, population, color="#000000", label="population")
axes[0].loglog(heights, np.maximum(empirical.min(axis=0), 1e-12), color="#0072B2", label="least empirical")
axes[0].loglog(heights, deviation, color="#D55E00", label="largest deviation")
axes[0].set_ylim(1e-11, 1)
axes[0].set_xlabel("height")
axes[0].set_ylabel("weight")
label_ends(axes[0])
axes[1].loglog(heights, np.maximum(empirical / population, 1e-3).T, color="0.8", linewidth=0.6)
axes[1].axhline(1, color="#000000", linewidth=0.8)
axes[1].set_xlabel("height")
axes[1].set_ylabel("empirical / population, 60 directions")
plt.show()

# %% [markdown]
# Where a cap holds many points the ratio is near 1 although the weight itself is far below any additive error. The
# lower bound of Theorem D with its constant, checked on this sample:

# %%
from sympy import Rational

from boundcalc.logspace import compile_log
from boundcalc.symbols import d as D
from boundcalc.symbols import delta, h
from boundcalc.symbols import n as N

theorem = boundcalc.theorem("theorem-d")
depth = compile_log(theorem.bounds["depth rho_n"].expr, [D, N, delta])(d, n, 0.01).value
weight = compile_log(theorem.bounds["weight at depth h"].expr, [D, h])(d, heights).value
valid = heights >= depth
print(f"valid from depth {float(depth):.3f} on with probability {1 - float(Rational(1, 100)):.2f}")
if np.any(valid):
    print(f"least empirical weight over its bound there: {(empirical[:, valid] / weight[valid]).min():.1f}")
    assert np.all(empirical[:, valid] >= weight[valid])
samples = np.array([1e3, 1e6, 1e9])
depths = compile_log(theorem.bounds["depth rho_n"].expr, [D, N, delta])(d, samples, 0.01).log
fit = np.polyfit(np.log(samples), depths, 1)
print(f"the valid depth shrinks like n^({fit[0]:.3f}); the exponent without the logarithm is -{2 / (d + 1):.3f}")
