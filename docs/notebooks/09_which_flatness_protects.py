# %% [markdown]
# # 9. Which flatness protects?
#
# Gradient descent settles where the Hessian's largest eigenvalue is at most $2/\eta$, SGD (batch size 1, at global minima)
# only where its *trace* is, and weight decay bounds the weights themselves. All three bound a variation norm, with a weight
# that dies towards the boundary of the data like a power of the depth $1-|t|$: $d+2$, $\frac{d+3}2$ and $0$. What does each
# power protect from?

# %%
import contextlib
import io

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import boundcalc
from boundcalc import cap
from verify.flatness.claims import METHODS
from verify.flatness.figure import flatness_figure
from verify.flatness.setting import FlatnessSetting
from verify.flatness.study import run_experiment

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Theorem F in ten lines
#
# Two neurons, three points of the plane, and which neuron is active where. The loss is a polynomial of the nine parameters,
# so its Hessian's trace can be computed outright. The residuals drop out: no parameter multiplies itself.

# %%
active = [[1, 1, 0], [0, 1, 1]]
x, y, beta = sp.symarray("x", (3, 2)), sp.symarray("y", 3), sp.Symbol("beta")
w, b, v = sp.symarray("w", (2, 2)), sp.symarray("b", 2), sp.symarray("v", 2)
excess = [[active[k][i] * (w[k] @ x[i] - b[k]) for i in range(3)] for k in range(2)]
loss = sum((y[i] - beta - sum(v[k] * excess[k][i] for k in range(2))) ** 2 for i in range(3)) / 6
trace = sum(sp.diff(loss, p, 2) for p in [*w.flat, *b, *v, beta])
P = [sum(active[k][i] * (x[i] @ x[i] + 1) for i in range(3)) / 3 for k in range(2)]
H = [sum(e**2 for e in excess[k]) / 3 for k in range(2)]
assert sp.expand(trace - 1 - sum(v[k] ** 2 * P[k] + H[k] for k in range(2))) == 0

# %% [markdown]
# The rest is one square: $v^2P+H=2|v|\sqrt{PH}+(|v|\sqrt P-\sqrt H)^2$. With $H=\|w\|^2\cdot\frac1n\sum(u\cdot x_i-t)_+^2$
# that is $\sum_k|v_k|\|w_k\|\,g_{\rm tr}(u_k,t_k)\le\operatorname{tr}\nabla^2L-1$, at *every* parameter vector, and an
# equality once every neuron is balanced, $v^2P=H$, which $v\to cv$, $(w,b)\to(w,b)/c$ achieves without changing the function.

# %%
size, first, second = sp.symbols("v P H", positive=True)
square = (size * sp.sqrt(first) - sp.sqrt(second)) ** 2
assert sp.expand(size**2 * first + second - 2 * size * sp.sqrt(first * second) - square) == 0
print(boundcalc.theorem("trace-seminorm"))

# %% [markdown]
# ## What the weight forgives
#
# For uniform data $g_{\rm tr}\asymp(1-|t|)^{(d+3)/2}$. It is heavier than the weight of the largest eigenvalue, so a neuron
# near the boundary costs more; but it still costs next to nothing.

# %% mystnb={"image": {"alt": "Weights of the trace and of the largest eigenvalue against the depth of the neuron: the trace's is larger everywhere"}}
depths = np.geomspace(1e-3, 1, 60)
figure, axes = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
for d, colour in ((2, "#0072B2"), (10, "#D55E00")):
    axes.loglog(depths, cap.trace_weight(d, depths), color=colour, label=f"trace, d = {d}")
    axes.loglog(depths, cap.population_weight(d, depths), ":", color=colour, label=f"largest eigenvalue, d = {d}")
    assert np.all(cap.trace_weight(d, depths) >= 4 * cap.population_weight(d, depths))
axes.set(xlabel="depth 1 − |t| of the neuron", ylabel="weight", ylim=(1e-16, 10))
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# ## What can be learned
#
# Theorem G gives the best exponent for every power $\gamma$. Up to the critical power $\frac{d^2+2d+3}{4d}$ the weight costs
# nothing; the trace's $\frac{d+3}2$ lies beyond it in every dimension, so SGD's minima are cursed by dimension, too, only
# less than GD's (Theorem E's exponent, first column; on the line the two agree).

# %%
gamma, d = sp.symbols("gamma d", positive=True)
critical = (d**2 + 2 * d + 3) / (4 * d)
assert sp.simplify((d + 3) / 2 - critical - (d**2 + 4 * d - 3) / (4 * d)) == 0
for dim in (1, 2, 5, 10, 20):
    reports = [boundcalc.rate(dim, "1e6", flatness=kind) for kind in ("localised", "trace", "none")]
    print(dim, *(f"{report.upper.exponent!s:>8}" for report in reports))
    slow, middle, fast = (report.upper.exponent for report in reports)
    assert slow < middle < fast or (dim == 1 and slow == middle)

# %% mystnb={"image": {"alt": "Left, exponents against the power of the weight; right, bounds for GD, SGD and weight decay against samples"}}
boundcalc.plot(d=5, of="flatness")

# %% [markdown]
# ## What the methods find
#
# The same noisy data, the same start, four methods. (`boundcalc flatness` is the whole experiment, in four dimensions.)

# %%
setting = FlatnessSetting.parse([2, 10], 48, width=96, steps=8000, seeds=3)
with contextlib.redirect_stderr(io.StringIO()):
    experiment, report = run_experiment(setting)
print(report.text())
assert [o.verdict.value for o in report.outcomes if o.check == "Theorem F"] == ["proved"] * len(METHODS)

# %% mystnb={"image": {"alt": "What GD, SGD and weight decay found: sharpness, trace and rarely active neurons of the trained networks"}}
flatness_figure(experiment)

# %% [markdown]
# Every recorded network obeys Theorem F, by enclosures. In ten dimensions GD sits at $\lambda_{\max}=2/\eta$, with a trace well
# above. SGD interpolates the noise, too, and sits at its own edge, at the largest step size at which its second moments stay
# bounded (`verify.hessian.sgd_threshold`), with a trace below $2/\eta$; it does so with neurons that are active on few points.
# Flatness of the trace does not stop shattering. Weight decay does.


# %%
def last(method, name):
    return np.median(experiment.series(10, method, name)[:, -1])


for method in METHODS:
    print(f"{method:16} trace {last(method, 'trace'):5.1f}, SGD's edge {last(method, 'sgd_sharpness'):5.1f}, ", end="")
    print(f"fresh error {last(method, 'fresh_mse'):.2f}, ", end="")
    print(f"alive neurons active on at most 10 % of the data {last(method, 'rare'):.0%}")
assert last("SGD", "trace") < 2 / float(setting.eta) < last("GD", "trace")
assert abs(last("SGD", "sgd_sharpness") * float(setting.eta) / 2 - 1) < 0.25
assert last("SGD", "rare") > last("GD", "rare")
assert last("weight decay", "fresh_mse") < min(last("GD", "fresh_mse"), last("SGD", "fresh_mse"))
