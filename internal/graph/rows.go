package graph

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// Edge is one entry of a row: the neighbour and the relations of the edge to it.
type Edge struct {
	To  uint32
	Rel uint8
}

// blockNodes is how many rows one task computes. The split depends on n alone, never on the number of workers, so that
// nothing of the result can depend on it either.
const blockNodes = 4096

// block is the finished rows of blockNodes nodes, at five bytes an edge.
type block struct {
	to  []uint32
	rel []uint8
}

// FromRows builds the graph of n nodes whose row v holds what row appends to buf: in any order, and with repetitions,
// whose relations are united. The rows are computed in parallel, each once: row must be safe for concurrent calls, and
// must not keep buf. The result is the same for any number of workers; 0 means GOMAXPROCS.
//
// Each row is asked for once although that means to copy the finished blocks together (five bytes an edge, for a
// moment): computing a row twice, to count before filling, costs more than the copy.
func FromRows(n, workers int, row func(v uint32, buf []Edge) []Edge) *Graph {
	blocks := make([]block, (n+blockNodes-1)/blockNodes)
	off := make([]uint64, n+1)
	Parallel(len(blocks), workers, func() func(int) {
		var buf []Edge
		var b block
		return func(i int) {
			b.to, b.rel = b.to[:0], b.rel[:0]
			for v := i * blockNodes; v < min(n, (i+1)*blockNodes); v++ {
				buf = merge(row(uint32(v), buf[:0]))
				for _, e := range buf {
					b.to, b.rel = append(b.to, e.To), append(b.rel, e.Rel)
				}
				off[v+1] = uint64(len(buf))
			}
			blocks[i] = block{to: slices.Clone(b.to), rel: slices.Clone(b.rel)}
		}
	})
	for v := range n {
		off[v+1] += off[v]
	}
	g := &Graph{Off: off, To: make([]uint32, off[n]), Rel: make([]uint8, off[n])}
	for i := range blocks {
		at := off[i*blockNodes]
		copy(g.To[at:], blocks[i].to)
		copy(g.Rel[at:], blocks[i].rel)
		blocks[i] = block{}
	}
	return g
}

// shortRow is the length up to which insertion sort beats the general one: nearly every row of a history is shorter.
const shortRow = 16

// merge sorts a row by neighbour, and unites the relations of repeated ones.
func merge(row []Edge) []Edge {
	if len(row) <= shortRow {
		for i := 1; i < len(row); i++ {
			for j := i; j > 0 && row[j].To < row[j-1].To; j-- {
				row[j], row[j-1] = row[j-1], row[j]
			}
		}
	} else {
		slices.SortFunc(row, func(a, b Edge) int { return cmp.Compare(a.To, b.To) })
	}
	out := row[:0]
	for _, e := range row {
		if k := len(out); k > 0 && out[k-1].To == e.To {
			out[k-1].Rel |= e.Rel
			continue
		}
		out = append(out, e)
	}
	return out
}

// Parallel does the tasks 0..n-1 on several goroutines; 0 workers mean GOMAXPROCS. Each worker makes its own task
// function by start, which may hold scratch memory. Tasks must place their results by index.
func Parallel(n, workers int, start func() func(i int)) {
	workers = min(Workers(workers), n)
	if workers <= 1 {
		if n > 0 {
			task := start()
			for i := range n {
				task(i)
			}
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	var broken atomic.Pointer[string]
	for range workers {
		wg.Go(func() {
			defer relay(&broken)
			task := start()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				task(int(i))
			}
		})
	}
	wg.Wait()
	if text := broken.Load(); text != nil {
		panic(*text)
	}
}

// relay keeps a panic for the goroutine that waits: there it is the caller's, whose main knows what a bug's exit code
// is. In a goroutine of its own it would end the program with Go's code 2, which reads as an unknown verdict.
func relay(broken *atomic.Pointer[string]) {
	if p := recover(); p != nil {
		text := fmt.Sprintf("%v\n%s", p, debug.Stack())
		broken.CompareAndSwap(nil, &text)
	}
}

// Workers is the number of goroutines that an option means: 0 stands for GOMAXPROCS.
func Workers(option int) int {
	if option <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return option
}
