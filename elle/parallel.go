package elle

import (
	"runtime"
	"sync"
	"sync/atomic"
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
	if workers <= 1 || n <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
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
