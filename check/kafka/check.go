package kafka

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Checker is the name of this checker in its results.
const Checker = "kafka"

// The kinds of anomalies that Check finds, besides the types of cycles.
const (
	InconsistentOffsets = "inconsistent-offsets"
	Duplicate           = "duplicate"
	G1a                 = "G1a"
	GarbageRead         = "garbage-read"
	LostWrite           = "lost-write"
	Unseen              = "unseen"
	PollSkip            = "poll-skip"
	NonmonotonicPoll    = "nonmonotonic-poll"
	IntPollSkip         = "int-poll-skip"
	IntNonmonotonicPoll = "int-nonmonotonic-poll"
	NonmonotonicSend    = "nonmonotonic-send"
	IntSendSkip         = "int-send-skip"
	IntNonmonotonicSend = "int-nonmonotonic-send"
	PrecommittedRead    = "precommitted-read"
)

// Functions are those of this workload's operations.
func Functions() []string {
	return []string{"send", "poll", "txn", "assign", "subscribe", "crash", "debug-topic-partitions"}
}

// The functions by their places.
const (
	sendF = iota
	pollF
	txnF
	assignF
	subscribeF
)

// Options says how to check.
type Options struct {
	// SubVia is how consumers get their keys: "assign", "subscribe" or both. nil means what the history shows. Consumers
	// that subscribe lose keys to others and get them back, so their polls may skip and repeat.
	SubVia []string
	// WWDeps has senders come in the order of the log.
	WWDeps bool
	// JepsenCompat calls a history without any dependency invalid, and polled messages unseen if no message of their key
	// was acknowledged before, as the original does.
	JepsenCompat bool
}

// Validate names the right words if SubVia has another.
func (o Options) Validate() error {
	for _, way := range o.SubVia {
		if way != "assign" && way != "subscribe" {
			return fmt.Errorf("consumers get their keys by %q (hint: assign, subscribe, or both)", way)
		}
	}
	return nil
}

// Check reports whether the messages of each key are one log that consumers see in order and without loss.
//
// Errors are all kinds but these, which are reported but held against nobody: a transaction's sends with others' between
// them (int-send-skip), writes of transactions that interleave (the family of G0); polls that skip or repeat from one
// poll to the next, if consumers subscribe; and with WWDeps the family of G1c.
//
// Fields are the original's: error-types, bad-error-types, info-txn-causes, worst-realtime-lag, and by kind the count and
// the worst errs; unseen instead the time, and by key how many and which messages.
//
// It takes n log n steps, apart from cycles, which are searched for where there are any.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	if err := o.Validate(); err != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}
	}
	c := checker{h: h, o: o, found: make(map[string]*kindFound), keyNumber: make(map[string]int32)}
	for _, stage := range [...]func(context.Context){c.gather, c.order, c.offsets, c.steps, c.messages, c.cycles} {
		if ctx.Err() != nil {
			break
		}
		stage(ctx)
	}
	if ctx.Err() != nil {
		c.reasons = append(c.reasons, check.Interrupted)
	}
	return c.result()
}

// checker is what is known of a history.
type checker struct {
	h         *history.History
	o         Options
	ops       []operation
	last      history.ID // the last operation that was ok
	keys      []*topic
	keyNumber map[string]int32
	found     map[string]*kindFound
	kinds     []string // in the order in which they were found
	reasons   []check.Reason
	strange   int
	causes    []history.Value // the errors of operations whose outcome is unknown, each once
	edges     bool            // some depend on others
	used      [2]bool         // whether clients assign, and subscribe
}

// kindFound is what was found of one kind.
type kindFound struct {
	count int
	list  []finding
}

// finding is an anomaly with what the original prints of it.
type finding struct {
	anomaly check.Anomaly
	err     history.Value
	badness float64 // the worst are listed first
}

// maxFound is how many findings of a kind are kept, the first ones.
const maxFound = 1000

// maxErrs is how many of a kind the fields list.
const maxErrs = 32

// find takes note of an anomaly.
func (c *checker) find(f func() finding, kind string) {
	k := c.found[kind]
	if k == nil {
		k = &kindFound{}
		c.found[kind] = k
		c.kinds = append(c.kinds, kind)
	}
	if k.count++; k.count <= maxFound {
		x := f()
		x.anomaly.Kind = kind
		k.list = append(k.list, x)
	}
}

// subscribes tells whether consumers may lose keys and get them back.
func (c *checker) subscribes() bool {
	if c.o.SubVia == nil {
		return c.used[1]
	}
	return slices.Contains(c.o.SubVia, "subscribe")
}

// allowed tells whether a kind is held against nobody.
func (c *checker) allowed(kind string) bool {
	switch kind {
	case IntSendSkip, "G0", "G0-process", "G0-realtime", "PL-1-cycle-exists", "strong-session-PL-1-cycle-exists", "strong-PL-1-cycle-exists":
		return true
	case PollSkip, NonmonotonicPoll:
		return c.subscribes()
	case "G1c", "G1c-process", "G1c-realtime", "PL-2-cycle-exists", "strong-session-PL-2-cycle-exists", "strong-PL-2-cycle-exists":
		return c.o.WWDeps
	}
	return false
}
