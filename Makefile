# Only Python 3.11+, make and git have to be there; the rest is brought by the scripts.
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run dev test lint bench messages clean

help:  ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run:  ## Set up what is missing, then serve (HOST, PORT, DATA_DIR, DATABASE_URL, REDIS_URL)
	@$(PYTHON) -m scripts.run

dev:  ## The same with a server that restarts when a file changes
	@$(PYTHON) -m scripts.run --reload

test:  ## Run every test on SQLite and on PostgreSQL (ARGS="-k share")
	@$(PYTHON) -m scripts.test -- $(ARGS)

lint:  ## Check style, types, templates, imports, settings and migrations
	@$(PYTHON) -m scripts.lint

bench:  ## Measure against the budgets, beside a plain relay (ARGS="tokens live")
	@$(PYTHON) -m bench.prepare
	@.venv/bin/python -m bench.run $(ARGS)

messages:  ## Bring the translations of the bench up to date; name what has none
	@DJANGO_SETTINGS_MODULE=config.settings .venv/bin/python -m scripts.messages

clean:  ## Remove the environment and all caches; keep the data
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
