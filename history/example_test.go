package history_test

import (
	"context"
	"fmt"
	"os"

	"jcheck/history"
)

const twoTxns = `
{:type :invoke, :process 0, :f :txn, :value [[:append :x 1] [:r :x nil]]}
{:type :invoke, :process 1, :f :txn, :value [[:r :x nil]]}
{:type :ok, :process 0, :f :txn, :value [[:append :x 1] [:r :x [1]]]}
{:type :info, :process 1, :f :txn, :value [[:r :x nil]], :error :timeout}
`

// Without this the package's front door could change under library users: reading, walking, pairs, readable operations.
func Example() {
	h, err := history.Read(context.Background(), "two.edn", []byte(twoTxns), history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for id := range h.All() {
		op := h.Op(id)
		fmt.Printf("%s: process %s %s %s, other half %d\n", h.Pos(id), op.Process, op.Type, op.Value, h.Pair(id))
	}
	// Output:
	// two.edn:2:1: process 0 invoke [[:append :x 1] [:r :x nil]], other half 2
	// two.edn:3:1: process 1 invoke [[:r :x nil]], other half 3
	// two.edn:4:1: process 0 ok [[:append :x 1] [:r :x [1]]], other half 0
	// two.edn:5:1: process 1 info [[:r :x nil]], other half 1
}

// Without this the way to work on micro-operations without making them readable could break unseen.
func ExampleHistory_Mops() {
	h, err := history.Read(context.Background(), "two.edn", []byte(twoTxns), history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for id := range h.All() {
		if h.Type(id) != history.OK {
			continue
		}
		mops := h.Mops(id)
		for i := range mops {
			if m := &mops[i]; m.Shape == history.List {
				fmt.Println("key", h.Value(h.KeySym(m.Key)), "read as", h.List(m.List())[:m.Len])
			}
		}
	}
	// Output: key :x read as [1]
}

// Without this a view could be written with other indices than the whole has.
func ExampleWriter() {
	h, err := history.Read(context.Background(), "two.edn", []byte(twoTxns), history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := history.NewWriter(os.Stdout, history.FormatJSON)
	for id := range h.Select([]history.ID{1, 3}).All() {
		if err := w.Write(h.Op(id)); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Flush(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"index": 1, "type": "invoke", "process": 1, "f": "txn", "value": [["r", "x", null]]}
	// {"index": 3, "type": "info", "process": 1, "f": "txn", "value": [["r", "x", null]], "error": "timeout"}
}
