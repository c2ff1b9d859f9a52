# Yipan (一盘). `make help` lists the targets.
PYTHON ?= python3
PORT ?= 8000
DATA ?= box
BUS ?= embedded
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test check format contracts kafka bench chaos clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@sh deploy/box/venv.sh $(PYTHON) $(VENV) requirements.lock && touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@sh deploy/box/venv.sh $(PYTHON) $(VENV) requirements-dev.lock && touch $@ $(VENV)/.runtime

run: $(VENV)/.runtime ## a county in a box: PORT=8000 DATA=box BUS=embedded
	@$(BIN)/yipan run --port $(PORT) --data $(DATA) --bus $(BUS)

demo: $(VENV)/.runtime ## two counties and a city exchange as one board: BUS=embedded|kafka
	@$(BIN)/yipan demo --bus $(BUS)

test: $(VENV)/.dev ## the whole suite against real PostgreSQL (and Kafka where there is one)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/.dev ## style, types, import contracts, migrations, contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.check

format: $(VENV)/.dev ## rewrite to the house style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

contracts: $(VENV)/.dev ## write OpenAPI and AsyncAPI to tests/contracts/
	@$(BIN)/python -m shared.contracts

kafka: $(VENV)/.runtime ## fetch, verify and cache a pinned Apache Kafka
	@$(BIN)/python -m deploy.kafka.fetch

bench: $(VENV)/.dev ## measure the rows of the numbers table, write docs/guide/numbers.md
	@$(BIN)/python -m tests.bench

chaos: $(VENV)/.dev ## kill, cut and fill: what is lost, what is doubled
	@$(BIN)/python -m tests.chaos

clean: ## remove the environment and caches (never data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
