// Command toy records a history of list-append transactions on a toy database with a bug: go run ./examples/toy | jcheck elle -
package main

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	var db atomic.Value // the database: a list
	db.Store([]int{})
	var clients sync.WaitGroup
	for process := range 3 {
		clients.Go(func() {
			for element := 100 * process; element < 100*process+20; element++ { // each element only once
				const invoked = "{:type :invoke, :process %d, :f :txn, :value [[:r :x nil] [:append :x %d]]}\n"
				fmt.Printf(invoked, process, element) // written before anything is done
				read := db.Load().([]int)
				time.Sleep(time.Millisecond) // the bug: others may come between
				db.Store(append(slices.Clip(read), element))
				const done = "{:type :ok, :process %d, :f :txn, :value [[:r :x %v] [:append :x %d]]}\n"
				fmt.Printf(done, process, read, element) // written after everything was done
			}
		})
	}
	clients.Wait()
}
