# Perennial. `make` alone prints what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATE ?= .perennial
# Processes that tests are shared out over; each starts servers of its own.
JOBS ?= $(shell n=$$(nproc); echo $$((n > 4 ? 4 : n)))
SHARED_OUT := -n $(JOBS) --dist loadfile --no-loadscope-reorder
RUN := PYTHONPATH=.:plugins $(BIN)/python
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --use-pep517 --require-hashes
COMPILE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib || true

.DEFAULT_GOAL := help
.PHONY: lint coverage browser operations ledger-verify ledger-who account bad-input-page propose-contract help demo up down status clean test check format lock lock-check bench bench-ingest bench-loop bench-gate bench-parse faults faults-data faults-model bench-search bench-snapshot bench-train bench-trainset bench-validation

help: ## Print this help
	@echo "Perennial keeps tabular models alive on Apache Airflow 3."; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.txt
	@echo "Creating the locked environment in $(VENV) (a few minutes at the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) -r requirements.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Adding the tools for development to $(VENV)"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@$(COMPILE)
	@touch $@

demo: $(VENV)/.runtime ## Take one model through its whole life (DATA=path for the real hotel data)
	@$(RUN) -m include.demo --state $(STATE) $(if $(DATA),--data $(DATA))

up: $(VENV)/.runtime ## Start the Airflow and MLflow web UIs over the demo's state
	@$(RUN) -m include.local --state $(STATE) up

down: ## Stop what `make up` started
	@$(RUN) -m include.local --state $(STATE) down

status: ## Say what runs and where
	@$(RUN) -m include.local --state $(STATE) status

account: $(VENV)/.runtime ## Add an account to the local web UI (NAME=rita ROLE=user)
	@$(RUN) -m include.local --state $(STATE) account --name "$(NAME)" --role "$(or $(ROLE),user)"

clean: ## Stop everything and remove the state folder
	@if test -x $(BIN)/python; then $(RUN) -m include.local --state $(STATE) clean; else rm -rf $(STATE); fi

test: $(VENV)/.dev ## Run all tests but those of `make faults`, `operations` and `browser`; coverage of include/core
	@$(BIN)/python -m pytest -q $(SHARED_OUT) tests/unit --cov=include/core --cov-report=term:skip-covered --cov-fail-under=95
	@$(BIN)/python -m pytest $(SHARED_OUT) -m "not faults and not browser and not operations" --durations=15 --ignore=tests/unit

coverage: $(VENV)/.dev ## The coverage of everything by all these tests, which takes twice as long
	@$(BIN)/python -m pytest -q -m "not faults and not browser and not operations" --cov --cov-report=term

operations: $(VENV)/.dev ## Approval, rollback and retirement under a real Airflow, a quarter of an hour
	@$(BIN)/python -m pytest -m "operations and not browser"

browser: $(VENV)/.dev ## The tests that drive Chromium, where there is one
	@$(BIN)/python -m pytest -m browser

lint: $(VENV)/.dev lock-check ## Lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=.:plugins $(BIN)/lint-imports

check: lint ## What a pull request must pass: lint and the fast tests
	@$(BIN)/python -m pytest -q $(SHARED_OUT) -m "not integration and not e2e and not faults"

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(VENV)/.dev ## Resolve requirements*.in into requirements*.txt again
	@$(BIN)/python tools/lock.py write

lock-check: $(VENV)/.dev
	@$(BIN)/python tools/lock.py check

ledger-verify: $(VENV)/.runtime ## Prove that nothing in the ledger of decisions and promotions was altered
	@$(RUN) -m include.ledger --state $(STATE) verify

ledger-who: $(VENV)/.runtime ## Which version served a model on a day, trained on what, approved by whom, why (MODEL=… DAY=…)
	@$(RUN) -m include.ledger --state $(STATE) who $(MODEL) $(DAY)

propose-contract: $(VENV)/.runtime ## Print a contract to start from (DATASET=bookings FIRST=2017-01-01 LAST=2017-03-31)
	@$(RUN) -m include.propose_contract $(DATASET) $(FIRST) $(LAST) --state $(STATE)

faults: $(VENV)/.dev ## Kill processes on purpose and compare what is left with an undisturbed run
	@$(BIN)/python -m pytest -m faults

faults-data: $(VENV)/.dev ## Kill whatever writes data at every moment, and count rows lost, doubled or mixed
	@$(RUN) -m bench.faults_data

faults-model: $(VENV)/.dev ## Kill training, evaluation, promotion and rollback, and look at aliases, ledger and doubles
	@$(RUN) -m bench.faults_model

bad-input-page: $(VENV)/.dev ## Try all bad inputs and write docs/bad_input.md from what is seen
	@$(BIN)/python -m pytest -q tests/integration/bad_input --write-page

bench: bench-parse bench-gate bench-ingest bench-loop bench-snapshot bench-train bench-trainset bench-validation ## Run all benchmarks

bench-gate: $(VENV)/.dev ## How often the promotion gate errs, and how often it finds a real gain (REPETITIONS=2000)
	@$(RUN) -m bench.gate $(if $(REPETITIONS),--repetitions $(REPETITIONS))

bench-ingest: $(VENV)/.dev ## 5,000,000 rows from PostgreSQL into a partition, beside pandas
	@$(RUN) -m bench.ingest

bench-loop: $(VENV)/.dev ## Seven nights and a weekly check: under Airflow beside plain processes
	@$(RUN) -m bench.loop

bench-parse: $(VENV)/.dev ## DAG parsing for 1, 10 and 100 models beside a bare import of Airflow
	@$(RUN) -m bench.parse

bench-search: $(VENV)/.dev ## 16 trials on the real bookings with two worker processes beside one (TRIALS=, WINDOW=)
	@$(RUN) -m bench.search $(if $(TRIALS),--trials $(TRIALS)) $(if $(WINDOW),--window $(WINDOW))

bench-snapshot: $(VENV)/.dev ## Adding one day to a snapshot of 10, 100 and 1,000 days in a fresh clone
	@$(RUN) -m bench.snapshot

bench-train: $(VENV)/.dev ## Our whole training step beside fit and log_model; a search on two workers beside one
	@$(RUN) -m bench.train
	@$(RUN) -m bench.search

bench-trainset: $(VENV)/.dev ## A point-in-time training set with ten window aggregates, beside pandas
	@$(RUN) -m bench.trainset

bench-validation: $(VENV)/.dev ## A partition of 1,000,000 rows and 40 rules, beside plain Great Expectations
	@$(RUN) -m bench.validation
