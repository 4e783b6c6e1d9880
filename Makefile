# Needs Python 3.10 or later (python3, or PYTHON=...), git and make. Installs everything else into .venv and .nox.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=

.PHONY: help demo test test-others test-all clean

help:
	@echo "make demo              run three example apps and an inbox that records them, until Ctrl-C"
	@echo "make demo ARGS=--once  the same, then exit with status 0 if every request arrived exactly once"
	@echo "make test              check lint, types, the built wheel, all tests and the demo on this Python"
	@echo "make test-all          the same, and run the tests on every other supported Python"
	@echo "make clean             delete the files that the other commands created"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("drhttp needs Python 3.10 or later, but $(PYTHON) is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	@$(PYTHON) -m venv $(VENV)

# Installs again when pyproject.toml changes. The package is installed in editable mode.
$(VENV)/demo.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing the demo into $(VENV) ..."
	@$(PIP) "pip>=25.1" # the first version with --group
	@$(PIP) --editable ".[inbox,django,flask]" --group demo
	@touch $@

$(VENV)/nox.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing nox into $(VENV) ..."
	@$(PIP) --upgrade nox uv
	@touch $@

demo: $(VENV)/demo.stamp
	@$(BIN)/python -m demo $(ARGS)

test: $(VENV)/nox.stamp
	@$(BIN)/nox --tags test

# The part of test-all that test does not run.
test-others: $(VENV)/nox.stamp
	@$(BIN)/nox --tags others

test-all: test test-others

clean:
	rm -rf $(VENV) .nox dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
