# make verify: the main job.   make test: lint, types, dependency directions, tests.   make test-fast: the tests but for the slow.
# make docs: the site, in docs/_build/html.   All make .venv first.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: verify test test-fast docs clean

verify: $(VENV)/.ready
	$(PY) -m verify.packing --dim 12

test: $(VENV)/.ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2

test-fast: $(VENV)/.ready
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 -m 'not slow'

docs: $(VENV)/.ready
	PIP_CONSTRAINT=constraints.txt $(VENV)/bin/pip install -q --disable-pip-version-check -e '.[docs]'
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	$(PY) docs/check_site.py docs/_build/html

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; pass one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(VENV)/bin/pip install -q --disable-pip-version-check -e '.[verify,test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
