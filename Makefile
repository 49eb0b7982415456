# `make` lists what there is. Needed on the machine: Python 3.11 or newer with venv, make, git; tools/environment
# makes the rest. PYTHON=... chooses the Python, VENV=... the place, ARGS=... is passed on to the command.

VENV ?= .venv
BIN = $(VENV)/bin
# JupyterLab refuses root (containers) unless it is told.
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)
export VENV PYTHON
unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo lab test test-deep test-long lint bench constraints clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## run the demonstration
	@tools/environment demo
	@"$(BIN)/mlexp" demo $(ARGS)

lab: ## open the quick start in JupyterLab
	@tools/environment demo
	@"$(BIN)/jupyter" lab notebooks/quickstart.ipynb $(AS_ROOT) $(ARGS)

test: ## run the tests that take up to a few minutes
	@tools/environment demo test
	"$(BIN)/python" -m pytest $(ARGS)

# pytest's exit status 5 says that no test was selected.
test-deep: ## run the thorough tests, those in a browser included
	@tools/environment demo test
	"$(BIN)/python" -m pytest -m "(deep or browser) and not long" $(ARGS) || [ $$? -eq 5 ]

test-long: ## run the tests that take hours
	@tools/environment demo test
	"$(BIN)/python" -m pytest -m long $(ARGS) || [ $$? -eq 5 ]

# With the extras of the tests, for mypy reads the types of the libraries that are installed.
lint: ## check style, types and the order of imports
	@tools/environment demo test lint
	"$(BIN)/ruff" check
	"$(BIN)/ruff" format --check
	"$(BIN)/mypy"
	"$(BIN)/lint-imports"

bench: ## run the benchmarks
	@tools/environment demo test
	"$(BIN)/python" -m benchmarks $(ARGS)

PYTHONS ?= python3.11 python3.13
constraints: ## resolve constraints.txt anew, with PYTHONS="OLDEST NEWEST"
	$(firstword $(PYTHONS)) tools/constraints.py $(PYTHONS)

clean: ## remove the environment and all caches; runs (.mlexp) stay
	rm -rf "$(VENV)" "$(VENV).unfinished" build dist .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
