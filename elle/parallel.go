package elle

import (
	"runtime"

	"jcheck/internal/graph"
)

// workersOf is the degree of parallelism that the options ask for.
func workersOf(o Options) int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// spread runs f(i) for every i in [0, n) on up to workers goroutines, which take the next i as they come free. f must
// put its result in a place of its own, so that nothing depends on which goroutine ran when.
func spread(n, workers int, f func(i int)) {
	graph.Parallel(n, workers, func() func(int) { return f })
}

// blockSize is how many operations one piece of parallel work has.
const blockSize = 16384

// blocks cuts [0, n) into pieces and runs f(piece, lo, hi) for each. The cut depends on n alone. It returns the number
// of pieces, so that results can be collected in order.
func blocks(n, workers int, f func(piece, lo, hi int)) {
	spread(numBlocks(n), workers, func(i int) {
		f(i, i*blockSize, min((i+1)*blockSize, n))
	})
}

// numBlocks is the number of pieces that blocks cuts [0, n) into.
func numBlocks(n int) int { return (n + blockSize - 1) / blockSize }
