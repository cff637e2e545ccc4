# The two commands, and a few more. Everything works as root and as anybody else, from a clean clone, with or without
# CARGO_TARGET_DIR.

.DEFAULT_GOAL := help
.PHONY: help run town test check format sim mutants fuzz kills exhibit web

SEEDS ?= 20
AUTHORS ?= 60
YEARS ?= 20
FROM ?= 0
STORE ?= memory
TIME ?= 60

help:
	@echo 'make run      build everything and open a house on this machine, in ./data'
	@echo 'make test     install what the tests need, and run all of them'
	@echo 'make town     the same house with a clock that you can move: five years in five minutes'
	@echo 'make check    format, lints and tidiness'
	@echo 'make format   put the format right'
	@echo 'make sim      the simulator (SEEDS=$(SEEDS) AUTHORS=$(AUTHORS) YEARS=$(YEARS) STORE=$(STORE): memory, sqlite or postgres; FROM=$(FROM))'
	@echo 'make mutants  the simulator against faults that are planted in the engine, one after the other'
	@echo 'make kills    the real process killed wherever it does anything, over both databases, and the table of docs/faults.md'
	@echo 'make exhibit  put the house of this version into the museum, for every later version to open'
	@echo 'make fuzz     bytes from nowhere, against everything that reads bytes (TIME=$(TIME) seconds each; needs a nightly compiler)'

# The browser half is built first, because the program carries it along.
web:
	@scripts/check-tools
	@scripts/web-packages
	npm --prefix web run build

run: web
	cargo build -p unsaid
	exec "$$(scripts/target-folder)/debug/unsaid" serve

town: web
	cargo build -p unsaid-town
	exec "$$(scripts/target-folder)/debug/unsaid-town"

test:
	@scripts/check-tools
	@scripts/install-test-tools
	scripts/test

check:
	@scripts/check-tools
	@scripts/web-packages
	cargo fmt --all --check
	cd web && npx --no-install prettier --check .
	npm --prefix web run check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test -p unsaid --test tidiness
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --all-features check bans licenses sources; \
	else echo 'cargo-deny is not installed: licences and sources of dependencies were not looked at (cargo install cargo-deny).'; fi
	@if command -v shellcheck >/dev/null; then shellcheck --severity=warning scripts/check-tools scripts/fuzz scripts/install-test-tools scripts/python-place scripts/target-folder scripts/test scripts/web-packages scripts/with-*; \
	else echo 'shellcheck is not installed: the scripts were not looked at (apt-get install shellcheck).'; fi

format:
	@scripts/web-packages
	cargo fmt --all
	cd web && npx --no-install prettier --write .

sim:
	cargo run --release --quiet -p unsaid-sim -- --from $(FROM) --seeds $(SEEDS) --authors $(AUTHORS) --years $(YEARS) --store $(STORE)

# Plants one fault after the other in the engine, and fails when one is not found by the property that is there for it.
mutants:
	cargo run --release --quiet -p unsaid-sim -- mutants --seeds 60 --authors 8 --years 6

# A few points of these are in `make test`; all of them take half an hour for each database, and print the tables of docs/faults.md.
kills:
	RUST_BACKTRACE=0 UNSAID_KILLS=all UNSAID_TEST_REQUIRE=1 scripts/with-postgres cargo test -p unsaid-town --test whole -- every_ broken_disks --nocapture --test-threads 1

# Once for each version, when it is given its number: the house that every later program has to open (museum/README.md).
exhibit:
	UNSAID_EXHIBIT=1 cargo test -p unsaid-town --test whole museum::a_house_of_this_version -- --nocapture

# Never a part of `make test`, which goes through what was found with any compiler.
fuzz:
	@scripts/fuzz $(TIME)
