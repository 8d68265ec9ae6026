# The front door. CMake and its presets do the work.
#
# The one variable most people want: make test JOBS=4

JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
prefix ?= /usr/local
PREFIX ?= $(prefix)
ARGS   ?=
SEEDS  ?= 1000
FIRST  ?= 1
CMAKE_ARGS ?=
CTEST_ARGS ?=

FOLDERS = $(wildcard src sim include test examples bench)

# configure,build with a preset: $(call preset,asan)
preset = cmake --preset $(1) $(CMAKE_ARGS) -Wno-dev >/dev/null && \
         cmake --build --preset $(1) -j $(JOBS)

# the C sources that are ours, for xargs -0
sources = find $(1) -name node_modules -prune -o -name '*.[ch]' -print0

.DEFAULT_GOAL := help
.PHONY: help run build test bench bench-core bench-durable bench-scaling bench-growth crash format format-check lint asan tsan fuzz \
        coverage valgrind sim mutants traces foreign install clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /    make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

run: build ## build, then start the broker (ARGS="-v" adds arguments)
	@./build/mogi broker $(ARGS)

build: ## install what is missing, build build/mogi
	@bash tools/setup build
	@$(call preset,default) --target mogi

test: ## the same, then run every test
	@bash tools/setup build test
	@$(call preset,default)
	@ctest --preset default -j $(JOBS) $(CTEST_ARGS)

bench: build ## measure throughput and memory
	@bench/run $(ARGS)

format: ## let clang-format lay out the sources
	@bash tools/setup lint
	@$(call sources,$(FOLDERS)) | xargs -0r clang-format -i

format-check: ## say what make format would change
	@bash tools/setup lint
	@$(call sources,$(FOLDERS)) | xargs -0r clang-format --dry-run -Werror

lint: build format-check ## layout, style rules, cppcheck, clang-tidy
	@/usr/bin/python3 tools/tidy --build build .
	@JOBS=$(JOBS) tools/cppcheck
	@cmake --preset clang -Wno-dev >/dev/null
	@find src sim -name '*.c' -print0 | \
	    xargs -0r -n 4 -P $(JOBS) clang-tidy --quiet -p build-clang

asan: ## test under AddressSanitizer and UndefinedBehaviorSanitizer
	@bash tools/setup build test
	@$(call preset,asan)
	@ctest --preset asan -j $(JOBS)

tsan: ## run the live and the unit tests under ThreadSanitizer
	@bash tools/setup build test
	@$(call preset,tsan)
	@ctest --preset tsan -j $(JOBS) -L 'tsan|unit'

fuzz: ## fuzz each target for 15 s, or TARGET=... for TIME=... s; ENGINE=afl
	@JOBS=$(JOBS) TIME=$(or $(TIME),15) ENGINE=$(ENGINE) \
	    bash test/fuzz/run $(TARGET)

coverage: ## which lines and branches of wire/ and core/ the tests run
	@bash tools/setup build test
	@$(call preset,coverage)
	@find build-coverage -name '*.gcda' -delete
	@ctest --preset coverage -j $(JOBS) -L 'unit|play|sim' --output-on-failure
	@tools/coverage build-coverage

valgrind: ## run the unit tests under valgrind
	@bash tools/setup build test lint
	@$(call preset,default)
	@JOBS=$(JOBS) tools/memcheck build

sim: ## live 1,000 random lives, or SEEDS=... of them from FIRST=...
	@bash tools/setup build
	@$(call preset,default) --target mogi-sim
	@echo "$(SEEDS) seeds from $(FIRST)"
	@seq $(FIRST) $$(($(FIRST) + $(SEEDS) - 1)) | xargs -P $(JOBS) -n 1 \
	    sh -c 'out=$$(build/mogi-sim "$$0" 2>&1) || { echo "$$out"; exit 1; }'
	@echo "all is well"

mutants: ## does the simulator find the bugs of test/mutant/?
	@bash tools/setup build
	@tools/mutants $(ARGS)

traces: ## does a seed tell the same story, whoever compiled it?
	@bash tools/setup build lint
	@JOBS=$(JOBS) tools/traces $(ARGS)

foreign: ## do the core and its tests do the same on ARM and PowerPC?
	@bash tools/setup build foreign
	@JOBS=$(JOBS) tools/foreign $(ARGS)

bench-durable: build ## what it costs to keep what is acknowledged
	@bash tools/setup build test
	@cmake --build --preset default -j $(JOBS) --target mogi-store-bench
	@bench/durable $(ARGS)

bench-scaling: build ## what more threads bring: the tables of bench/SCALING.md
	@cmake --build --preset default -j $(JOBS) --target mogi-core-bench
	@bench/scaling $(ARGS)

bench-growth: build ## what a million of something costs: bench/GROWTH.md
	@cmake --build --preset default -j $(JOBS) --target mogi-core-bench
	@bench/growth $(ARGS)

bench-core: build ## measure the core alone: threads, hops, a million of everything
	@cmake --build --preset default -j $(JOBS) --target mogi-core-bench
	@./build/mogi-core-bench scale
	@./build/mogi-core-bench spread
	@./build/mogi-core-bench push
	@./build/mogi-core-bench grow

crash: build ## kill -9 and cut the power, ROUNDS times each (100)
	@ROUNDS=$${ROUNDS:-100} test/live/crash_test.py
	@ROUNDS=$${ROUNDS:-100} test/live/powercut_test.py PowerCutTest

install: ## install under PREFIX (/usr/local), below DESTDIR
	@bash tools/setup build
	@$(call preset,default)
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

clean: ## remove what was built
	@rm -rf build build-asan build-tsan build-clang build-fuzz build-afl \
	    build-coverage
