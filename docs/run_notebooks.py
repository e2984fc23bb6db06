"""Execute the notebooks in docs/notebooks from their sources, each in a fresh kernel.

The sources are the .py files (jupytext's percent format); the .ipynb files beside them are the same cells with outputs.

    python docs/run_notebooks.py            execute everything, fail on any error or where a pair has drifted apart
    python docs/run_notebooks.py --write    also store the outputs in the .ipynb files
    python docs/run_notebooks.py 04 06      only those whose names begin so
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parent / "notebooks"


def read(source: Path) -> nbformat.NotebookNode:
    """The notebook of a source, with cell ids that depend on the position alone."""
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return notebook


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """What makes two notebooks the same: kinds and sources."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def execute(notebook: nbformat.NotebookNode) -> None:
    """Run all cells in a fresh kernel that this process alone can reach."""
    with tempfile.TemporaryDirectory() as sockets:
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(Path(sockets) / "kernel"))
        try:
            NotebookClient(notebook, km=manager, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
        finally:
            if manager.has_kernel:
                manager.shutdown_kernel(now=True)


def main() -> int:
    """Run; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="beginnings of names")
    parser.add_argument("--write", action="store_true", help="store the outputs")
    options = parser.parse_args()
    chosen = [p for p in sorted(FOLDER.glob("*.py")) if not options.names or p.name.startswith(tuple(options.names))]
    if not chosen:
        parser.error(f"no notebook begins with {' or '.join(options.names)}")
    # The kernels import the packages of this checkout, installed or not.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(FOLDER.parents[1]), os.environ.get("PYTHONPATH")]))
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # small matrices: threads only get in each other's way
        os.environ.setdefault(threads, "1")
    failures = 0
    for source in chosen:
        target, start = source.with_suffix(".ipynb"), time.perf_counter()
        notebook = read(source)
        try:
            execute(notebook)
        except CellExecutionError as error:
            print(f"{source.name}: {error}", file=sys.stderr)
            failures += 1
            continue
        for cell in notebook.cells:  # when and how long is nobody's business
            cell.metadata.pop("execution", None)
        print(f"{source.name}: {time.perf_counter() - start:.1f} s", flush=True)
        if options.write:
            with tempfile.NamedTemporaryFile("w", dir=FOLDER, suffix=".tmp", delete=False) as stream:
                nbformat.write(notebook, stream)
            os.replace(stream.name, target)
        elif not target.exists() or cells(nbformat.read(target, 4)) != cells(notebook):
            print(f"{target.name} is not what {source.name} says; run this script with --write", file=sys.stderr)
            failures += 1
    return failures


if __name__ == "__main__":
    sys.exit(bool(main()))
