package elle_test

import (
	"context"
	"fmt"
	"strings"

	"jcheck/elle"
	"jcheck/history"
)

// Two clients each read x while it was empty and then appended to it: one of the two appends was made without having
// seen the other.
const lostUpdate = `
{:index 0, :type :invoke, :process 0, :f :txn, :value [[:r :x nil] [:append :x 1]]}
{:index 1, :type :invoke, :process 1, :f :txn, :value [[:r :x nil] [:append :x 2]]}
{:index 2, :type :ok,     :process 0, :f :txn, :value [[:r :x []]  [:append :x 1]]}
{:index 3, :type :ok,     :process 1, :f :txn, :value [[:r :x []]  [:append :x 2]]}
{:index 4, :type :invoke, :process 0, :f :txn, :value [[:r :x nil]]}
{:index 5, :type :ok,     :process 0, :f :txn, :value [[:r :x [1 2]]]}`

// Check a history of transactions that append to lists and read them.
func ExampleCheck() {
	ctx := context.Background()
	h, err := history.Read(ctx, "example", []byte(strings.TrimSpace(lostUpdate)), history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()

	r := elle.Check(ctx, h, elle.Options{Models: []string{"snapshot-isolation"}})
	fmt.Println(r.Verdict)
	for _, a := range r.Anomalies {
		fmt.Println(a.Kind, a.Ops)
	}
	fmt.Println("ruled out:", strings.Join(r.Models.Not, ", "))
	// Output:
	// invalid
	// G-single-item [3 2]
	// lost-update [2 3]
	// ruled out: cursor-stability, update-atomic
}

// Ask which kind of transactions a history holds, before checking it.
func ExampleRecognise() {
	h, err := history.Read(context.Background(), "example", []byte(
		`{:type :ok, :process 0, :f :read, :value 3}`), history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()

	_, err = elle.Recognise(h, elle.Auto)
	fmt.Println(err)
	// Output:
	// not a history of transactions of list-append, rw-register or closed-predicate: its operations have f read (hint: jcheck linearizable checks registers; jcheck elle wants transactions like [[:append 1 2] [:r 3 nil]])
}
