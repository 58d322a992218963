package elle

import (
	"context"
	"errors"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/graph"
)

// inference is what a workload concludes from observations. Everything in it is a pure function of the history and the
// options: parallel work is placed by index.
type inference struct {
	in        *graph.Graph    // rows of predecessors: the data edges and the process edges INTO each node (premises.graph)
	prefer    []cycle.Rel     // by which relation an edge with several of them is explained, best first
	vertices  bool            // the data graph has vertices besides those of its edges (suppressed self-edges)
	anomalies []check.Anomaly // those that aren't cycles; of one kind in history order
	reasons   []check.Reason  // preconditions that failed: the verdict is Unknown and nothing else is looked at
	partial   []check.Reason  // why the graph lacks edges: what it proves holds, but it can't prove a history valid
	notes     []check.Note
	explain   func(e edge) check.Step // for the data relations only; process and realtime are the same for all workloads
}

// edge is one step of a cycle, to be explained: why the transaction of node a must come before that of node b.
type edge struct {
	a, b   uint32
	rel    cycle.Rel
	ta, tb string // what to call the two in Step.Text: "T1", "T2"
}

// infer is the workload's way from observations to an inference. ctx is looked at between stages of work; an inference
// that was cut short is never used.
func (w Workload) infer(ctx context.Context, p *premises) inference {
	switch w {
	case RWRegister:
		return inferRegister(ctx, p)
	case ClosedPredicate:
		return inferPredicate(ctx, p)
	default:
		return inferListAppend(ctx, p)
	}
}

var workloadNames = [...]string{"auto", "list-append", "rw-register", "closed-predicate"}

// String is the workload's name as the command line spells it.
func (w Workload) String() string {
	if int(w) >= len(workloadNames) {
		return fmt.Sprintf("workload %d", uint8(w))
	}
	return workloadNames[w]
}

// ParseWorkload is the workload with that name.
func ParseWorkload(name string) (Workload, error) {
	for i, n := range workloadNames {
		if n == name {
			return Workload(i), nil
		}
	}
	return Auto, fmt.Errorf("unknown workload %q (hint: auto, list-append, rw-register or closed-predicate)", name)
}

// ErrForeign is wrapped by every ForeignError.
var ErrForeign = errors.New("no transaction of a workload that elle knows")

// ForeignError is a history whose client operations are none of the workload's transactions.
type ForeignError struct {
	Want Workload   // what was asked for; Auto if anything would have done
	Is   Workload   // the workload that the transactions do belong to; Auto if none
	F    string     // the function of the first foreign operation ("read", "cas", ...), "" if it names none
	Op   history.ID // that operation
	Hint string     // which command fits
}

func (e *ForeignError) Error() string {
	what := "transactions of list-append, rw-register or closed-predicate"
	if e.Want != Auto {
		what = e.Want.String() + " transactions"
	}
	found := "its operations are none"
	if e.F != "" {
		found = fmt.Sprintf("its operations have f %s", e.F)
	}
	if e.Is != Auto {
		found = "its transactions are of " + e.Is.String()
	}
	return fmt.Sprintf("not a history of %s: %s (hint: %s)", what, found, e.Hint)
}

// Unwrap lets errors.Is find ErrForeign.
func (e *ForeignError) Unwrap() error { return ErrForeign }
