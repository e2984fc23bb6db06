# %% [markdown]
# # 8. Is my data shatterable?
#
# You train a network on a table by gradient descent with step size $\eta$. It can only stay where the largest eigenvalue of the
# Hessian is at most $2/\eta$. Does that keep it from fitting every label exactly, noise and all? Which rows are exposed? What
# would a larger step size, SGD or weight decay change? First the practice, on a table; then what is behind the answer.
#
# Everything below also comes from `boundcalc shatterability FILE.csv --target y --eta 0.5`.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import load_diabetes, load_wine

from constructions.data import uniform_ball
from verify.hessian import sharpness
from verify.shatterability import Scale, memorisation_edge, rescale, shatterability, solo_capacity
from verify.shatterability.figure import shatterability_figure
from verify.shatterability.render import text

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})
BLUE, ORANGE = "#0072B2", "#D55E00"

# %% [markdown]
# ## A table: 178 wines
#
# Sharpness depends on the units of features and labels. So there are two questions: the normalised one (points in the unit
# ball, labels in $[-1, 1]$), by which tables compare, and the one about the numbers as they stand in the file.

# %%
X, y = load_wine(return_X_y=True)
questions = {
    "normalised": shatterability(X, y, eta=0.5, features="unit-ball", labels="unit"),
    "as given": shatterability(X, y, eta=0.5),
}
print(text(questions, "Wine, classes 0, 1, 2"))
assert questions["normalised"].protection.value == "not protected"
assert questions["as given"].protection.value == "protected"

# %% [markdown]
# In numbers as large as these (a column of proline in the thousands) a step size of 0.5 is stable nowhere near a fit of all
# labels. Nobody trains on them: normalised, every wine lies outside the hull of the others, and one neuron for each fits any
# labels at almost no sharpness. Flatness protects nothing. The figure shows how much can be memorised at which step size;
# SGD, whose flatness is the trace of the Hessian, is stricter.

# %%
figure = shatterability_figure(questions)
plt.show()

# %% [markdown]
# ## A table with an inside
#
# Sixty uniform points of the disc with pure noise for labels. The *memorisation edge* is $2/\lambda^*$, where $\lambda^*$ is the
# least sharpness of any interpolating network, of any width.

# %%
rng = np.random.default_rng(0)
X, y = uniform_ball(60, 2, rng), rng.standard_normal(60)
plane = shatterability(X, y, eta=0.5, decay=0.01, time_limit=40)
print(text({"as given": plane}, "Noise on a disc"))

# %% [markdown]
# Both ends are proofs: the upper one is a network, whose sharpness is enclosed; the lower one is a set of test vectors and
# multipliers, checked against every half-plane through two of the points. At $\eta = 0.5$ this table is protected: whatever
# gradient descent settles on there, it is no interpolant.

# %%
edge = plane.edge
print(f"step sizes up to {edge.eta_ok:.5f} allow interpolation, none above {edge.eta_max:.5f} does")
confirmed = sharpness(edge.network, X, y)
print(confirmed)
assert edge.upper <= 1.02 * edge.lower
assert confirmed.proved
assert 0.5 * np.mean((edge.network(X) - y) ** 2) <= 1e-12

# %% [markdown]
# Deep points are what protects. The Tukey depth of a point is the least number of points in a half-plane that contains it: a
# neuron that reaches the point is active on at least that many.

# %% mystnb={"image": {"alt": "Points of the disc coloured by Tukey depth; extreme points, which one neuron can single out, are circled"}}
figure, axes = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
shown = axes.scatter(*X.T, c=plane.depth.upper, cmap="viridis", s=40)
extreme = plane.margins.extreme
axes.scatter(*X[extreme].T, facecolors="none", edgecolors=ORANGE, s=110, label="extreme: one neuron each")
figure.colorbar(shown, label="Tukey depth count")
axes.set_aspect("equal")
axes.legend(frameon=False, loc="upper left", fontsize=8)
plt.show()

# %% [markdown]
# How the protection grows with the number of points, and how it fades with the dimension (medians of three draws):

# %%
medians = {}
for d in (1, 2, 3):
    for n in (15, 45):
        ends = []
        for seed in range(3):
            r = np.random.default_rng(seed)
            found = memorisation_edge(uniform_ball(n, d, r), r.standard_normal(n), tol=0.02)
            ends.append((found.eta_ok, found.eta_max))
        medians[d, n] = np.median(ends, axis=0)
        print(f"d = {d}, n = {n}: the edge lies in [{medians[d, n][0]:.3g}, {medians[d, n][1]:.3g}]")
assert all(medians[d, 45][1] < medians[d, 15][0] for d in (1, 2, 3))
assert medians[1, 45][1] < medians[2, 45][0] < medians[3, 45][0]

# %% [markdown]
# ## More patients than dimensions, and yet no inside
#
# The diabetes set: 442 patients, 10 measurements, a disease score. The labels are scaled to $[-1, 1]$; the points are centred
# and scaled into the unit ball, where the lower bounds are sharp.

# %%
X, y = load_diabetes(return_X_y=True)
y = 2 * (y - y.min()) / np.ptp(y) - 1
scaled = rescale(X, Scale.UNIT_BALL)
table = shatterability(scaled.X, y, eta=0.5, time_limit=60)
print(text({"unit ball": table}, f"Diabetes, {scaled.words}"))
assert table.margins.extreme.all()
assert table.edge.upper - table.edge.lower < 1e-6

# %% [markdown]
# In ten dimensions every patient is an extreme point: there is a half-space that holds this one alone. One neuron for each
# fits any labels at almost no sharpness, and then $\lambda^*$ has a closed form. Flatness protects nothing here, at any usual
# step size. This is the rule for real tables: digits, wine, breast cancer look the same.

# %% mystnb={"image": {"alt": "Left, share of points that solitary neurons memorise against the step size for two tables; right, histogram of hull margins"}}
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
etas = np.linspace(0.2, 2, 200)
able = table.margins.extreme
shares = [solo_capacity(scaled.X, y, float(eta), able=able).share for eta in etas]
left.plot(etas, shares, color=BLUE, label="diabetes")
disc = [solo_capacity(plane.X, plane.y, float(eta), able=plane.margins.extreme).share for eta in etas]
left.plot(etas, disc, color=ORANGE, label="noise on a disc")
left.set(xlabel="step size η", ylabel="share that solitary neurons memorise", ylim=(-0.02, 1.05))
left.legend(frameon=False, loc="center left")
right.hist(np.log10(table.margins.lower), bins=40, color=BLUE)
right.set(xlabel="log₁₀ of the hull margin", ylabel="points")
plt.show()

# %% [markdown]
# ## What weight decay sees
#
# Flatness doesn't see the margin: a solitary neuron costs the same however close its point is to the others. Weight decay
# does. The optimal network of any width is a lasso over neurons. On the disc above all patterns of active points could be listed,
# and the duality gap bounds how far each network is from the optimum. In ten dimensions there are too many of them: there the
# numbers are those of the best network that a search found, and no lower bound is claimed.

# %%
part = slice(0, 150)
small = shatterability(scaled.X[part], y[part], eta=0.5, decay=1e-4, time_limit=60)
for point in small.decay:
    print(
        f"decay {point.decay:.0e}: {100 * point.memorised:5.1f} % of the label variance fitted, "
        f"loss {point.loss:.2e}, objective {point.objective:.3e}"
    )
assert all(point.gap <= 0.01 for point in plane.decay)
assert all(point.gap is None for point in small.decay)
memorised = [point.memorised for point in small.decay]
assert memorised == sorted(memorised)

# %%
last = small.decay[-1]
share = 1 - np.abs(y[part] - last.values) / np.maximum(np.abs(y[part] - last.network.beta), 1e-12)
for name, measure in (("hull margin", small.margins.lower), ("leverage", small.leverage)):
    print(f"rank correlation of the share memorised with the {name}: {spearmanr(share, measure).statistic:.2f}")

# %% [markdown]
# Leverage, a number every statistician has at hand, says about as much on which point is memorised as its exposure does. What
# the edge adds is the statement about all networks at once; and it speaks of networks that exist, not of what gradient
# descent finds.
