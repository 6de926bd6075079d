# make run: the app with a demo district. make test: everything the project checks.
#
#   make run PYTHON=python3.12     another interpreter
#   GETU_PORT=8600 make run        another port; every GETU_ setting works
#   make test JOBS=4               more workers
#   make stress KILLS=50 SEED=2    kill -9 at random moments of everything that writes, on both stores;
#                                  20 uploads at once; then each guard taken away, whose test must fail

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
KILLS ?= 200
SEED ?= 1
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test stress lint bench system clean-venv

run: $(VENV)/.run
	$(BIN)/python -m geo demo --if-empty
	$(BIN)/python -m geo serve

test: system lint
	$(BIN)/python -c "from geo.tasks.opening import warm_up; warm_up()"
	$(BIN)/python -c "from geo.analysis.local_statistics import warm_up; warm_up()"
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

stress: system $(VENV)/.dev
	$(BIN)/python -m scripts.stress_kills --kills $(KILLS) --seed $(SEED)
	$(BIN)/python -m scripts.stress_uploads
	$(BIN)/python -m scripts.remove_guards

lint: $(VENV)/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy geo

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

system:
	sh scripts/install_system.sh

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	    { echo "Python 3.11 or newer is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt constraints.txt | $(BIN)/python
	$(PIP) install --quiet -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt constraints.txt | $(BIN)/python
	$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	touch $@ $(VENV)/.run

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	$(PIP) install --quiet -r requirements-bench.txt -c constraints.txt
	touch $@

clean-venv:
	rm -rf $(VENV)
