# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MINUTES ?= 0

.PHONY: setup demo openapi test test-exhaustive test-all lint bench schemas clean
.DELETE_ON_ERROR:

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(wildcard scripts/podium/generate/backends/native/*.c)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "podium needs Python 3.11 or newer; make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[model,dev]'
	touch $@

demo: setup
	$(BIN)/podium demo

# GitHub's published API description, slimmed; without npm the conformance tests say so and are skipped.
openapi: setup
	$(BIN)/python -m tests.openapi.fetch

test: setup openapi
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not exhaustive'

# What is exhaustive, as far as MINUTES go (0: to the end); what no time was left for is listed as skipped.
test-exhaustive: setup openapi
	$(BIN)/python -m pytest -n 2 --dist load -m exhaustive --minutes $(MINUTES)

test-all: test test-exhaustive

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	for script in tests/bench/*.py; do $(BIN)/python "$$script" --quick || exit 1; done

schemas: setup
	$(BIN)/python -m podium.validate.schemas

clean:
	rm -rf $(VENV)
