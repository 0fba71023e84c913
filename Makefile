# The commands of the README, and those a developer uses. Everything goes into .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KB := $(BIN)/kb
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO := --collection examples

.PHONY: demo test setup lint types floors check live bench docs examples clean help

help:
	@echo "make demo   install, fetch the models, ingest examples/, ask three questions"
	@echo "make test   lint, types, import floors, tests"
	@echo "make setup  everything a developer needs, into .venv"
	@echo "make live   tests against a real Ollama, where one is on PATH"
	@echo "make bench  the figures the README quotes"

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kb needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing kb into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "installing the training, serving and test tools into $(VENV) (several GB)"
	@$(PIP) --editable '.[train,serve,weaviate,dev]'
	@touch $@

setup: $(VENV)/.dev

demo: $(VENV)/.base
	@$(KB) models pull minilm smollm2
	@$(KB) ingest $(DEMO) examples/handbook.pdf examples/manual.pdf examples/update.pdf
	@sh examples/demo.sh $(KB) $(DEMO)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types floors

test: check
	$(BIN)/python -m pytest -m "not live" --numprocesses auto --dist loadfile

live: $(VENV)/.dev
	$(BIN)/python -m pytest -m live tests/live

bench: $(VENV)/.dev
	$(BIN)/python bench/embed.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/retrieval.py

docs: $(VENV)/.dev
	$(BIN)/typer cli.main utils docs --name kb --output docs/cli.md
	$(BIN)/python docs/picture.py

examples: $(VENV)/.dev
	$(BIN)/python examples/build.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build kb.egg-info
