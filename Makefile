# The commands of the README, and those a developer uses. Everything goes into .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KB := $(BIN)/kb
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO := --collection examples

.PHONY: demo loop test slow setup lint types floors check coverage live up bench docs examples dist audit matrix clean help

help:
	@echo "make demo   install, fetch the models, ingest examples/, ask three questions"
	@echo "make loop   after make demo: teach SmolLM2 facts of examples/, export it, ask it the same questions"
	@echo "make test   lint, types, import floors, tests"
	@echo "make slow   the tests that take minutes"
	@echo "make coverage  what the tests reach; under the floor in pyproject.toml it fails"
	@echo "make setup  everything a developer needs, into .venv"
	@echo "make live   tests against a real Weaviate and Ollama, where they are on PATH"
	@echo "make up     Weaviate and Ollama in containers, and kb beside them"
	@echo "make bench  the figures the README quotes"
	@echo "make dist   source archive and wheel, checked as an index checks them"
	@echo "make audit  known faults of the dependencies, and the list of components"
	@echo "make matrix every Python of this machine with the oldest and the newest allowed dependencies"

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kb needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing kb into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "installing the training, serving and test tools into $(VENV) (several GB)"
	@$(PIP) --editable '.[train,serve,weaviate,postgres,ocr,dev]'
	@touch $@

setup: $(VENV)/.dev

demo: $(VENV)/.base
	@$(KB) models pull minilm smollm2
	@$(KB) ingest $(DEMO) examples/handbook.pdf examples/manual.pdf examples/update.pdf
	@sh examples/demo.sh $(KB) $(DEMO)

loop: demo $(VENV)/.dev
	@sh examples/loop.sh $(KB) $(DEMO)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types floors

test: check
	$(BIN)/python -m pytest -m "not live and not slow" --numprocesses auto --dist loadfile --durations 25

slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# Tracing takes about twice the time of the tests, so it is a command of its own.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not live" --numprocesses auto --dist loadfile --cov --cov-report term

live: $(VENV)/.dev
	$(BIN)/python -m pytest -m live --durations 15 tests/live tests/rag/test_store.py

# The key is made once and stays on this machine; git and the image never see it.
.env:
	@key=$$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'); umask 077; \
	  sed "s/^WEAVIATE_API_KEY=.*/WEAVIATE_API_KEY=$$key/" .env.example > $@
	@echo "wrote .env: a new API key for Weaviate, and which profile, model and folder to use"

up: .env
	@docker compose version >/dev/null 2>&1 || \
	  { echo "make up needs Docker Engine with Compose 2.20 or newer: https://docs.docker.com/engine/install/"; exit 2; }
	@echo "starting what COMPOSE_PROFILES in .env names; the first time fetches images and the model, a few GB"
	@docker compose up --detach
	@echo "waiting until the servers are well; then kb looks at everything it stands on"
	@docker compose run --rm kb doctor
	@echo
	@echo "Weaviate and Ollama listen on 127.0.0.1 alone; DOCS_DIR of .env is /docs in there. Next:"
	@echo "  docker compose run --rm kb ingest /docs"
	@echo '  docker compose run --rm kb ask "QUESTION"'
	@echo "to stop, keeping everything:    docker compose stop"
	@echo "to remove it with all its data: docker compose down --volumes"

bench: $(VENV)/.dev
	$(BIN)/python bench/embed.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/retrieval.py

docs: $(VENV)/.dev
	$(BIN)/typer kb.cli.main utils docs --name kb --output docs/cli.md
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/picture.py
	$(BIN)/python notebooks/build.py
	$(BIN)/mkdocs build --strict

examples: $(VENV)/.dev
	$(BIN)/python examples/build.py

# Tools that make a release stay out of the environment that is released.
TOOLS := .venv-tools
$(TOOLS)/.done:
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check build twine uv pip-audit cyclonedx-bom
	@touch $@

dist: $(TOOLS)/.done
	rm -rf dist
	$(TOOLS)/bin/python -m build --outdir dist .
	$(TOOLS)/bin/twine check --strict dist/*.whl dist/*.tar.gz

# Of what a user gets: base, training, serving, Weaviate and OCR, in the versions of constraints.txt.
audit: $(TOOLS)/.done
	@mkdir -p dist
	$(TOOLS)/bin/uv pip compile --quiet --python $(PYTHON) --constraint constraints.txt --no-emit-index-url --no-header --no-annotate \
	  --extra train --extra serve --extra weaviate --extra ocr --output-file dist/requirements.txt pyproject.toml
	$(TOOLS)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/kb-cited.cdx.json dist/requirements.txt
	$(TOOLS)/bin/pip-audit --strict --no-deps --disable-pip --requirement dist/requirements.txt

matrix: $(TOOLS)/.done
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(PYTHON) .ci/matrix.py

clean:
	rm -rf $(VENV) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist site kb.egg-info kb_cited.egg-info
