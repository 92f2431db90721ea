# Two commands for a newcomer: make demo, make test. Everything is installed into this folder.
SHELL := /bin/sh
# Every test that starts a process would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := PYTHONPATH=.uv .uv/bin/uv
BIN := .venv/bin
MEMBERS := -e 'core[host,postgres,sandbox]' -e 'connectors/cas' -e 'connectors/cornerstone[sandbox]' -e 'connectors/go1[sandbox]' -e 'connectors/jwt' -e 'connectors/oidc' -e 'connectors/saml' -e 'connectors/stackone[sandbox]' -e 'connectors/thoughtindustries[sandbox]' -e 'connectors/webhook[sandbox]' -e 'connectors/xapi[sandbox]' -e tests/testbed

.PHONY: help
help: ## Show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Passback needs Python 3.11 or newer")'
	@echo "installing uv …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .uv uv==$(UV_VERSION)

.venv/.installed: .uv/bin/uv constraints.txt pyproject.toml core/pyproject.toml connectors/cas/pyproject.toml connectors/cornerstone/pyproject.toml connectors/go1/pyproject.toml connectors/jwt/pyproject.toml connectors/oidc/pyproject.toml connectors/saml/pyproject.toml connectors/stackone/pyproject.toml connectors/thoughtindustries/pyproject.toml connectors/webhook/pyproject.toml connectors/xapi/pyproject.toml tests/testbed/pyproject.toml
	@echo "installing Passback into .venv …"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip install --quiet --compile-bytecode --python .venv --constraint constraints.txt --group dev --group examples $(MEMBERS)
	@touch $@

.PHONY: install
install: .venv/.installed ## Install everything for development

.PHONY: demo
demo: install ## Deliver 600 results to a real LRS that is killed half-way
	@$(BIN)/python -m passback_testbed.install ralph
	@$(BIN)/python examples/demo/run.py

.PHONY: check
check: install ## Lint, types and layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: test
test: install ## Every test
	@$(BIN)/python -m passback_testbed.install all
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

.PHONY: idp
idp: install ## Sign in by real identity providers: OpenID Connect, SAML and CAS
	@$(BIN)/python -m passback_testbed.install all
	@$(BIN)/pytest -n 2 connectors/oidc/tests/real connectors/saml/tests/test_samlp.py connectors/cas/tests/test_real_server.py tests/test_sign_in_examples.py tests/test_sign_in_flows.py

.PHONY: mutants
mutants: install ## Try the conformance kit on connectors that are wrong on purpose
	@$(BIN)/pytest tests/mutants

.PHONY: docs
docs: install ## Build the documentation into .cache/docs
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs .cache/docs
	@echo "open .cache/docs/index.html"

.PHONY: bench
bench: install ## Measure the whole path beside its limits
	@$(BIN)/python benchmarks/path.py

SEED ?= $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')
KILLS ?= 300
ENGINE ?= sqlite

.PHONY: torture
torture: install ## Kill workers at random instants, hundreds of times, and take the account
	@PYTHONPATH=tests $(BIN)/python -m torture --seed $(SEED) --kills $(KILLS) --engine $(ENGINE)

.PHONY: constraints
constraints: .uv/bin/uv ## Pin today's versions, without index addresses
	@$(UV) venv --quiet --clear --python $(PYTHON) .cache/pins
	@$(UV) pip install --quiet --python .cache/pins --group dev --group examples $(MEMBERS)
	@{ echo "# Made by make constraints: what CI and newcomers install."; \
	   $(UV) pip freeze --python .cache/pins --exclude-editable; } > constraints.txt

.PHONY: clean
clean: ## Remove what was installed and built
	@rm -rf .venv .uv .testbed .cache dist
