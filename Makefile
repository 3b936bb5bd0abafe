# Everything runs from .venv, which `make setup` fills; no other target installs anything.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench chaos clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# python to build .venv with; looked for when empty
PYTHON ?=
# passed on to pip, for example PIP_ARGS="--index-url URL"
PIP_ARGS ?=
# passed on to pytest, for example PYTEST_ARGS="tests/search_spaces -x", or "-n0 -s" for one process and its output
PYTEST_ARGS ?=
# passed on to every benchmark, for example BENCH_ARGS=--quick
BENCH_ARGS ?=
# passed on to the chaos program, for example CHAOS_ARGS="--blows 20 --fault unfenced"
CHAOS_ARGS ?=

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP)  ## prepare .venv with a python of 3.11 to 3.14, and nothing else

demo: $(STAMP)  ## run a whole search on this machine, to a verified ONNX file (some minutes)
	$(BIN)/nas demo

test: $(STAMP)  ## run all tests in four processes
	$(BIN)/python -m pytest $(if $(findstring no:xdist,$(PYTEST_ARGS)),,-n auto) $(PYTEST_ARGS)

lint: $(STAMP)  ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(STAMP)  ## run every benchmark in full
	@failed=; for program in benchmarks/*.py; do \
	  echo "== $$program"; $(BIN)/python "$$program" $(BENCH_ARGS) || failed="$$failed $$program"; \
	done; if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

chaos: $(STAMP)  ## kill coordinators, workers, Ray nodes and PostgreSQL 200 times, and look for what was lost (about 15 minutes)
	$(BIN)/python tests/chaos/monkey.py $(CHAOS_ARGS)

clean:  ## remove .venv, caches and build output; searches in nas-data stay
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first python that has the version and can build environments; one without the venv module is only remembered.
$(STAMP): pyproject.toml constraints.txt
	@found=; bare=; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14 python); do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || continue; \
	  if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
	  bare=$${bare:-$$python}; \
	done; \
	if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	  echo "$$bare has no venv module. On Debian and Ubuntu: apt-get install python3-venv (or the package" \
	    "of that python's own version, such as python3.11-venv); then run make setup again." >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "No python of 3.11 to 3.14 was found$(if $(PYTHON), as $(PYTHON),). Install one," \
	    "or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  echo "building $(VENV) with $$found ($$("$$found" --version))"; "$$found" -m venv --clear $(VENV); \
	fi
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt $(PIP_ARGS) -e '.[dev]'
	@touch $@
