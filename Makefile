# `make demo` and `make test` do all their own set-up on a fresh machine with Python 3.11+, git and make.
SHELL := /bin/bash
PYTHON ?=
BIN := .venv/bin
.PHONY: demo serve test check format lint types imports audit bench docs screenshots clean setup

.venv/ready: pyproject.toml uv.lock tools/bootstrap
	@tools/bootstrap $(PYTHON)
	@touch $@

setup: .venv/ready  ## create .venv and install everything from the lock

demo: .venv/ready  ## assess the first H200 batch and write the dossier
	@$(BIN)/lockgate assess examples/h200-first-batch/deal.toml --out out/dossier.html

serve: .venv/ready out/example.db  ## the pages and the API on http://127.0.0.1:8080, with the H200 example loaded
	@$(BIN)/lockgate serve --db sqlite:///out/example.db

out/example.db: | .venv/ready
	@mkdir -p out && rm -f $@*
	@$(BIN)/python examples/h200-first-batch/play.py --db sqlite:///$@

test: .venv/ready  ## the whole test suite
	@tools/test-needs
	$(BIN)/python -m pytest -n auto --dist loadfile

check: format lint types imports audit test  ## everything that must hold before a change lands

format: .venv/ready
	$(BIN)/ruff format --check .

lint: .venv/ready
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

audit: .venv/ready  ## known vulnerabilities among the dependencies; only warns where the network is missing
	@$(BIN)/python tools/audit.py

bench: .venv/ready  ## measured ratios, side by side in one run
	$(BIN)/python -m benchmarks all

docs: .venv/ready  ## the manual, into site/
	.venv/uv/bin/uv sync --frozen --all-extras --group docs
	$(BIN)/mkdocs build --strict

screenshots: .venv/ready  ## pictures of every page for the manual
	@tools/test-needs
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache out site
