# Everything here is a shorthand: `go build ./cmd/jcheck` and `go test ./...` need no make.

FUZZTIME ?= 60s
TXNS ?= 1000000

.PHONY: build test ci fuzz bench measure clean

build: ## the commands, static, into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...

test: ## what must pass before a push
	go test ./...

ci: ## the same, and all else that the checks on every change run
	.ci/run

fuzz: ## every fuzz target for FUZZTIME, one after another
	@go list ./... | while read -r pkg; do \
		for target in $$(go test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
		done; \
	done

bench: ## benchmarks, with bytes per transaction
	go test -run '^$$' -bench . -benchtime 3x ./...

measure: build ## processor time and memory of reading and checking TXNS list-append transactions
	go build -o bin/measure ./internal/sim/measure
	bin/jcheck gen -n $(TXNS) --seed 1 --max-writes-per-key 32 --fixed-writes -o bin/measure.edn
	bin/measure bin/jcheck elle -q bin/measure.edn

clean: ## what the targets above made
	rm -rf bin
