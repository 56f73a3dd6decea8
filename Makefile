# Every target first installs and builds what it needs and does not find, or finds out of date.

SHELL := /bin/sh
.SHELLFLAGS := -euc
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Let Python keep compiled files. Otherwise each process of a test run compiles the same files again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input
READY := .venv/editable
ASSETS := gateway/assets/built/manifest.json

CHECKED := shared services gateway deploy tests
TEMPLATES := $(wildcard gateway/templates services/notifier/templates)
# tests/groups.py says which tests run in one process. Three keep two cores busy, because tests wait too.
# If a hanging test kills its process, the run ends.
PARALLEL := -n 3 --max-worker-restart 0
NOT_QUICK := slow journey programs failure office browsers
SPACE := $(subst ,, )
# What starts servers stops them in order, even when make is killed.
ENDING := setpriv --pdeathsig TERM
# Reading these folders takes time, and they hold next to no quick test.
WITHOUT := $(addprefix --ignore=tests/,journeys failure browsers)
MIGRATIONS := $(sort $(wildcard shared/spine/*.sql services/*/sql/*.sql shared/spine/functions/*.sql services/*/sql/functions/*.sql))

.PHONY: help run test test-all quick office browsers lint format documents assets bench soak fuzz mutants trace lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(READY) $(ASSETS) ## start the whole product with demo people; Ctrl-C stops it
	@exec $(ENDING) .venv/bin/ics up --demo

test: $(READY) $(ASSETS) ## run every kind of test but `make office` and `make browsers`; ARGS="-k words" narrows
	@ICS_CHROMIUM=$$($(PYTHON) -m deploy.build.find_chromium); export ICS_CHROMIUM; exec $(PYTHON) -m pytest $(PARALLEL) -m "not office and not browsers" $(ROUNDS) $(ARGS)

test-all: ROUNDS := --full-rounds
test-all: test ## run the same with all rounds at full size

quick: $(READY) $(ASSETS) ## run the tests that take less than a second and start no browser and no program
	@exec $(PYTHON) -m pytest $(PARALLEL) $(WITHOUT) -m "not $(subst $(SPACE), and not ,$(NOT_QUICK))" $(ARGS)

office: $(READY) $(ASSETS) ## open the demo's reports in LibreOffice too, which is installed if need be
	@ICS_SOFFICE=$$($(PYTHON) -m deploy.build.find_office); export ICS_SOFFICE; exec $(PYTHON) -m pytest -m office $(ARGS)

browsers: $(READY) $(ASSETS) ## walk through it in Firefox and WebKit too, which are installed if need be
	@ICS_FIREFOX=$$($(PYTHON) -m deploy.build.find_firefox); ICS_WEBKIT=$$($(PYTHON) -m deploy.build.find_webkit); \
		ICS_XVFB=$$($(PYTHON) -m deploy.build.find_screen); export ICS_FIREFOX ICS_WEBKIT ICS_XVFB; \
		exec $(PYTHON) -m pytest -m browsers $(ARGS)

lint: $(READY) ## check form, types, imports, dependencies, templates, migrations, spelling and generated documents
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy $(CHECKED)
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/deptry .
	@$(if $(TEMPLATES),.venv/bin/djlint --lint --quiet $(TEMPLATES))
	@$(if $(MIGRATIONS),.venv/bin/squawk $(MIGRATIONS))
	@.venv/bin/codespell
	@$(PYTHON) -m deploy.build.documents --check

format: $(READY) ## put the code into its one form
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

documents: $(READY) ## write the generated documents again
	@$(PYTHON) -m deploy.build.documents

assets: $(ASSETS) ## build the front-end files

bench: $(READY) $(ASSETS) ## measure against the figures to reach
	@exec $(ENDING) $(PYTHON) -m tests.benchmarks $(ARGS)

soak: $(READY) $(ASSETS) ## break things at random for hours; ARGS are passed on
	@exec $(ENDING) $(PYTHON) -m tests.failure.soak $(ARGS)

fuzz: $(READY) $(ASSETS) ## send ten thousand random requests to the whole product; about 5 minutes
	@exec $(ENDING) $(PYTHON) -m tests.failure.fuzz $(ARGS)

mutants: $(READY) $(ASSETS) ## break rules and policies in copies, and print what no test sees; about 20 minutes
	@exec $(ENDING) nice $(PYTHON) -m tests.mutants $(ARGS)

trace: $(READY) ## list the requirements with the tests that prove them
	@$(PYTHON) -m tests.trace

# Run this with the oldest supported Python in .venv: packages pinned by a newer one may not install there.
lock: $(READY) ## pin every package again (ARGS=--upgrade for newer versions); takes some minutes
	@CUSTOM_COMPILE_COMMAND="make lock" $(PYTHON) -m piptools compile --quiet --generate-hashes --allow-unsafe \
		--strip-extras --resolver=backtracking --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-emit-options --extra dev --output-file requirements.lock $(ARGS) pyproject.toml
	@npm install --package-lock-only --loglevel=error

clean: ## remove what make has made; var/, with the records in it, stays
	@rm -rf .venv node_modules gateway/assets/built *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find $(CHECKED) -name __pycache__ -prune -exec rm -rf {} +

$(PYTHON):
	@python=$$(sh deploy/build/find_python.sh); echo "Making .venv with $$python"; "$$python" -m venv --clear .venv

.venv/packages: requirements.lock $(PYTHON)
	@echo "Installing the locked packages (about a minute)"
	@awk '/^[a-z]/ { wanted = /^(pip|setuptools|wheel)==/ } wanted' requirements.lock > .venv/builders.lock
	@$(PIP) install -qq --require-hashes --no-deps -r .venv/builders.lock
	@$(PIP) install -qq --require-hashes --no-deps --no-build-isolation -r requirements.lock
	@touch $@

$(READY): pyproject.toml .venv/packages
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later with npm (Debian and Ubuntu:" \
		"apt-get install nodejs npm)" >&2; exit 1; }
	@npm ci --ignore-scripts --loglevel=error >/dev/null
	@touch $@

$(ASSETS): node_modules/.package-lock.json deploy/build/assets.py $(wildcard gateway/assets/source/*) | $(READY)
	@$(PYTHON) -m deploy.build.assets
