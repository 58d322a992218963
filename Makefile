# Everything here is a shorthand: `go build ./cmd/jcheck` and `go test ./...` need no make.

FUZZTIME ?= 60s

.PHONY: build release test test-uml ci fuzz fuzz-linearizable bench bench-linearizable benchmarks docs-pictures man clean

build: ## the commands, static, into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...

BUILDS = cmd/jcollect/internal/node/builds

release: ## the commands for each system, into bin/, jcollect with agents for nodes of each architecture in it
	@trap 'rm -f $(BUILDS)/*.gz' EXIT; set -e; for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags='-s -w' -o bin/agent ./cmd/jcollect; \
		gzip -9n <bin/agent >bin/linux-$$arch.gz; rm bin/agent; \
	done; mv bin/linux-*.gz $(BUILDS)/; \
	for target in linux/amd64 linux/arm64 darwin/arm64; do \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -ldflags='-s -w' -o bin/$$target/ ./cmd/...; \
	done

test: ## what must pass before a push
	go test ./...

test-uml: ## what needs nodes with a kernel of their own, as root (Debian: user-mode-linux, kmod, e2fsprogs); some five minutes
	JCOLLECT_UML=1 go test -count=1 -timeout 10m -v -run UML ./cmd/jcollect/...

ci: ## the same, and all else that the checks on every change run
	.ci/run

fuzz: ## every fuzz target for FUZZTIME, one after another
	@go list ./... | while read -r pkg; do \
		for target in $$(go test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
		done; \
	done

fuzz-linearizable: ## 100,000 random histories of each datatype against Porcupine, and against all orders; some twenty minutes
	go test ./linearizable -count=1 -timeout 5h -v -random 100000 \
		-run '^(TestAgainstAllOrders|TestAgainstPorcupine|TestSessionsAgainstAllOrders)$$' | grep -v '^=== '

bench: build ## what checking costs, against the aims; BIG=1 for 10M transactions as well, HUGE=1 for 22M
	go build -o bin/measure ./internal/sim/measure
	bin/measure $(if $(BIG),-big) $(if $(HUGE),-huge) $(if $(ONLY),-only '$(ONLY)')

bench-linearizable: ## linearizability beside Porcupine, each in a process with limits; ONLY=... for some rows
	go build -o bin/measure ./internal/sim/measure
	bin/measure linearizable $(if $(ONLY),-only '$(ONLY)')
	$(if $(ONLY),,go test -count=1 -run '^$$' -bench CorpusBesidePorcupine -v ./linearizable)

benchmarks: ## of single stages, with bytes and allocations
	go test -run '^$$' -bench . -benchtime 3x -benchmem ./...

docs-pictures: build ## the drawings of docs/anomalies.md, and the guide itself
	PATH="$(CURDIR)/bin:$$PATH" go test ./cmd/jcheck -run '^TestAnomalyGuide$$' -count=1 -rewrite

man: build ## manual pages, into bin/man/, and completions for bash, zsh and fish, into bin/completions/
	bin/jcheck man bin/man
	mkdir -p bin/completions
	for c in jcheck jcollect; do \
		bin/$$c completion bash > bin/completions/$$c.bash && \
		bin/$$c completion zsh > bin/completions/_$$c && \
		bin/$$c completion fish > bin/completions/$$c.fish || exit 1; \
	done

clean: ## what the targets above made
	rm -rf bin
