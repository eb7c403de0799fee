# The few verbs. The work is in the tools; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test stick-test fuzz check image image-test image-test-long bench bench-image bench-portal bench-sync verrous
PYTHON ?= python3
B := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: ## the whole boat on this machine: portal, Kolibri, shore (PORT=8080)
	@$(PYTHON) appliance/installer.py demo
	@$(B)/pirogue demo $(if $(PORT),--port $(PORT))

demo-clean: ## forget the demo's data
	@rm -rf .demo

test: ## everything but the image, with the real Kolibri, browsers, radios, kernels (as root; about 35 min)
	@$(PYTHON) appliance/installer.py dev --navigateur --image
	@mkdir -p .cache; $(B)/python -m pytest tests/sync -p no:cacheprovider >.cache/test-sync.txt 2>&1 & echange=$$!; ici=0; la=0; \
	$(B)/python -m pytest --ignore=tests/image --ignore=tests/sync || ici=$$?; \
	echo "  · tests/sync, qui tournait à côté…"; wait $$echange || la=$$?; cat .cache/test-sync.txt; exit $$((ici | la))

image: ## the image that people flash, in image-build/sortie/ (as root; KERNEL=backports for a Pi 5; PROFIL=kiosque; RADIO=usb; SIGNATURE=key)
	@$(PYTHON) appliance/installer.py dev --navigateur --image
	@$(B)/python image-build/construire.py $(if $(KERNEL),--noyau $(KERNEL)) $(if $(PROFIL),--profil $(PROFIL)) $(if $(RADIO),--radio $(RADIO)) $(if $(SIGNATURE),--signature $(SIGNATURE))

image-test: image ## that image looked at, then a day, a bad day, power cuts, a Pi 3 and a Pi 4 under emulation (20 to 30 min)
	@$(B)/python -m pytest tests/image -p no:randomly

image-test-long: image ## the same, and updates, two first starts, 400 cuts, real kills, a kernel that hangs (about two hours)
	@$(B)/python -m pytest tests/image -p no:randomly -m "long or not long"

stick-test: ## sticks pulled and power cut under Debian's own kernel, in QEMU (about 4 min; part of `make test`)
	@$(PYTHON) appliance/installer.py dev --navigateur
	@$(B)/python -m pytest tests/banc

fuzz: ## damaged lots, receipts, orders: half a million, none believed (N=500000)
	@$(PYTHON) appliance/installer.py dev
	@$(B)/python tests/fuzz/mutants.py $(or $(N),500000)

check: ## format, lint, types, arrows, templates, shell, roles, tests can be read, consistency (< 60 s)
	@$(PYTHON) appliance/installer.py dev
	@$(B)/ruff format --check -q . && $(B)/ruff check -q . && echo "  ✓ format, lint"
	@$(B)/mypy | tail -1
	@$(B)/lint-imports | tail -2
	@$(B)/djlint portail sync --profile jinja --lint --quiet && echo "  ✓ templates"
	@$(B)/shellcheck .ci/run appliance/postes/*.sh && echo "  ✓ shell"
	@cd ansible && PATH="$$PWD/../$(B):$$PATH" ansible-lint -q && echo "  ✓ roles"
	@$(B)/python -m pytest -q --collect-only -m "" >/dev/null && echo "  ✓ every test can be read"
	@$(B)/python -m pytest -q tests/consistance

bench-image: image ## build, size, boot, memory, octets written, beside a bare Debian (about 30 min; F=demarrages or classes)
	@$(B)/python bench/boite.py $(F)

bench-portal: ## the answers to the probes beside a bare server (about 2 min; as root)
	@$(PYTHON) appliance/installer.py dev --navigateur
	@$(B)/python bench/captif.py

bench-sync: ## the ten figures of the exchange beside the real alternatives (about 20 min; F="jour arriere" for some)
	@$(PYTHON) appliance/installer.py dev --navigateur
	@$(PYTHON) appliance/installer.py bench
	@$(B)/python bench/tout_echange.py $(F)

bench: ## the tables: pages, memory, journal (about 2 min)
	@$(PYTHON) appliance/installer.py dev
	@$(B)/python bench/tout.py

verrous: ## renew requirements/*.txt from pyproject.toml (needs pip-compile)
	pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --extra kolibri --extra rive --extra bord --extra construction -o requirements/demo.txt pyproject.toml
	pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --extra kolibri --extra rive --extra bord --extra construction --extra dev -o requirements/dev.txt pyproject.toml
	pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host -o requirements/bench.txt requirements/bench.in
	pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --extra kolibri --extra bord -o requirements/boite.txt pyproject.toml
