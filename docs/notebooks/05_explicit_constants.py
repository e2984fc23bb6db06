# %% [markdown]
# # 5. Explicit constants: what a rate hides
#
# $n^{-2/(d+1)}$ at $d = 20$, $n = 10^4$ is 0.42. That is no error: a constant that depends on $d$ stands in front of it. This
# notebook shows numbers that *are* theorems.

# %%
import matplotlib.pyplot as plt
import numpy as np

import boundcalc
from boundcalc.explicit.lower import FAMILIES
from boundcalc.logspace import compile_log
from boundcalc.plots import label_ends
from boundcalc.statements.stacked_hats import SMALLEST_N
from boundcalc.symbols import d as D
from boundcalc.tables import explicit_table

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %%
boundcalc.rate(d=20, n=1e4)

# %% [markdown]
# ## A catalogue of families
#
# Every family is a prior over functions of the class whose Bayes risk can be bounded below. A search in floating point finds
# a good member; its value and its side conditions are then evaluated again in ball arithmetic, rounded outwards. What is
# printed below is therefore a theorem, whatever the search did.

# %%
for family in FAMILIES:
    print(f"* {family}\n")

# %%
boundcalc.explicit_lower(d=5, n=1e6)

# %%
explicit_table([1, 2, 5, 10, 20], ["1e2", "1e4", "1e6"])

# %% [markdown]
# ## The scalar inequality behind the sign families
#
# A sign seen through Gaussian noise with signal-to-noise ratio $s$ has mean squared error
# $\mathrm{mmse}(s) = 1 - E\tanh(s+\sqrt s Z)$. The library uses closed lower bounds of it. A simulation and a quadrature:

# %% mystnb={"image": {"alt": "Error of guessing a random sign against the information: exact, simulated, and the closed-form bounds below it"}}
nodes, weights = np.polynomial.hermite_e.hermegauss(200)
weights = weights / weights.sum()
rng = np.random.default_rng(5)
ratios = np.linspace(0.01, 12, 60)
mmse = np.array([1 - weights @ np.tanh(s + np.sqrt(s) * nodes) for s in ratios])
simulated = []
for s in ratios[::10]:
    signs = rng.choice([-1.0, 1.0], 200_000)
    observed = s * signs + np.sqrt(s) * rng.normal(size=signs.size)
    simulated.append(np.mean((signs - np.tanh(observed)) ** 2))
theorem = boundcalc.theorem("two-point")
curves = {}
for name, bound in theorem.bounds.items():
    unit = {s: 1 for s in bound.expr.free_symbols if s.name != "n"}
    (variable,) = bound.expr.subs(unit).free_symbols
    curves[name] = compile_log(bound.expr.subs(unit), [variable])(ratios).value
    assert np.all(curves[name] <= mmse + 1e-12)
    print(f"{name}: at most {np.max(mmse / curves[name]):.3f} times too small for ratios up to {ratios[-1]:.0f}")
assert np.all(curves["mmse"] >= curves["erfc"])
figure, axes = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
axes.semilogy(ratios, mmse, color="#000000", label="exact (quadrature)")
axes.semilogy(ratios, curves["mmse"], color="#0072B2", label="closed bound")
axes.semilogy(ratios, curves["erfc"], color="#D55E00", label="erfc bound")
axes.plot(ratios[::10], simulated, "o", color="#000000", markersize=4)
axes.set_xlabel("signal-to-noise ratio s")
axes.set_ylabel("mean squared error of a sign")
label_ends(axes)
plt.show()

# %% [markdown]
# ## A bound against a simulated Bayes risk
#
# Two caps on the interval ($d = 1$), random signs: the Bayes estimator is known in closed form, so its risk can be simulated.
# It must lie above the two-point bound.

# %%
from boundcalc import cap
from constructions.data import uniform_ball

n, height, repeats = 60, 0.4, 20_000
m = cap.atom_norm_squared(1, height)
risk = []
for _ in range(repeats):
    x = uniform_ball(n, 1, rng)[:, 0]
    atom = np.maximum(np.abs(x) - (1 - height), 0) / height
    xi = rng.choice([-1.0, 1.0], 2)
    y = atom * np.where(x > 0, xi[0], xi[1]) + rng.normal(size=n)
    for sign, side in ((xi[0], x > 0), (xi[1], x <= 0)):
        posterior = np.tanh(np.sum(y[side] * atom[side]))
        risk.append(m * (sign - posterior) ** 2)
risk = 2 * np.array(risk)
lower = {name: 2 * m * np.interp(n * m, ratios, values) for name, values in curves.items()}
print(f"simulated Bayes risk {risk.mean():.5f} ± {risk.std() / np.sqrt(risk.size):.5f}; bounds {lower}")
assert risk.mean() > lower["mmse"]

# %% [markdown]
# ## Conditions are part of a theorem
#
# Theorem A is one formula, valid from some $n$ on. That threshold grows quickly with $d$:

# %%
from sympy import Integer

from boundcalc.symbols import B, C, sigma

for words, smallest in SMALLEST_N.items():
    at_one = smallest.subs({B: Integer(1), C: Integer(1), sigma: Integer(1)})
    values = compile_log(at_one, [D])(np.array([1.0, 2, 3, 5, 10, 20])).log10
    print(f"{words}: n >= " + ", ".join(f"10^{max(0.0, v):.1f}" for v in values) + " for d = 1, 2, 3, 5, 10, 20")
print(boundcalc.rate(d=5, n=1e4).explicit)
print(boundcalc.rate(d=5, n=1e6).explicit)

# %% [markdown]
# ## From where on does the boundary matter?
#
# The affine and ridge families and the polynomials of random harmonics spread over the whole ball. From the crossover on, the
# families that live near the sphere give the larger bound:

# %%
for d in (2, 12, 20, 50):
    print(f"d = {d}: {boundcalc.crossover(d)}")

# %% [markdown]
# ## All together

# %% mystnb={"image": {"alt": "Explicit lower and upper bounds against samples and against the dimension"}}
boundcalc.plot(d=5, n="1e6", sizes=("1e2", "1e10"), dims=(1, 50))
