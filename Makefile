# make run: the app. make test: everything that must hold. make bench: the figures in the README.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/datasets
WORKERS ?= 2

# Nothing is asked of the network after the installation.
export HF_HUB_OFFLINE := 1
export HF_HUB_DISABLE_TELEMETRY := 1
export ANONYMIZED_TELEMETRY := False
export LITELLM_LOCAL_MODEL_COST_MAP := True
# Empty, it is off: every worker and every process that a test starts would compile all anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run setup gateway demo-traffic install test check format bench chromium clean

run: setup
	@exec $(BIN)/python -m streamlit run app.py

setup: install
	@$(BIN)/python -m core setup

# The gateway alone, for other applications: an OpenAI-compatible address (docs/proxy.md).
gateway: install
	@exec $(BIN)/python -m core gateway

# Made-up charges for the Spend page; take them away again with ARGS=--remove.
demo-traffic: install
	@$(BIN)/python -m core demo-traffic $(ARGS)

install: $(VENV)/.installed

$(VENV)/.installed: requirements.txt requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Answerdesk needs Python 3.11: install it, or name it with 'make PYTHON=...'."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq "$$(grep '^torch==' requirements.txt)"
	$(BIN)/python -m pip install -qq -r requirements.txt -c requirements.lock
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed tests/requirements.txt
	$(BIN)/python -m pip install -qq -r tests/requirements.txt -c requirements.lock
	@touch $@

# Chromium is fetched while the packages are installed and the types are checked.
test:
	@$(MAKE) --no-print-directory --jobs 2 check chromium
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers $(WORKERS)
	$(BIN)/lint-imports

format: $(VENV)/.installed-tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The browser tests skip with a reason where there is no Chromium and it may not be installed.
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || true

bench: $(VENV)/.installed-tests
	@for name in $(if $(NAME),$(NAME),retrieval scale ingest answers); do \
		$(BIN)/python -m tests.bench $$name --data $(DATA) || exit 1; done

clean:
	rm -rf $(VENV) data/runtime .mypy_cache .ruff_cache .pytest_cache .hypothesis
