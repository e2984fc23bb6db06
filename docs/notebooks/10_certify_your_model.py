# %% [markdown]
# # 10. Certify your model
#
# Gradient descent with step size $\eta$ is stable where the largest eigenvalue of the Hessian is at most $2/\eta$. Here a network
# of several layers, with ten outputs and cross-entropy, is trained on handwritten digits at three step sizes. At every tenth
# step both ends of $\lambda_{\max}$ are certified, and each layer's neurons are looked at.

# %%
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn

from verify import EdgeMonitor, activation, certify

torch.set_num_threads(1)
images, labels = load_digits(return_X_y=True)
X, y = torch.tensor(images[:300] / 16).float(), torch.tensor(labels[:300])
loss = nn.CrossEntropyLoss()
ETAS = (0.1, 0.4, 1.0)


def train(eta, steps=200):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))
    monitor = EdgeMonitor(model, loss, (X, y), every=10)
    for _ in range(steps + 1):
        monitor(eta)
        model.zero_grad()
        loss(model(X), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= eta * p.grad
    return model, monitor


runs = [train(eta) for eta in ETAS]

# %% [markdown]
# ## Sharpness and trace along the training
#
# The band between both ends is thinner than the lines: relative widths are about $10^{-6}$. What lies below the dashed line is
# stable, as far as an iteration with a random start and rounding that is estimated can say.

# %% mystnb={"image": {"alt": "Certified largest eigenvalue and exact trace during training at three step sizes, beside the line 2/eta"}}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), sharey=True)
for axis, eta, (_, monitor) in zip(axes, ETAS, runs, strict=True):
    steps = [row["step"] for row in monitor.rows]
    axis.plot(steps, [row["trace"] for row in monitor.rows], color="0.6", label="trace, exact")
    axis.plot(steps, [row["upper"] for row in monitor.rows], color="#0072B2", label=r"$\lambda_{\max}$, certified")
    axis.axhline(2 / eta, color="#D55E00", linestyle="--", label=r"$2/\eta$")
    axis.set(title=f"η = {eta:g}", xlabel="step", yscale="log")
axes[0].legend(frameon=False)
plt.show()

widths = [(row["upper"] - row["lower"]) / row["upper"] for _, monitor in runs for row in monitor.rows]
print(f"largest relative width {max(widths):.1e}")
for eta, (_, monitor) in zip(ETAS, runs, strict=True):
    last = monitor.rows[-1]
    print(
        f"η = {eta:g}: λ_max in [{last['lower']:.6g}, {last['upper']:.6g}], 2/η = {2 / eta:g}, loss {last['loss']:.3g}"
    )
assert max(widths) < 1e-5
assert all(monitor.rows[-1]["upper"] < 2 / eta for eta, (_, monitor) in zip(ETAS, runs, strict=True))

# %% [markdown]
# ## One certificate in full

# %%
model, _ = runs[1]
print(certify(model, loss, (X, y), top=3, layers=True, failure_probability=1e-12))

# %% [markdown]
# ## Who fires
#
# Of each layer: how many neurons fire nowhere, or on at most a tenth of the data, and how firing goes with the norm of the
# weights.

# %% mystnb={"image": {"alt": "Share of the data on which each neuron of each layer is active, against the norm of its weights"}}
for eta, (model, _) in zip(ETAS, runs, strict=True):
    print(f"η = {eta:g}")
    print(activation(model, X), "\n")
activation(runs[-1][0], X).figure()
