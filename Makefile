# The two commands: `make demo` and `make test`. Both start with `make setup`, which is quick when nothing changed.

# Most tests wait: for a time-out, a camera, a broker. So more of them than there are cores run at once.
JOBS ?= 4
# Workers' and daemons' interpreters that the tests run on, where the machine has such a Python; and Home Assistant's,
# which takes the longest to fetch.
PYTHONS = homeassistant 3.6 3.6-tensorrt 3.8 3.10 3.12

.PHONY: help setup demo test test-system test-other-systems chaos chaos-delivery lint bench clean

help:
	@echo 'make demo     two cameras of a bundled clip, real broker, real network: events on the terminal (DURATION=20)'
	@echo 'make test     set up and run the tests'
	@echo 'make test-system   install it in a container with a real systemd, and break it there (as root)'
	@echo 'make test-other-systems   install it on arm64 (qemu), run a camera on GStreamer 1.18 (as root; 15 minutes the first time)'
	@echo 'make chaos    break eight cameras and all around them a thousand times (CHAOS_ARGS="--faults 100 --seed 7")'
	@echo 'make chaos-delivery   kill daemon, broker and network 190 times: no event may be lost (17 minutes; CHAOS_ARGS="--kills 10 --seed 7")'
	@echo 'make setup    system packages and .venv/ with .venv/bin/edge'
	@echo 'make lint     ruff, mypy, import-linter'
	@echo 'make bench    measure, as ratios to what the machine needs at least and to what one would run instead'

setup:
	@scripts/setup

demo: setup
	@.venv/bin/python -m scripts.demo

test:
	@scripts/setup --test
	@echo $(PYTHONS) | xargs -n 1 -P $(JOBS) sh -c \
		'case $$0 in homeassistant) scripts/homeassistant_python;; *) scripts/test_interpreters $$0;; esac >/dev/null || [ $$? = 3 ]'
	@.venv/bin/python -m pytest --ignore tests/systemd --ignore tests/other_systems -n $(JOBS) --dist loadfile $(PYTEST_ARGS)

test-system:
	@scripts/setup --test
	@.venv/bin/python -m pytest tests/systemd $(PYTEST_ARGS)

test-other-systems:
	@scripts/setup --test
	@.venv/bin/python -m pytest tests/other_systems $(PYTEST_ARGS)

chaos:
	@scripts/setup --test
	@.venv/bin/python -m scripts.chaos $(CHAOS_ARGS)

chaos-delivery:
	@scripts/setup --test
	@.venv/bin/python -m scripts.chaos_delivery $(CHAOS_ARGS)

lint:
	@scripts/setup --test
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench:
	@scripts/setup --test
	@.venv/bin/python -m scripts.bench $(BENCH_ARGS)

clean:
	rm -rf .venv .cache build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
