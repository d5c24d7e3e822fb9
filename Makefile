# The two commands: `make demo` and `make test`. Each does all its own set-up in .venv.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start hundreds of processes: none of them is to compile again what the one before has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check format faults properties bench docs vendor clean

help: ## say what each target does
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## make the virtual environment, with everything pinned

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## take the quickstart through its whole life on the embedded cloud
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/quickstart/demo.py

# In the order of folders: those whose tests take long come first, and the many quick ones fill up the end. Three at
# a time on two cores, for many wait for processes that they have started.
test: setup ## pass all tests
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: setup ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## write the code as ruff has it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: setup ## the long form of the fault tests: a kill at every changing call, 1,000 interruptions of the loader
	SCRAPECTL_FAULTS=all $(BIN)/python -m pytest --numprocesses 2 tests/faults tests/contract containers/loader

properties: setup ## the long form of the property tests: 200 random specs
	SCRAPECTL_SEEDS=200 $(BIN)/python -m pytest --numprocesses 2 tests/properties tests/calls

bench: setup ## measure start-up, calls and speed
	$(BIN)/python bench/measure.py
	$(BIN)/python bench/loader.py

docs: setup ## write docs/reference from the schema and the commands
	$(BIN)/python docs/generate.py

vendor: ## copy the wrapper into the scraper base, and that and the authorities of RDS into the examples that hold them
	cp containers/wrapper/scrapectl_wrapper.py containers/scraper/scraper_base/
	for folder in examples/*/*/scraper_base; do \
		rm -f $$folder/*.py && cp containers/scraper/scraper_base/*.py $$folder/; done
	cp containers/loader/loader/rds-ca.pem examples/batch-collector/collector/collector/

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
