# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run demo test lint format lock clean

run: $(VENV)/.installed
	$(BIN)/fengsheng run

demo: $(VENV)/.installed
	$(BIN)/fengsheng demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 4 --dist worksteal

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Fengsheng needs Python 3.11 or newer, but '$(PYTHON)' is older or missing."; \
	  echo "Install one and run: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not create a virtual environment. On Debian or Ubuntu: apt install python3-venv"; \
	  exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Fengsheng into $(VENV) (about a minute, once)."
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Fengsheng and its test tools into $(VENV) (about a minute, once)."
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

# Refresh the lock: resolve everything anew in a throw-away environment and write plain pins.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install '.[dev]'
	{ echo "# Written by 'make lock': the exact versions every installation and every test run uses."; \
	  build/lock/bin/python -m pip --disable-pip-version-check freeze --exclude fengsheng; } > constraints.txt

clean:
	rm -rf $(VENV) build dist var
