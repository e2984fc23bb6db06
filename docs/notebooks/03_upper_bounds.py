# %% [markdown]
# # 3. Upper bounds: shell against core
#
# Flatness controls a function away from the boundary and hardly at all near it. So give up a shell of width
# $\varepsilon$, use the bound for ordinary (unweighted) variation inside, and balance.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize_scalar

import boundcalc
from boundcalc.erratum import erratum
from boundcalc.plots import label_ends
from boundcalc.rate_values import rate_values
from boundcalc.symbols import d as D
from boundcalc.tables import exponent_table
from constructions.data import uniform_ball

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## The shell
#
# Its mass is $1-(1-\varepsilon)^d \approx d\varepsilon$. The paper also needs that a sample holds not many more points there;
# its inequality fails for small $n p$, Bernstein's inequality repairs it.

# %%
display(boundcalc.theorem("annulus-share-sharp"), erratum(2))
print(erratum(2).demonstrate().evidence)

# %%
rng = np.random.default_rng(3)
for d in (1, 3, 10):
    radii = np.linalg.norm(uniform_ball(200_000, d, rng), axis=1)
    for eps in (0.3, 0.03):
        mass, share = 1 - (1 - eps) ** d, np.mean(radii > 1 - eps)
        error = np.sqrt(mass * (1 - mass) / radii.size)
        print(f"d = {d:2}, eps = {eps}: mass {mass:.4f}, share of the sample {share:.4f} ± {error:.4f}")
        assert abs(share - mass) < 5 * error

# %% [markdown]
# ## The core, and the balance: the library derives the exponent
#
# On the core the weight is at least that of depth $\varepsilon$, so the *unweighted* variation norm is at most
# $C/\varepsilon^{d+2}$. The rate of the unweighted class is itself derived from its metric entropy:

# %%
boundcalc.derive("unweighted-gap")

# %%
boundcalc.derive("mse-upper")

# %% [markdown]
# Note what decides: not the balance of the two summands, but the condition that the weight at the shell exceeds its
# *additive* deviation. A numerical check: minimise shell + core over $\varepsilon$ under that condition, at
# many $n$, and fit the slope.


# %%
def best_total(d, log_n, conditioned):
    """log of min over eps of eps + core(eps), the core of the mean squared error at C = sigma = B = 1."""
    core = lambda x: -2 * d * (d + 2) / (2 * d + 3) * x - (d + 3) / (2 * d + 3) * log_n
    low = -log_n / (2 * d + 4) if conditioned else -log_n  # smallest admissible log eps
    found = minimize_scalar(
        lambda x: np.logaddexp(x, core(x)), bounds=(low, 0), method="bounded", options={"xatol": 1e-10}
    )
    ends = [np.logaddexp(low, core(low)), found.fun]
    return min(ends)


logs = np.linspace(200, 400, 9)
for d in (1, 2, 5, 10):
    for conditioned, key in ((True, "mse-upper"), (False, "mse-core-shell")):
        slope = -np.polyfit(logs, [best_total(d, log_n, conditioned) for log_n in logs], 1)[0]
        derived = boundcalc.derive(key).exponent_at(d)
        print(f"d = {d:2}, {key:15} numerical optimum {slope:.5f}, derived {derived} = {float(derived):.5f}")
        assert abs(slope - float(derived)) < 1e-3

# %% [markdown]
# ## Without the artefact
#
# Theorem D bounds the empirical weight *relatively*, so the condition disappears and the balance itself decides:

# %%
boundcalc.derive("mse-core-shell")

# %% mystnb={"image": {"alt": "Balance of core and shell: one term rises with the depth of the shell, the other falls; their sum is least where they cross"}}
d, log_n = 3, np.log(1e6)
x = np.linspace(-4, 0, 200)
core = -2 * d * (d + 2) / (2 * d + 3) * x - (d + 3) / (2 * d + 3) * log_n
figure, axes = plt.subplots(figsize=(6, 3.5))
axes.plot(np.exp(x), np.exp(x), color="#0072B2")
axes.plot(np.exp(x), np.exp(core), color="#D55E00")
axes.plot(np.exp(x), np.exp(np.logaddexp(x, core)), color="#000000")
condition = np.exp(-log_n / (2 * d + 4))
axes.axvline(condition, color="0.5", linewidth=0.8)
axes.set_xscale("log")
axes.set_yscale("log")
axes.set_ylim(1e-2, 10)
axes.annotate("shell", (np.exp(x[20]), np.exp(x[20])), xytext=(4, -10), textcoords="offset points", color="#0072B2")
axes.annotate("core", (np.exp(x[170]), np.exp(core[170])), xytext=(4, 4), textcoords="offset points", color="#D55E00")
axes.annotate(
    "additive deviation\nallows only this side →",
    (condition, 4),
    xytext=(-118, 0),
    textcoords="offset points",
    fontsize=8,
    color="0.3",
)
axes.set_xlabel(r"shell width $\varepsilon$")
axes.set_ylabel("mean squared error, no constants")
axes.set_title("d = 3, n = 10⁶", fontsize=10)
plt.show()

# %% [markdown]
# ## Generalization gap, and the whole family side by side
#
# The same calculus for the gap, and the exponents of every bound in the registry (a larger exponent is a better upper bound):

# %%
boundcalc.derive("gap-upper")

# %%
exponent_table([1, 2, 3, 5, 10])

# %%
exponent_table([1, 2, 3, 5, 10], "gap")

# %% [markdown]
# Three refinements in a row: additive deviation, relative deviation, entropy by depth with localised flatness. As functions
# of $d$ the exponents keep their order everywhere:

# %% mystnb={"image": {"alt": "Exponents of four upper bounds against the dimension, all falling towards 0"}}
keys = ["mse-upper", "mse-core-shell", "stable-minima-peeling", "stable-mse-upper"]
dims = np.arange(1.0, 41.0)
figure, axes = plt.subplots(figsize=(6.5, 3.5), layout="constrained")
for key, color in zip(keys, ("#D55E00", "#0072B2", "#009E73", "#000000"), strict=True):
    theorem = boundcalc.theorem(key)
    values = rate_values(theorem.bound).exponent.on(dims)
    assert theorem.bound.exponent.free_symbols <= {D}
    axes.loglog(dims, values, color=color, label=key)
axes.set_xlabel("dimension d")
axes.set_ylabel("exponent")
label_ends(axes)
plt.show()
