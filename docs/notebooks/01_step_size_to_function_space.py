# %% [markdown]
# # 1. From step size to function space
#
# Gradient descent with step size $\eta$ can only settle where the loss is flat enough. For two-layer ReLU networks this
# says something about the *function*: its second derivatives, counted with a weight that the data define, are bounded.
# Every step below is checked on a real small network.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from sympy import Rational

import boundcalc
from boundcalc.plots import label_ends
from boundcalc.symbols import L, R, eta, lam
from constructions.data import labels, uniform_ball
from constructions.network import Network, empirical_weight
from verify.hessian import sharpness

plt.rcParams.update({"figure.dpi": 80, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## A network, its loss and its gradient
#
# $f(x) = \sum_k v_k\,\varphi(w_k\cdot x - b_k) + \beta$ with $\varphi(z) = \max(z, 0)$, and
# $L(\theta) = \frac{1}{2n}\sum_i (y_i - f(x_i))^2$.

# %%
rng = np.random.default_rng(4)
d, n, K = 2, 12, 8
X = uniform_ball(n, d, rng)
y = labels(X[:, 0], 0.3, rng)
sizes = [K * d, K, K, 1]


def network(theta):
    W, b, v, beta = np.split(theta, np.cumsum(sizes)[:-1])
    return Network(W.reshape(K, d), b, v, float(beta[0]))


def loss(theta):
    return np.mean((y - network(theta)(X)) ** 2) / 2


def jacobian(theta):
    """Rows: gradients of f(x_i) with respect to all parameters."""
    net = network(theta)
    z = net.preactivations(X)
    active = (z > 0).astype(float)
    dW = (active * net.v)[:, :, None] * X[:, None, :]
    return np.hstack([dW.reshape(n, -1), -active * net.v, np.maximum(z, 0), np.ones((n, 1))])


def gradient(theta):
    return jacobian(theta).T @ (network(theta)(X) - y) / n


start = rng.normal(size=sum(sizes)) * 0.7
direction = rng.normal(size=start.size)
step = 1e-7
numeric = (loss(start + step * direction) - loss(start - step * direction)) / (2 * step)
print("gradient against a finite difference:", gradient(start) @ direction - numeric)

# %% [markdown]
# ## Training, and the sharpness at the end
#
# `sharpness` encloses the largest eigenvalue of the Hessian of the loss. An independent check: all eigenvalues of the
# Hessian by finite differences of the gradient.


# %%
def train(theta, step_size, steps=8_000):
    for _ in range(steps):
        theta = theta - step_size * gradient(theta)
    return theta


step_size = 0.4
theta = train(start, step_size)
enclosure = sharpness(network(theta), X, y)


def hessian(theta, step=1e-6):
    columns = [(gradient(theta + step * e) - gradient(theta - step * e)) / (2 * step) for e in np.eye(theta.size)]
    return np.array(columns)


eigenvalues, vectors = np.linalg.eigh(hessian(theta))
print(f"loss {loss(theta):.4f}, gradient norm {np.linalg.norm(gradient(theta)):.1e}")
print(f"lambda_max in [{enclosure.lower:.10f}, {enclosure.upper:.10f}], finite differences {eigenvalues[-1]:.6f}")
print(f"edge of stability 2/eta = {2 / step_size:.4f}")

# %% [markdown]
# ## Why a minimum with $\lambda_{\max} > 2/\eta$ cannot hold the iterates
#
# Near a minimum one step multiplies a displacement along an eigenvector by $1 - \eta\lambda$. Start a little off the
# minimum, with step sizes on both sides of $2/\lambda_{\max}$, and watch the distance.

# %% mystnb={"image": {"alt": "Distance from the minimum along the top eigenvector against steps: it shrinks for step sizes below 2/lambda_max and grows above"}}
top = vectors[:, -1]
critical = 2 / enclosure.upper
colors = {0.9: "#0072B2", 0.99: "#009E73", 1.01: "#D55E00", 1.1: "#000000"}
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for factor in colors:
    here, distances = theta + 1e-9 * top, []
    for _ in range(40):
        here = here - factor * critical * gradient(here)
        distances.append(abs((here - theta) @ top))
    axes.semilogy(distances, label=rf"$\eta = {factor}\cdot 2/\lambda_{{\max}}$", color=colors[factor])
    measured = (distances[30] / distances[10]) ** (1 / 20)
    print(f"factor {factor}: growth per step {measured:.4f}, |1 - eta lambda| = {abs(1 - 2 * factor):.4f}")
    assert abs(measured - abs(1 - 2 * factor)) < 1e-3
axes.set_xlabel("step")
axes.set_ylabel("distance along the top eigenvector")
label_ends(axes)
plt.show()

# %% [markdown]
# So stable minima are those with $\lambda_{\max} \le 2/\eta$: the set $\Theta_{\rm flat}(\eta)$.
#
# ## From flatness to the weighted variation norm
#
# The statement, with the paper's constant and with the sharper one:

# %%
display(boundcalc.theorem("stability-seminorm"), boundcalc.theorem("stability-seminorm-sharp"))

# %% [markdown]
# The proof has three steps. Write $J$ for the Jacobian and $\mathbf 1$ for the all-ones vector.
#
# 1. *One test vector.* $\nabla^2 L = J^\top J/n + D$, where $D$ collects the residuals. The top eigenvalue of
#    $J^\top J/n$ equals that of $JJ^\top/n$, at least $\frac{1}{n^2}\|J^\top\mathbf 1\|^2$: the squared norm of the
#    mean gradient.
# 2. *Its value.* The mean gradient has entry 1 for the output bias; for each neuron, arithmetic–geometric mean turns its
#    two blocks into $2|v_k|\|w_k\|\,g(u_k, t_k)$. So $\frac{1}{n^2}\|J^\top\mathbf 1\|^2 \ge 1 + 2\,|f|_{V_g}$.
# 3. *The residuals.* Each active neuron contributes to $\nabla^2 f(x)$ a block of norm $|r_i|\sqrt{\|x_i\|^2+1}$, so $D$ takes
#    away at most $\sqrt{R^2+1}\,\sqrt{2L}$.

# %%
net, J = network(theta), jacobian(theta)
reduced = net.reduced()
seminorm = float(np.sum(np.abs(reduced.a) * empirical_weight(reduced.u, reduced.t, X)))
mean_gradient = np.sum(J.mean(axis=0) ** 2)
gauss_newton = np.linalg.eigvalsh(J @ J.T / n)[-1]
residual_part = np.linalg.norm(hessian(theta) - J.T @ J / n, 2)
radius = np.linalg.norm(X, axis=1).max()
print(f"1 + 2 seminorm               {1 + 2 * seminorm:.6f}")
print(f"<= |mean gradient|^2         {mean_gradient:.6f}")
print(f"<= lambda_max of J J^T / n   {gauss_newton:.6f}")
print(f"residual part                {residual_part:.6f}")
print(f"<= sqrt(R^2+1) sqrt(2L)      {np.sqrt((radius**2 + 1) * 2 * loss(theta)):.6f}")
assert 1 + 2 * seminorm <= mean_gradient + 1e-12 <= gauss_newton + 2e-12
assert residual_part <= np.sqrt((radius**2 + 1) * 2 * loss(theta)) + 1e-6
assert abs(seminorm - net.empirical_seminorm(X)) < 1e-12

# %% [markdown]
# ## Both constants, on minima found at several step sizes
#
# The inequality holds at every point where the loss is twice differentiable, minimum or not; so the networks need not have
# converged. The expressions come from the registry; only the measured $\lambda_{\max}$, $L$ and $R$ are put in. The last column
# puts $2/\eta$ in the place of $\lambda_{\max}$ and holds for stable minima.


# %%
def bound(key, name, values):
    expression = boundcalc.theorem(key).bounds[name].expr
    return float(expression.subs({s: Rational(str(value)) for s, value in values.items()}))


rows = [
    "| $\\eta$ | $2/\\eta$ | $\\lambda_{\\max}$ | seminorm | sharper bound | paper's bound | at the edge |",
    "|---|---|---|---|---|---|---|",
]
points = []
for step_size in (0.05, 0.1, 0.2, 0.4, 0.8):
    theta = train(start, step_size, 4_000)
    top = sharpness(network(theta), X, y).upper
    values = {lam: top, L: loss(theta), R: radius, eta: step_size}
    measured = network(theta).empirical_seminorm(X)
    sharp = bound("stability-seminorm-sharp", "seminorm", values)
    paper = bound("stability-seminorm", "seminorm", values)
    edge = bound("stable-minima-seminorm", "seminorm, sharper constant", values)
    assert measured <= sharp <= paper
    points.append((step_size, measured, sharp, paper))
    rows.append(
        f"| {step_size} | {2 / step_size:.2f} | {top:.3f} | {measured:.3f} | {sharp:.3f} | {paper:.3f} | {edge:.3f} |"
    )
Markdown("\n".join(rows))

# %% mystnb={"image": {"alt": "Weighted variation norm of flat networks against the step size: the paper's bound, the sharper bound, and what was measured far below both"}}
etas, measured, sharp, paper = np.array(points).T
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
axes.loglog(etas, paper, "o-", color="#D55E00", label="paper's constant")
axes.loglog(etas, sharp, "o-", color="#0072B2", label="sharper constant")
axes.loglog(etas, measured, "o-", color="#000000", label="measured")
axes.set_xticks(etas, [f"{e:g}" for e in etas])
axes.set_xticks([], minor=True)
axes.set_xlabel(r"step size $\eta$")
axes.set_ylabel(r"$|f_\theta|_{V_g}$")
label_ends(axes)
plt.show()

# %% [markdown]
# Larger steps leave flatter minima, and the flatter a minimum the less weighted variation its function may have. The weight
# is the subject of the next notebook: it vanishes at the boundary of the data, and there flatness forbids nothing.
