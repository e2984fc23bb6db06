"""certify against dense Hessians in float64 of the loss as torch computes it, for modules, losses and data of many forms."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from random_models import dense, half_mse, mlp
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from verify import certify
from verify.outcome import Trust, Verdict

# torch warns of itself, when it loads its compiler or can't batch a rule.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop"),
]


def holds(found, H: np.ndarray, width: float = 4e-6) -> None:
    values = np.linalg.eigvalsh(H)
    top, scale = values[-1], np.abs(values).max()
    assert found.lower <= top + 1e-13 * scale
    assert found.upper >= top - 1e-13 * scale
    assert found.upper - found.lower <= width * max(abs(top), 1e-3 * scale)
    if found.lambda_min is not None:
        assert found.lambda_min.lower - 1e-13 * scale <= values[0] <= found.lambda_min.upper + 1e-13 * scale


def losses(n: int, c: int):
    """(what is passed, what torch computes, targets)."""
    labels = torch.arange(n) % c
    shares = torch.softmax(torch.randn(n, c, dtype=torch.float64), 1)
    numbers = torch.randn(n, c, dtype=torch.float64)
    weights = torch.rand(c, dtype=torch.float64)
    ignoring = torch.where(torch.arange(n) % 5 == 0, -100, labels)
    yield "half-mse", half_mse, numbers
    for reduction in ("mean", "sum"):
        for loss in (nn.MSELoss, nn.HuberLoss, nn.BCEWithLogitsLoss):
            own = loss(reduction=reduction)
            yield own, own, numbers.sigmoid() if loss is nn.BCEWithLogitsLoss else numbers
        own = nn.CrossEntropyLoss(weights, reduction=reduction, label_smoothing=0.1)
        yield own, own, labels
    for own, y in (
        (nn.CrossEntropyLoss(), labels),
        (nn.CrossEntropyLoss(weights), ignoring),
        (nn.CrossEntropyLoss(weights), shares),
        (nn.BCEWithLogitsLoss(pos_weight=weights), (numbers > 0).double()),
        (nn.HuberLoss(delta=0.2), numbers),
        (nn.functional.mse_loss, numbers),
        (nn.functional.cross_entropy, labels),
        (lambda f, y: ((f - y) ** 4).mean(), numbers),
    ):
        yield own, own, y


@pytest.mark.parametrize("case", range(17))
def test_losses_on_unequal_batches(case: int) -> None:
    torch.manual_seed(case)
    n, c = 14, 3
    loss, own, y = list(losses(n, c))[case]
    model, X = mlp(2, 5, c, act=nn.Tanh), torch.randn(n, 2, dtype=torch.float64)
    H = dense(model, own, X, y)
    holds(certify(model, loss, (X, y)), H)
    if not callable(loss) or isinstance(loss, nn.Module) or case < 15:
        holds(certify(model, loss, [(X[:9], y[:9]), (X[9:], y[9:])]), H)


def test_the_loss_of_one_output() -> None:
    """(n, 1) outputs against (n,) targets: torch would broadcast to (n, n)."""
    model, X, y = mlp(3, 6, 1), torch.randn(20, 3), torch.randn(20)
    H = dense(model, half_mse, X.double(), y.double()[:, None])
    for targets in (y, y[:, None], y.numpy(), y.double().tolist() and y.numpy()[:, None]):
        holds(certify(model, "half-mse", (X, targets)), H)
    assert certify(model, nn.MSELoss(), (X, y)).value == pytest.approx(2 * np.linalg.eigvalsh(H)[-1], rel=1e-6)


def test_data_in_the_forms_that_users_have() -> None:
    torch.manual_seed(0)
    model, X, y = mlp(3, 6, 2), torch.randn(25, 3), torch.arange(25) % 2
    loss = nn.CrossEntropyLoss()
    H = dense(model, loss, X.double(), y)
    frame, series = SimpleNamespace(to_numpy=lambda: X.numpy()), SimpleNamespace(to_numpy=lambda: y.numpy())
    forms = [
        (X, y), [X, y], (X.double(), y[:, None]), (X.numpy(), y.numpy().astype(np.int32)), (frame, series), ((X,), y),
        DataLoader(TensorDataset(X, y), batch_size=10, shuffle=True), [(X[:1], y[:1]), (X[1:], y[1:])],
        (pair for pair in [(X[:20], y[:20]), (X[20:], y[20:])]),
    ]  # fmt: skip
    for data in forms:
        holds(certify(model, loss, data), H)
    halves = [(X[:5], y[:5]), (X[5:], y[5:])]
    mean = (dense(model, loss, X[:5].double(), y[:5]) + dense(model, loss, X[5:].double(), y[5:])) / 2
    found = certify(model, loss, halves, average="batches")
    holds(found, mean)
    assert "averaged over batches" in found.convention


def test_several_inputs() -> None:
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.out = nn.Embedding(7, 3), nn.Linear(3, 1)

        def forward(self, word, scale):
            return self.out(self.table(word).tanh() * scale)

    model, word, scale, y = Two(), torch.arange(10) % 7, torch.randn(10, 1), torch.randn(10)
    by_place = certify(model, "half-mse", ((word, scale), y))
    by_name = certify(model, "half-mse", [({"word": word, "scale": scale}, y)])
    assert by_place.interval == by_name.interval


class Residual(nn.Module):
    """An own forward: skip connection, a tensor that is no parameter, a layer used twice, functional relu."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.out = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 2)
        self.shift = torch.tensor([0.5, -0.5, 0.1])

    def forward(self, x):
        x = x + torch.relu(self.a(x)) + self.shift
        return self.out(nn.functional.gelu(self.b(self.b(x))))


def modules():
    yield "residual", Residual()
    yield "no biases", mlp(3, 6, 2, bias=False)
    frozen = mlp(3, 5, 4, 2)
    frozen[0].requires_grad_(False)
    frozen[2].bias.requires_grad_(False)
    yield "frozen", frozen
    yield (
        "normalised",
        nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.GELU(), nn.LayerNorm(6), nn.Linear(6, 2)).eval(),
    )
    yield "dropout", nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.5), nn.ReLU(), nn.Linear(6, 2)).eval()
    yield (
        "nested",
        nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(3, 4), nn.Identity(), nn.ReLU()), nn.Linear(4, 2)),
    )
    normed = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4))
    yield "spectral_norm", nn.Sequential(normed, nn.Tanh(), nn.Linear(4, 2)).eval()
    tied = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    tied[2].weight = tied[0].weight
    yield "tied", tied
    yield "attention", nn.Sequential(
        nn.Unflatten(1, (3, 1)), nn.Linear(1, 4), nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True),
        nn.Flatten(), nn.Linear(12, 2),
    )  # fmt: skip
    yield "half precision", mlp(3, 5, 2).bfloat16()


@pytest.mark.parametrize(("name", "model"), list(modules()))
def test_modules(name: str, model: nn.Module) -> None:
    torch.manual_seed(3)
    X, y = torch.randn(12, 3), torch.arange(12) % 2
    before = {key: value.clone() for key, value in model.state_dict().items()}
    loss = nn.CrossEntropyLoss()
    found = certify(model, loss, (X, y))
    if name == "residual":
        model.shift = model.shift.double()
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        H = dense(model, loss, X.double(), y)
    holds(found, H)
    assert found.parameters == len(H)
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items())
    assert all(p.grad is None for p in model.parameters())


def test_wrapped_modules_are_read_as_what_they_wrap() -> None:
    model, X, y = mlp(3, 5, 1), torch.randn(9, 3), torch.randn(9)
    plain = certify(model, "half-mse", (X, y))
    assert not plain.notes
    for wrapped, word in ((torch.compile(model), "torch.compile"), (nn.DataParallel(model), "DataParallel")):
        found = certify(wrapped, "half-mse", (X, y))
        assert found.interval == plain.interval
        assert word in str(found)


def test_hooks_run() -> None:
    model, X, y = mlp(3, 5, 1), torch.randn(9, 3), torch.randn(9)
    alone = certify(model, "half-mse", (X, y))
    model[0].register_forward_hook(lambda _m, _x, out: 2 * out)
    hooked = certify(model, "half-mse", (X, y))
    model[0]._forward_hooks.clear()
    with torch.no_grad():
        model[0].weight *= 2
        model[0].bias *= 2
    assert hooked.value > 1.5 * alone.value
    assert hooked.loss == pytest.approx(certify(model, "half-mse", (X, y)).loss)


class OwnNorm(nn.Module):
    """weight_norm in elementary operations."""

    def __init__(self, layer):
        super().__init__()
        self.g = nn.Parameter(layer.weight.detach().norm(dim=1, keepdim=True) * 1.5)
        self.v = nn.Parameter(layer.weight.detach().clone())
        self.bias = nn.Parameter(layer.bias.detach().clone())

    def forward(self, x):
        return x @ (self.v * (self.g / self.v.norm(dim=1, keepdim=True))).T + self.bias


@pytest.mark.parametrize("old", [False, True])
def test_weight_norm(old: bool) -> None:
    """torch 2.13 has wrong second derivatives of it; the old form is a hook that leaves a tensor behind."""
    torch.manual_seed(4)
    layer, X, y = nn.Linear(3, 4), torch.randn(8, 3), torch.randn(8)
    reference = nn.Sequential(OwnNorm(layer), nn.Tanh(), nn.Linear(4, 1))
    H = dense(reference, half_mse, X.double(), y.double()[:, None])
    if old:
        with pytest.warns(FutureWarning):
            nn.utils.weight_norm(layer)
        layer.weight_g.data *= 1.5
    else:
        nn.utils.parametrizations.weight_norm(layer)
        layer.parametrizations.weight.original0.data *= 1.5
    kept = layer.weight if old else None
    found = certify(nn.Sequential(layer, *reference[1:]), "half-mse", (X, y))
    assert found.parameters == len(H)
    holds(found, H)
    assert not old or layer.weight is kept


class Wrong(torch.autograd.Function):
    """A square whose derivative is right, and whose second derivative mixes up its inputs."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Right.apply(x, grad)


class Right(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, grad):
        ctx.save_for_backward(grad)
        return 2 * x * grad

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad.roll(1, 1) * ctx.saved_tensors[0], torch.zeros_like(grad)


def test_second_derivatives_that_are_wrong_are_noticed() -> None:
    class Square(nn.Module):
        def forward(self, x):
            return Wrong.apply(x)

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), Square(), nn.Linear(4, 1))
    with pytest.raises(ValueError, match="not symmetric"):
        certify(model, "half-mse", (torch.randn(8, 3), torch.randn(8)))


class Giving(nn.Module):
    """A model with a parameter that gives, or raises, what it is told to."""

    def __init__(self, what):
        super().__init__()
        self.inner, self.what = nn.Linear(3, 1), [what]

    def forward(self, x):
        if isinstance(self.what[0], Exception):
            raise self.what[0]
        return self.what[0]


class Checkpointed(nn.Module):
    """Computes its second half again when derivatives are taken, with the module's own parameters."""

    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.a, self.b, self.reentrant = nn.Linear(3, 3), mlp(3, 4, 1), reentrant

    def forward(self, x):
        return torch.utils.checkpoint.checkpoint(self.b, self.a(x), use_reentrant=self.reentrant)


def test_losses_of_torch_that_are_read_as_callables() -> None:
    """Sums stay sums on several batches, weights of classes divide, and a loss's own tensors follow the precision."""
    torch.manual_seed(7)
    model, X, y = mlp(4, 5, 3), torch.randn(12, 4), torch.arange(12) % 3
    weights = torch.tensor([1.0, 2.0, 0.0])
    halves = [(X[:5], y[:5]), (X[5:], y[5:])]
    H = dense(model, nn.CrossEntropyLoss(weights.double()), X.double(), y)
    holds(certify(nn.Sequential(model, nn.LogSoftmax(1)), nn.NLLLoss(weights), halves), H)
    numbers = torch.randn(12, 3)
    loss = nn.SmoothL1Loss(reduction="sum")
    found = certify(model, loss, [(X[:5], numbers[:5]), (X[5:], numbers[5:])])
    holds(found, dense(model, loss, X.double(), numbers.double()))
    assert "reduction='sum'" in found.convention

    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("weights", weights)

        def forward(self, f, y):
            return (f @ self.weights - y).square().mean()

    holds(
        certify(model, Weighted(), (X, numbers[:, 0])),
        dense(model, Weighted().double(), X.double(), numbers[:, 0].double()),
    )


def test_inference_mode() -> None:
    model, X, y = mlp(3, 4, 1), torch.randn(6, 3).double(), torch.randn(6, 1).double()
    plain = certify(model.double(), "half-mse", (X, y))
    with torch.inference_mode():
        inside = mlp(3, 4, 1).double()
        inside.load_state_dict(model.state_dict())
        data = X.clone(), y.clone()
        with pytest.raises(ValueError, match="inference_mode"):
            certify(model, "half-mse", (X, y))
    assert certify(inside, "half-mse", data).interval == plain.interval
    with torch.no_grad():
        assert certify(model, "half-mse", (X, y)).interval == plain.interval


def refusals():
    X, y = torch.randn(6, 3), torch.randn(6, 1)
    model = mlp(3, 4, 1)
    classes = mlp(3, 4, 2)
    yield (
        nn.Sequential(nn.Dropout(0.1), nn.Linear(3, 1)),
        "half-mse",
        (X, y),
        r"Dropout in training mode.*model.eval\(\)",
    )
    yield nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)), "half-mse", (X, y), r"BatchNorm1d in training mode.*eval"
    yield nn.LazyLinear(1), "half-mse", (X, y), "call the model on a batch first"
    yield mlp(3, 4, 1).requires_grad_(False), "half-mse", (X, y), "requires_grad"
    yield "model", "half-mse", (X, y), r"model must be a torch.nn.Module"
    yield model, "mse", (X, y), "loss must be 'half-mse'"
    yield model, nn.MSELoss(reduction="none"), (X, y), "reduction must be 'mean' or 'sum'"
    yield model, 3, (X, y), "loss must be"
    yield model, lambda f, y: (f - y) ** 2, (X, y), "take its mean"
    yield model, nn.MSELoss(), (X, torch.randn(6, 2)), "shape of the model's outputs"
    yield model, nn.MSELoss(), (X, torch.randn(5, 1)), "as many rows"
    yield classes, nn.CrossEntropyLoss(), (X, torch.zeros(12).long()), "several targets of a point belong into one row"
    yield classes, nn.CrossEntropyLoss(), (X, torch.zeros(6)), "integer labels"
    yield classes, nn.CrossEntropyLoss(), (X, torch.zeros(6, 2, dtype=torch.long)), r"6 labels.*y.argmax\(1\)"
    yield classes, nn.CrossEntropyLoss(), (X, torch.arange(6) % 3), "labels from 0 to 1, or -100 to ignore, got 2"
    yield classes, nn.CrossEntropyLoss(), (X, torch.full((6,), -100)), "label that counts"
    yield classes, nn.CrossEntropyLoss(torch.ones(3)), (X, torch.arange(6) % 2), "loss can't be taken"
    yield classes, nn.CrossEntropyLoss, (X, torch.arange(6) % 2), r"got a class; pass CrossEntropyLoss\(\)"
    yield classes, nn.SmoothL1Loss(reduction="none"), (X, y), "reduction must be 'mean' or 'sum'"
    for what in ({"logits": 1}, (1, 2), None, SimpleNamespace(logits=1), np.ones(3)):
        yield Giving(what), nn.CrossEntropyLoss(), (X, torch.arange(6) % 2), r"give one tensor.*pass loss=lambda out, y"
    for what, words in ((torch.ones(()), "a row of real numbers"), (torch.ones(6), "must depend on the model's")):
        yield Giving(what), "half-mse", (X, y[:, 0]), words
    for error in (KeyError("pixels"), AssertionError("pixels"), AttributeError("pixels")):
        yield Giving(error), "half-mse", (X, y), f"evaluated on X.*{type(error).__name__}.*pixels"
    for reentrant, words in ((True, "use_reentrant|must depend"), (False, "turn checkpointing off")):
        yield Checkpointed(reentrant), "half-mse", (X, y), words
    yield (
        nn.utils.parametrizations.spectral_norm(nn.Linear(3, 1)),
        "half-mse",
        (X, y),
        r"spectral_norm in training mode",
    )
    yield nn.utils.spectral_norm(nn.Linear(3, 1)), "half-mse", (X, y), r"spectral_norm in training mode"
    yield nn.Linear(3, 1, device="meta"), "half-mse", (X, y), "meta device"
    yield model, "half-mse", (X.to("meta"), y), "X must be a dense tensor"
    yield model, "half-mse", (X.to_sparse(), y), r"pass X.to_dense\(\)"
    yield nn.Sequential(nn.Embedding(4, 2, sparse=True), nn.Flatten()), "half-mse", (y.long(), y), "sparse to False"
    yield model, "half-mse", [{"x": X, "labels": y}], r"batch\['labels'\]"
    yield model, "half-mse", list(zip(X, y[:, 0], strict=True)), "for single points pass DataLoader"
    yield model, "half-mse", (X, torch.full((6, 1), torch.nan)), "y has nan or inf"
    yield model, "half-mse", TensorDataset(X, y), "DataLoader"
    yield model, "half-mse", X, "data must be"
    yield model, "half-mse", [], "no batch"
    yield model, "half-mse", (X, np.array(["a"] * 6)), "real numbers"
    yield model, "half-mse", (X[:, :2], y), "can't be evaluated"
    yield model, "half-mse", (X * torch.inf, y), "must be finite.*X has nan or inf"
    yield torch.jit.trace(model, X), "half-mse", (X, y), "scripted"


@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_read_is_refused_with_what_to_do() -> None:
    for model, loss, data, words in refusals():
        with pytest.raises((ValueError, TypeError), match=words):
            certify(model, loss, data)

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 1)

        def forward(self, x):
            return self.layer(x) + torch.randn(len(x), 1)

    with pytest.raises(ValueError, match="two outputs for the same data"):
        certify(Noisy(), "half-mse", (torch.randn(4, 3), torch.randn(4)))
    for change, words in (
        ({"certificate": "magic"}, "certificate must be one of"),
        ({"tol": 0.0}, "tol must be"),
        ({"failure_probability": 1.5}, "failure_probability must be"),
        ({"weight_decay": -1}, "weight_decay must be"),
        ({"average": "rows"}, "average must be"),
        ({"dtype": "int8"}, "dtype must be"),
        ({"seed": 1.5}, "seed must be"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            certify(mlp(3, 4, 1), "half-mse", (torch.randn(6, 3), torch.randn(6)), **change)


def test_the_number_with_its_words() -> None:
    torch.manual_seed(5)
    model, X, y = mlp(4, 30, 3), torch.randn(40, 4), torch.arange(40) % 3
    found = certify(model, nn.CrossEntropyLoss(), (X, y), certificate="probabilistic", failure_probability=1e-12)
    H = dense(model, nn.CrossEntropyLoss(), X.double(), y)
    holds(found, H)
    assert (found.trust, found.failure_probability) == (Trust.FLOAT_CERTIFIED, 1e-12)
    assert "CrossEntropyLoss(reduction='mean')" in str(found)
    assert "1e-12" in str(found)
    edge = 2 / found.value
    verdicts = [found.stable_at(eta) for eta in (edge / 1.01, edge, edge * 1.01)]
    assert verdicts == [Verdict.CONSISTENT, Verdict.UNDECIDED, Verdict.REFUTED]
    again = certify(model, nn.CrossEntropyLoss(), (X, y), certificate="probabilistic", failure_probability=1e-12)
    assert found.interval == again.interval
    decayed = certify(model, nn.CrossEntropyLoss(), (X, y), weight_decay=0.25)
    assert decayed.trace == pytest.approx(found.trace + 0.25 * found.parameters)
    assert decayed.value == pytest.approx(found.value + 0.25, rel=1e-6)
    assert "weight decay 0.25" in decayed.convention
    single = certify(model, nn.CrossEntropyLoss(), (X, y), dtype=torch.float32, tol=1e-3)
    holds(single, H, 5e-3)
    assert "float32" in str(single)
    vector = found.eigenvector
    assert np.linalg.norm(H @ vector - found.value * vector) < 1e-2 * found.value
    assert list(found.kinks) == ["relu 1"]
    hidden = X.double() @ model[0].weight.double().T + model[0].bias.double()
    assert found.kink_distance == pytest.approx(float(hidden.abs().min().detach()), rel=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_data_are_gone_through_once_in_either_precision(dtype):
    torch.manual_seed(4)
    X, y = torch.randn(30, 3), torch.randn(30, 1)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    batches = [(X[:20], y[:20]), (X[20:], y[20:])]
    once, listed = (certify(model, "half-mse", data, dtype=dtype, tol=1e-3) for data in (iter(batches), batches))
    assert (once.lower, once.upper) == (listed.lower, listed.upper)


def test_few_products_give_an_honest_width() -> None:
    torch.manual_seed(6)
    model, X, y = mlp(4, 20, 9, 2), torch.randn(30, 4), torch.randn(30, 2)
    top = np.linalg.eigvalsh(dense(model, half_mse, X.double(), y.double()))[-1]
    widths = []
    for most in (1, 3, 8):
        found = certify(model, "half-mse", (X, y), max_products=most)
        assert found.lower <= top <= found.upper
        assert found.products == most
        widths.append(found.upper - found.lower)
    assert widths == sorted(widths, reverse=True)
