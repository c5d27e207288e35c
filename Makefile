# Two commands for everybody: `make demo` and `make test`. Everything they need, they set up.
PYTHON ?= python3
VENV ?= .venv
BARE ?= $(VENV)-bare
BIN = $(VENV)/bin
PIP_FLAGS ?= --quiet --disable-pip-version-check

.PHONY: demo test check slow papers bench rules clean help

help:            ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'
