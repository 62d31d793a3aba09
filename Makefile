# Everything a person does with Recoup. Needs make, a shell and Python 3.11 or newer on PATH;
# the rest is set up in .venv from the hashed lock at the first command.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
INSTALLED := .venv/.installed

# make demo SEED=7 DAYS=60 …: handed on by name, only those that are given.
DEMO_OPTIONS := $(foreach name,SEED DAYS ACCOUNTS DATA MAPPING REPORT KAFKA KEEP,$(if $($(name)),$(name)="$($(name))"))

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":[^#]*## "} /^[.a-z][-.a-z0-9]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

# ── Running ──────────────────────────────────────────────────────────────────────────────────────
.PHONY: demo run run-kafka kafka link stop
demo: $(INSTALLED) ## a year of a portfolio in minutes [SEED= DAYS= ACCOUNTS= DATA= MAPPING= REPORT= KAFKA=1 KEEP=1]
	@env $(DEMO_OPTIONS) $(PYTHON) -m deploy.demo
run: $(INSTALLED) ## all services on this machine
	@exec $(PYTHON) -m deploy.local
run-kafka: $(INSTALLED) ## the same over Kafka, a process for each API and worker
	@exec $(PYTHON) -m deploy.local --kafka
kafka: $(INSTALLED) ## a Kafka broker alone, in the foreground
	@exec $(PYTHON) -m deploy.kafka
link: $(INSTALLED) ## addresses that open the pages of what runs [TENANT=]
	@$(PYTHON) -m deploy.local --link $(if $(TENANT),--tenant "$(TENANT)")
stop: $(INSTALLED) ## stop what runs on the data folder
	@$(PYTHON) -m deploy.local --stop

# ── Working on it ────────────────────────────────────────────────────────────────────────────────
.PHONY: test full check fast fmt static unit integration e2e bench mutants docs clients
test: $(INSTALLED) ## every test, on real PostgreSQL and real Kafka (long forms: full)
	@$(PYTHON) -m tests.suite
full: $(INSTALLED) ## the long forms of tests: an hour, before a release
	@$(PYTHON) -m tests.suite --long
check: $(INSTALLED) ## before every commit, a minute or two: static, and the fast tests of the rules
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target static fast
static: $(INSTALLED) ## format, lint, types, imports
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m mypy
fast: $(INSTALLED) ## the tests of the rules that need no invented examples and no learning
	@$(PYTHON) -m tests.suite --fast
fmt: $(INSTALLED) ## format, and mend what ruff can mend
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .
unit: $(INSTALLED) ## tests of the rules alone
	@$(PYTHON) -m tests.suite tests/unit tests/architecture tests/contracts
integration: $(INSTALLED) ## tests against PostgreSQL and Kafka
	@$(PYTHON) -m tests.suite tests/integration
e2e: $(INSTALLED) ## the checks from outside, on whole platforms
	@$(PYTHON) -m tests.suite tests/e2e
bench: $(INSTALLED) ## throughput, ratios, latency to the KPIs, memory
	@$(PYTHON) -m tests.benchmarks
mutants: $(INSTALLED) ## break the code in named ways and see the tests go red
	@$(PYTHON) -m tests.mutants
docs: $(INSTALLED) ## write docs/events/ and docs/api/ from the code
	@$(PYTHON) -m deploy.docs
clients: $(INSTALLED) docs ## make clients/typescript from docs/api/metrics.json, and see that it compiles (needs npm)
	@cd clients/typescript && npm ci --silent && npm run --silent generate >/dev/null && npm run --silent check && npm run --silent build

# ── Operating it ─────────────────────────────────────────────────────────────────────────────────
.PHONY: backup restore compare dead-letters holds migrate rebuild-metrics
backup: $(INSTALLED) ## copy all databases at one instant, while everything runs [TO=DIR]
	@$(PYTHON) -m deploy.backup $(if $(TO),--to "$(TO)")
restore: $(INSTALLED) ## bring a backup back; the platform must not run [FROM=DIR REPLACE=1]
	@$(PYTHON) -m deploy.restore --from "$(FROM)" $(if $(REPLACE),--replace)
compare: $(INSTALLED) ## whether the four services agree, account by account
	@$(PYTHON) -m deploy.compare
dead-letters: $(INSTALLED) ## list, replay or skip dead letters [ARGS="--help"]
	@$(PYTHON) -m deploy.dead_letters $(ARGS)
holds: $(INSTALLED) ## list or release holds [ARGS="--help"]
	@$(PYTHON) -m deploy.holds $(ARGS)
migrate: $(INSTALLED) ## bring the databases to the newest revision
	@$(PYTHON) -m deploy.migrate $(ARGS)
rebuild-metrics: $(INSTALLED) ## compute every KPI again from the log
	@$(PYTHON) -m deploy.rebuild_metrics $(ARGS)

# ── Set-up ───────────────────────────────────────────────────────────────────────────────────────
.PHONY: lock
lock: ## pin again what pyproject.toml asks for (needs uv)
	uv pip compile pyproject.toml --extra segmentation --extra metrics --extra local --extra dev --generate-hashes --no-emit-index-url \
	    --universal --python-version 3.11 --custom-compile-command "make lock" -o requirements.lock
	uv pip compile pyproject.toml --constraint requirements.lock --generate-hashes --no-emit-index-url \
	    --universal --python-version 3.11 --custom-compile-command "make lock" -o deploy/image.lock
	uv pip compile pyproject.toml --extra segmentation --constraint requirements.lock --generate-hashes \
	    --no-emit-index-url --universal --python-version 3.11 --custom-compile-command "make lock" \
	    -o deploy/segmentation.lock
	uv pip compile pyproject.toml --extra metrics --constraint requirements.lock --generate-hashes \
	    --no-emit-index-url --universal --python-version 3.11 --custom-compile-command "make lock" \
	    -o deploy/metrics.lock

.PHONY: .venv
.venv: $(INSTALLED) ## set everything up (done by itself whenever needed)

$(INSTALLED): requirements.lock
	@sh deploy/install.sh requirements.lock .venv
	@touch $@
