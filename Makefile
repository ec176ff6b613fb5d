# Two commands for a newcomer: `make demo` and `make test`. Nothing else needs to be installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint format map docs soak interop bench browser clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/	/' | sort

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

# Debian's browser, where it is missing and we may install it; without it the browser tests skip by name.
browser:
	@command -v chromium >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
	  && { apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } \
	  || echo "chromium is missing: the tests in a browser will be skipped"

demo: $(STAMP) ## the main job on the embedded default: a sample base, a quarter, a mailbox folder
	@if [ -t 1 ]; then $(BIN)/scenario demo; else $(BIN)/scenario demo --no-serve; fi

test: $(STAMP) browser ## every test, on SQLite and on a PostgreSQL of its own
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(STAMP) ## formatting, lint, types, the laws of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

map: $(STAMP) ## write the map in ARCHITECTURE.md anew
	$(BIN)/python tools/map.py

docs: $(STAMP) ## run what the documents show, and write what it really prints
	$(BIN)/python tools/errors.py
	$(BIN)/python tools/shown.py --write --slow

soak: $(STAMP) ## a thousand kills of the daemon, mutated files by the ten thousand, the API by thousands of requests, generated journeys: an hour
	ACCORD_SOAK=1 $(BIN)/python -m pytest -n 2 -s tests/crash/test_kills.py -k moment
	ACCORD_SOAK=1 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/core/language/test_fuzz.py tests/core/wayback/test_mangled.py tests/doors/test_api_fuzz.py
	ACCORD_SOAK=1 $(BIN)/python -m pytest -n 2 tests/journeys/test_generated.py

# What other people's programs make of ours. Each test skips by name where its program is missing and can't be installed.
OTHERS := opendkim dovecot-imapd
interop: $(STAMP) ## against programs of Debian's that are not ours: opendkim, dovecot
	@[ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1 || { apt-get update -qq >/dev/null \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(OTHERS) >/dev/null; } \
	  || echo "not installed: $(OTHERS)"
	ACCORD_INTEROP=1 $(BIN)/python -m pytest -rs tests/interop

bench: $(STAMP) ## measure, and write the table that the README quotes
	$(BIN)/python benchmarks/run.py

clean: ## take away what was built
	rm -rf $(VENV) demo-out build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
