# Two commands matter on a fresh machine: `make demo` and `make test`. Each installs all that it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
T ?= tests
# For two cores: half of the time a test waits for other processes, a browser or a database.
WORKERS ?= 3
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
PARTS := check-format check-lint check-types check-imports check-project
.PHONY: help documents features permissions peers demo test test-sqlite test-postgres test-long fuzz check $(PARTS) fix bench chaos rolling rehearse sbom migration pictures lock clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

$(VENV)/run.stamp: requirements.txt pyproject.toml
	@deploy/install-environment $(PYTHON) $(VENV) requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml
	@deploy/install-environment $(PYTHON) $(VENV) requirements-dev.txt
	@touch $(VENV)/run.stamp $@

demo: $(VENV)/run.stamp  ## three federating organisations with demo people
	@$(BIN)/peerhall demo $(ARGS)

test: $(VENV)/dev.stamp  ## everything, on SQLite and on PostgreSQL (make test T=tests/federation for a part)
	@$(MAKE) --no-print-directory test-sqlite test-postgres

test-sqlite: $(VENV)/dev.stamp  ## the tests, on SQLite
	@$(BIN)/pytest $(SPREAD) $(if $(SKIP),--ignore=$(SKIP)) $(T)

# Only what has a database (tests/conftest.py), and not the attacks over sockets, which are about the way to it, nor the
# demo, which is always on SQLite. SKIP_POSTGRES leaves out more, for whoever has little time.
test-postgres: $(VENV)/dev.stamp  ## the tests that touch a database, on PostgreSQL
	@$(BIN)/python -m tests.postgres $(SPREAD) -m "not browser and not peer" \
		--ignore=tests/federation --ignore=tests/hostile --ignore=tests/web/demo \
		$(foreach folder,$(SKIP_POSTGRES),--ignore=$(folder)) $(T)

test-long: $(VENV)/dev.stamp  ## ten thousand examples of each property of parser, signers, authority and audience
	@$(BIN)/pytest -n $(WORKERS) --hypothesis-profile=long -o timeout=3600 \
		tests/federation/test_properties.py tests/server/posts/test_audience_properties.py

# Not in the lock: nobody needs it to run or to test Peerhall.
FUZZER := atheris==3.0.0
TARGET ?= inbox cavage rfc9421 text
SECONDS ?= 1200

fuzz: $(VENV)/dev.stamp  ## coverage-guided fuzzing of what strangers send (make fuzz TARGET=inbox SECONDS=60)
	@$(BIN)/python -c "import atheris" 2>/dev/null || { echo "installing $(FUZZER), which is not in the lock, into $(VENV)"; \
		if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python $(FUZZER); \
		else $(BIN)/python -m pip install --quiet --disable-pip-version-check $(FUZZER); fi; }
	@for target in $(TARGET); do $(BIN)/python -m tests.fuzz $$target --seconds $(SECONDS) || exit 1; done

check: $(PARTS)  ## what CI adds to the tests; each part also by itself

check-format: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check --quiet . || { echo "some files are not formatted: make fix" >&2; exit 1; }

check-lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check --quiet .

check-types: $(VENV)/dev.stamp
	@$(BIN)/mypy

check-imports: $(VENV)/dev.stamp
	@$(BIN)/lint-imports --no-cache

check-project: $(VENV)/dev.stamp
	@$(BIN)/pytest tests/project

fix: $(VENV)/dev.stamp  ## format, and mend what can be mended safely
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/dev.stamp  ## the table of times and sizes (ARGS=--save makes this run the baseline)
	@$(BIN)/python -m tests.bench $(ARGS)

CHAOS := $(if $(FAULT),--fault $(FAULT)) $(if $(DATABASE),--database $(DATABASE)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

chaos: $(VENV)/dev.stamp  ## faults, seeded, and what held (make chaos FAULT=kill DATABASE=sqlite ROUNDS=20 SEED=7)
	@$(BIN)/python -m tests.chaos $(CHAOS) $(ARGS)

rolling: $(VENV)/dev.stamp  ## restart every process under load, behind Caddy and without: no request fails, nothing is lost
	@$(BIN)/python -m tests.chaos --fault rolling --fault handover $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

rehearse: $(VENV)/dev.stamp  ## do what the handbook says on an empty Debian: install, TLS, backup, restore elsewhere, upgrade (root on Debian)
	@$(BIN)/python -m deploy.rehearse $(ARGS)

# Not in the lock either: it reads the lock, and what it writes goes with a release.
SBOM := cyclonedx-bom==7.5.0

sbom: $(VENV)/run.stamp  ## what a release is made of, as CycloneDX: dist/peerhall.cdx.json
	@python=$$(mktemp -d) && $(PYTHON) -m venv $$python && $$python/bin/pip install --quiet --disable-pip-version-check $(SBOM) \
		&& mkdir -p dist && $$python/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file dist/peerhall.cdx.json requirements.txt; \
		status=$$?; rm -rf $$python; [ $$status -eq 0 ] && echo dist/peerhall.cdx.json

migration: $(VENV)/dev.stamp  ## draft a migration: make migration NAME=add_something
	@$(BIN)/python -m tests.postgres --draft $(NAME)

peers: $(VENV)/dev.stamp  ## run our server beside all other implementations that are here, and write docs/peers.md
	@PEERHALL_RECORD=1 $(BIN)/pytest -n 0 -m peer tests/interop

documents: $(VENV)/dev.stamp  ## write the examples and the matrix of FEDERATION.md, and docs/peers.md, anew
	@PEERHALL_WRITE=1 $(BIN)/pytest -n 0 tests/project/test_examples.py
	@$(BIN)/python -m tests.interop.matrix

features: $(VENV)/dev.stamp  ## write docs/features.md anew: what there is, and the tests that prove it
	@$(BIN)/python -m tests.project.features

permissions: $(VENV)/dev.stamp  ## write docs/permissions.md anew: who may use which route
	@$(BIN)/python -m tests.permissions.rules

pictures: $(VENV)/dev.stamp  ## take the pictures of the README again
	@$(BIN)/python -m deploy.pictures

lock:  ## pin every dependency again, with hashes (needs uv)
	@deploy/lock

clean:  ## remove what was installed and built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/*/node_modules tests/interop/*/node_modules tests/interop/*/.venv
