// Command toy records a history of list-append transactions on a toy database with a bug: go run ./examples/toy | jcheck elle -
package main

import (
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"
)

func main() {
	var mu sync.Mutex // one for all: entries stand in the order in which things happened
	var db []int      // the database: a list
	out := json.NewEncoder(os.Stdout)
	record := func(kind string, process, element int, read []int) { // what a client asked for, or what it was told: ok, fail, info
		txn := [][]any{{"r", "x", read}, {"append", "x", element}}
		if err := out.Encode(map[string]any{"type": kind, "process": process, "f": "txn", "value": txn}); err != nil {
			panic(err) // half a history is none
		}
	}
	var clients sync.WaitGroup
	for process := range 3 {
		clients.Go(func() {
			for element := 100 * process; element < 100*process+20; element++ { // each element only once
				mu.Lock()
				record("invoke", process, element, nil)
				read := db
				mu.Unlock()
				time.Sleep(time.Millisecond) // the bug: others may come between
				mu.Lock()
				db = append(slices.Clip(read), element)
				record("ok", process, element, read)
				mu.Unlock()
			}
		})
	}
	clients.Wait()
}
