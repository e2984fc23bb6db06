"""Checkpoints hold what they say, or are refused in one line and left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training_reference import make_run

from constructions.network import read_arrays
from verify.shatterability.margin_checkpoint import MarginCheckpoint
from verify.shatterability.margins import hull_margins
from verify.training import train
from verify.training.checkpoint import Checkpoint, fingerprint

SHAPES = {"a": (None, 2), "b": ()}
GOOD = {"a": np.ones((3, 2)), "b": np.int64(7), "more": np.array([np.nan])}


def store(path: str | Path, kind: str = "thing 1", owner: tuple[object, ...] = (1.0,)) -> Checkpoint:
    return Checkpoint(path, kind, owner, "numbers")


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    file = store(str(tmp_path / "c.npz"))
    assert file.load(SHAPES) is None
    file.save(GOOD)
    found = file.load(SHAPES)
    assert found is not None
    assert found.keys() == GOOD.keys()
    assert all(np.array_equal(found[name], GOOD[name], equal_nan=True) for name in GOOD)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"a": np.full((3, 2), np.nan)}, "hold a without NaN"),
        ({"a": np.ones((3, 2), dtype=complex)}, "real numbers, got a of dtype complex128"),
        ({"more": np.array(["text"])}, "real numbers, got more of dtype <U4"),
        ({"a": np.ones(3)}, r"hold a of shape \(None, 2\), got \(3,\)"),
        ({"b": np.ones(1)}, r"hold b of shape \(\), got \(1,\)"),
    ],
)
def test_what_no_state_can_be_is_refused(tmp_path: Path, change: dict[str, np.ndarray], words: str) -> None:
    file = store(tmp_path / "c.npz")
    file.save(GOOD | change)
    before = file.path.read_bytes()
    with pytest.raises(ValueError, match=f"checkpoint must .*{words}.*; move it away, or pass another path"):
        file.load(SHAPES)
    assert file.path.read_bytes() == before


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    store(path).save({"b": np.int64(7)})
    with pytest.raises(ValueError, match=r"hold a of shape .* got nothing"):
        store(path).load(SHAPES)
    with pytest.raises(ValueError, match="of the format 'thing 2', got 'thing 1'"):
        store(path, kind="thing 2").load(SHAPES)
    with pytest.raises(ValueError, match="belong to the same numbers"):
        store(path, owner=(2.0,)).load(SHAPES)
    np.savez(path, **GOOD)
    with pytest.raises(ValueError, match="got 'no checkpoint'"):
        store(path).load(SHAPES)
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(ValueError, match="got a damaged one"):
        store(tmp_path / "one.npy").load(SHAPES)
    np.savez(path, format=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="got a damaged one"):
        store(path).load(SHAPES)


def test_fingerprints_tell_owners_apart() -> None:
    owners = ([1.0], [1], [np.ones(1)], [np.ones((1, 1))], [np.ones(1, np.float32)], [None, 1.0], [1.0, None], ["1.0"])
    assert len({fingerprint(owner) for owner in owners}) == len(owners)


def test_training_refuses_a_state_with_nan(tmp_path: Path) -> None:
    path = str(tmp_path / "state.npz")
    train([make_run(0)], 5, checkpoint=path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name in ("group0.state.omega", "group0.state.v", "group0.state.beta"):
        np.savez(path, **(arrays | {name: np.full_like(arrays[name], np.nan)}))
        with pytest.raises(ValueError, match=f"hold {name} without NaN"):
            train([make_run(0)], 10, checkpoint=path)


def test_margins_refuse_bounds_that_are_none(tmp_path: Path) -> None:
    X, path = np.random.default_rng(0).standard_normal((30, 2)), str(tmp_path / "margins.npz")
    hull_margins(X, checkpoint=path)
    file = MarginCheckpoint(path, X)._file
    arrays = read_arrays("checkpoint", path)
    for mark in ("format", "fingerprint", "digest"):
        del arrays[mark]
    file.save(arrays | {"lower": arrays["upper"] + 1})
    with pytest.raises(ValueError, match="bounds 0 <= lower <= upper"):
        hull_margins(X, checkpoint=path)
    file.save(arrays | {"upper": np.full(30, np.nan)})
    with pytest.raises(ValueError, match="hold upper without NaN"):
        hull_margins(X, checkpoint=path)


def test_changed_arrays_are_refused_whatever_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    store(path).save(GOOD)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for change in ({"b": np.int64(8)}, {"a": np.ones((3, 2), np.float32)}, {"further": np.ones(1)}, {"digest": "none"}):
        np.savez(path, **(arrays | change))
        with pytest.raises(ValueError, match="checkpoint must be as it was written, got changed arrays"):
            store(path).load(SHAPES)


@pytest.mark.parametrize("name", ["live", "margin_numbers", "omega", "reference"])
@pytest.mark.parametrize("value", [None, np.array([10**6]), np.array(-1.5), np.empty((0, 3))])
def test_training_refuses_states_that_none_has_written(tmp_path: Path, name: str, value: np.ndarray | None) -> None:
    path = tmp_path / "state.npz"
    train([make_run(0)], 5, checkpoint=path)
    arrays = read_arrays("checkpoint", path)
    marks = [str(arrays.pop(mark)) for mark in ("format", "fingerprint", "digest")]
    arrays.pop(f"group0.state.{name}")
    arrays |= {} if value is None else {f"group0.state.{name}": value}
    file = store(path, kind=marks[0])
    file._fingerprint = marks[1]
    file.save(arrays)
    with pytest.raises(ValueError, match="checkpoint must hold"):
        train([make_run(0)], 10, checkpoint=path)


def test_paths_may_be_text(tmp_path: Path) -> None:
    for wrong in (3, b"c.npz", ["c.npz"]):
        with pytest.raises(TypeError, match="checkpoint must be a path"):
            store(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="checkpoint must be a path"):
            train([make_run(0)], 1, checkpoint=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="checkpoint must be a path"):
            hull_margins(np.eye(3), checkpoint=wrong)  # type: ignore[arg-type]
