// Command toy records a history of list-append transactions on a toy database with a bug, for `jcheck elle`.
//
//	go run ./examples/toy > toy.jsonl
package main

import (
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"
)

// toy is the database. One lock for all, so that entries stand in the order in which things happened.
type toy struct {
	mu    sync.Mutex
	lists map[string][]int
	out   *json.Encoder // one JSON object a line
}

// record writes one entry: what a client asked for ("invoke"), or what it was told ("ok", "fail", "info").
func (t *toy) record(kind string, process int, txn ...[]any) {
	if err := t.out.Encode(map[string]any{"type": kind, "process": process, "f": "txn", "value": txn}); err != nil {
		panic(err) // half a history is none
	}
}

// add reads a list and appends to it, in one transaction. The bug: others may come between.
func (t *toy) add(process int, key string, element int) {
	t.mu.Lock()
	t.record("invoke", process, []any{"r", key, nil}, []any{"append", key, element}) // each element only once
	read := t.lists[key]
	t.mu.Unlock()
	time.Sleep(time.Millisecond) // on the way to the database and back
	t.mu.Lock()
	t.lists[key] = append(slices.Clip(read), element)
	t.record("ok", process, []any{"r", key, read}, []any{"append", key, element})
	t.mu.Unlock()
}

func main() {
	t := &toy{lists: map[string][]int{}, out: json.NewEncoder(os.Stdout)}
	var clients sync.WaitGroup
	for process := range 3 {
		clients.Go(func() {
			for i := range 20 {
				t.add(process, "xyz"[i%3:i%3+1], 100*process+i)
			}
		})
	}
	clients.Wait()
}
