# `make demo` and `make test` do all their own set-up on a fresh machine with Python 3.11+, git and make.
SHELL := /bin/bash
PYTHON ?=
BIN := .venv/bin
.PHONY: demo test check format lint types imports audit bench docs clean setup

.venv/ready: pyproject.toml uv.lock tools/bootstrap
	@tools/bootstrap $(PYTHON)
	@touch $@

setup: .venv/ready  ## create .venv and install everything from the lock

demo: .venv/ready  ## assess the first H200 batch and write the dossier
	@$(BIN)/lockgate assess examples/h200-first-batch/deal.toml --out out/dossier.html

test: .venv/ready  ## the whole test suite
	@tools/test-needs
	$(BIN)/python -m pytest -n auto --dist loadfile

check: format lint types imports test  ## everything that must hold before a change lands

format: .venv/ready
	$(BIN)/ruff format --check .

lint: .venv/ready
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

audit: .venv/ready  ## known vulnerabilities among the dependencies (needs the network)
	$(BIN)/pip-audit --skip-editable

bench: .venv/ready  ## measured ratios, side by side in one run
	$(BIN)/python -m benchmarks

docs: .venv/ready  ## the manual, into site/
	.venv/uv/bin/uv sync --frozen --all-extras --group docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache out site
