# Everything here sets itself up in .venv; a second run uses what the first one made.
# PYTHON=/path/to/python3.11 chooses the interpreter, REPORTS=FOLDER the answers that the demo shows.
VENV ?= .venv
BIN := $(VENV)/bin
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' virustotal/__init__.py)
IMAGE ?= cccs/assemblyline-service-virustotal
BASE ?= cccs/assemblyline-v4-service-base:stable
# One more than there are processors: many tests wait for a server or another process.
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
INPUTS := setup.cfg pyproject.toml virustotal/__init__.py tools/setup

.PHONY: demo test test-slow test-ci lint format bench soak docs image clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.demo
	@$(BIN)/python tools/demo.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow $(ARGS)

test-ci: $(VENV)/.dev
	$(BIN)/python -m pytest -m ci $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_contract.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	@for name in $(sort $(basename $(notdir $(wildcard bench/*.py)))); do \
		echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; \
	done

soak: $(VENV)/.dev
	@TASKS=$(or $(TASKS),3000) SEED=$(or $(SEED),1) $(BIN)/python tools/soak.py 2>$(VENV)/soak.log

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

image:
	docker build --build-arg BASE=$(BASE) --build-arg version=$(VERSION) --tag $(IMAGE):$(VERSION) --tag $(IMAGE):latest .

clean:
	rm -rf $(VENV) build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info

$(VENV)/.demo: $(INPUTS)
	@tools/setup $(VENV) cli,emulator
	@touch $@

$(VENV)/.dev: $(INPUTS)
	@tools/setup $(VENV) test,lint
	@touch $@

$(VENV)/.docs: $(INPUTS)
	@tools/setup $(VENV) docs
	@touch $@
