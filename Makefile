# Needs Python 3.10 or later (as python3, or PYTHON=...), git and make; everything else is fetched into .venv and .nox.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=

.PHONY: help demo test test-others test-all clean

help:
	@echo "make demo              two example apps under gunicorn, recorded by the inbox, until Ctrl-C"
	@echo "make demo ARGS=--once  the same, ends by itself: status 0 if every request arrived exactly once"
	@echo "make test              checks the product on this Python: lint, types, the wheel, all tests, the demo once"
	@echo "make test-all          the same, and the tests on every other supported Python that is found"
	@echo "make clean             removes what the others made"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or later is needed, and $(PYTHON) is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	@$(PYTHON) -m venv $(VENV)

# What is installed follows pyproject.toml; the code itself is installed in place and needs no second run.
$(VENV)/demo.stamp: pyproject.toml | $(BIN)/python
	@echo "Setting up the demonstration in $(VENV) ..."
	@$(PIP) "pip>=25.1" # the first that knows --group
	@$(PIP) --editable ".[inbox,django,flask]" --group demo
	@touch $@

$(VENV)/nox.stamp: pyproject.toml | $(BIN)/python
	@echo "Setting up nox in $(VENV) ..."
	@$(PIP) --upgrade nox uv
	@touch $@

demo: $(VENV)/demo.stamp
	@$(BIN)/python -m demo $(ARGS)

test: $(VENV)/nox.stamp
	@$(BIN)/nox --tags test

# What test-all adds to test.
test-others: $(VENV)/nox.stamp
	@$(BIN)/nox --tags others

test-all: $(VENV)/nox.stamp
	@$(BIN)/nox --tags test others

clean:
	rm -rf $(VENV) .nox dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
