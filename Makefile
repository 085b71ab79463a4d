# The one list of verbs. Each makes what it needs; `make help` prints them.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix bench bench-serving bench-profile bench-peers bench-fuzz bench-signals bench-estimation bench-buckets bench-capture bench-rollouts bench-kills bench-telemetry bench-detection bench-detection-full bench-detection-peers bench-detection-flights bench-detection-cost docs ci lock clean

help: ## Print the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/demo.stamp: requirements/demo.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Holter and its libraries into .venv (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/demo.lock
	@$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

.venv/dev.stamp: requirements/dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Holter, its libraries and the tools of its tests into .venv (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ .venv/demo.stamp

setup: .venv/dev.stamp ## Make .venv with everything that development needs

demo: .venv/demo.stamp ## Run the main job on a year of real flights (ONESHOT=1: stop after the summary)
	@$(BIN)/python examples/flights/demo.py $(if $(ONESHOT),--oneshot)

test: setup ## Run all tests (TESTS=path or -k expression to choose)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(TESTS)

check: setup ## Lint, format, types, house
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: setup ## Mend what a tool can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: bench-profile bench-serving bench-signals bench-buckets bench-capture bench-rollouts bench-telemetry bench-kills ## Run every benchmark

bench-profile: setup ## Profiles and comparison, against merely reading the files
	@$(BIN)/python bench/compare_tables.py
	@$(BIN)/python bench/compare_tables.py --rows 10000000 --links 10 --rounds 1
	@$(BIN)/python bench/compare_tables.py --rows 100000000 --links 50 --rounds 1 --floats 7 --strings 3
	@$(BIN)/python bench/profiles.py

bench-peers: setup ## The same, and Evidently, NannyML and TFDV beside it (minutes; makes their environments)
	@$(BIN)/python bench/compare_tables.py --rounds 3 --peers

bench-fuzz: setup ## Look for bytes that break the reading of stored profiles, for a minute
	@$(BIN)/python bench/fuzz_profiles.py

bench-signals: setup ## Signals on windows of stored records
	@$(BIN)/python bench/signals.py
	@$(BIN)/python bench/windows.py

bench-estimation: setup ## Performance without labels on NannyML's data, beside its CBPE and DLE (makes its environment)
	@$(BIN)/python bench/estimation.py

bench-buckets: setup ## A year of daily stored profiles, read back and compared with a baseline
	@$(BIN)/python bench/buckets.py

bench-capture: setup ## What capture costs a request, and how fast a journal drains
	@$(BIN)/python bench/capture.py
	@$(BIN)/python bench/turns.py

bench-serving: setup ## One scoring worker beside other servers of the same score.py
	@$(BIN)/python bench/serving.py

bench-rollouts: setup ## 20 roll-outs, 20 rollbacks and a canary ramp under load; hangs, crashes, what a canary costs
	@HOLTER_TEST_ROLLOUTS=20 $(BIN)/python -m pytest -q -s tests/e2e/test_rollouts.py
	@$(BIN)/python bench/rollouts.py

bench-telemetry: setup ## What tracking and flush() cost a request, beside the real client with a server that is away
	@$(BIN)/python bench/telemetry.py

bench-kills: setup ## The main job under 500 kill -9 at random moments
	@HOLTER_TEST_KILLS=500 $(BIN)/python -m pytest -q tests/e2e/test_main_job.py

bench-detection: setup ## Do alarms keep their promise? At most 5 minutes, goes on where it stopped (docs/benchmarks.md)
	@PYTHONPATH=bench $(BIN)/python -m detection run fast

bench-detection-full: setup ## The same with 200 baselines of each family, and the families kept aside (hours; goes on where it stopped)
	@PYTHONPATH=bench $(BIN)/python -m detection run full

bench-detection-peers: setup ## Evidently, NannyML and iyipada on a few of the same streams (an hour; makes their environments)
	@PYTHONPATH=bench $(BIN)/python -m detection peers

bench-detection-flights: setup ## Nine months of real flights as they were, and with days of a weekday in another order: a null
	@PYTHONPATH=bench:examples/flights $(BIN)/python -m detection.flights_null

bench-detection-cost: setup ## What deciding a window of 50 features and 20 segments costs, and learning 90 days
	@PYTHONPATH=bench OMP_NUM_THREADS=1 $(BIN)/python -m detection.cost

docs: setup ## Make the generated pages of docs/reference anew
	@$(BIN)/python docs/generate.py

ci: check test ## What .ci/run runs

lock: setup ## Choose versions anew and write the lock files (hashes, no addresses)
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 pyproject.toml --extra demo -o requirements/demo.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 pyproject.toml --extra demo --group dev \
	  -c requirements/demo.lock -o requirements/dev.lock

clean: ## Remove what the verbs made
	@rm -rf .venv .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
