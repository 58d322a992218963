// Package check holds what every checker returns.
package check

import "jcheck/history"

// Verdict is a checker's answer. The zero value is Unknown: a forgotten Result must not read "valid".
type Verdict uint8

const (
	Unknown Verdict = iota
	Valid
	Invalid
)

// String is the verdict's name.
func (v Verdict) String() string { return [...]string{"unknown", "valid", "invalid"}[v] }

// Worse merges two verdicts: Invalid > Unknown > Valid.
func Worse(a, b Verdict) Verdict {
	rank := [...]int{Unknown: 1, Valid: 0, Invalid: 2}
	if rank[a] >= rank[b] {
		return a
	}
	return b
}

// Reason says why a verdict is Unknown.
type Reason struct {
	Code string // stable name: "empty-transaction-graph", "duplicate-appends", "timeout", ...
	Text string // a sentence for people
	Ops  []history.ID
}

// Note is a warning that doesn't change the verdict.
type Note struct {
	Code string
	Text string
	Ops  []history.ID
}

// Models says what a result means for consistency models. All names are the friendly ones, sorted.
type Models struct {
	Asked     []string // what the verdict is about
	Not       []string // the weakest models that are ruled out
	AlsoNot   []string // the stronger ones that fall with them
	Strongest []string // the strongest models that are still possible
}

// Step leads from one witness operation of a cycle to the next.
type Step struct {
	Type   string          // "ww", "wr", "rw", "wrp", "rwp", "process", "realtime", ...
	Fields []history.Field // key, value, value', a-mop-index, b-mop-index, ... in the original's order
	Text   string          // why the one must come before the other; names them by their place in Anomaly.Ops: "T1" is Ops[0]
}

// Edge says that one operation must come before another. From and To are places in a list of operations, and the text of
// the step calls its first operation T1.
type Edge struct {
	From, To int
	Step     Step
}

// Graph is a set of operations that order each other in circles (a strongly connected component), for drawing.
type Graph struct {
	Ops   []history.ID // ascending
	Edges []Edge       // all that orders Ops, ascending by From, then To
	// Total is how many operations there are in all. If it's more than len(Ops), there were too many to be drawn, and
	// Ops and Edges are those of the cycles that were found among them.
	Total int
}

// Path is one way in which a search went on until it got stuck (linearizability): in state Start the operations Before took
// effect, one after another, and then Op could not.
type Path struct {
	Op     history.ID
	State  history.Value // in which Op would have had to take effect
	Reason string        // why it can't have, with the answer that it gave
	Start  history.Value
	Before []Taken // those worth showing
	After  int     // how many others took effect between the last of Before and Op
}

// Taken is an operation that took effect.
type Taken struct {
	Op    history.ID
	State history.Value // after it
	After int           // how many operations that aren't shown took effect since the one before it, or since the beginning
}

// Anomaly is one proof that something is wrong.
type Anomaly struct {
	Kind   string          // the field's name: "G-single-realtime", "lost-update", "wrong-total"
	Ops    []history.ID    // witness, in the order in which Text names them T1, T2, ...
	Steps  []Step          // for a cycle: Steps[i] leads from Ops[i] to the next, the last one back to Ops[0]
	Among  []Edge          // for a cycle: what else orders Ops, if asked for: Steps aren't repeated
	Fields []history.Field // key, element, expected, duplicates, scc, subgraph, ...
	Paths  []Path
	Total  int    // how many such there were, if only some are listed
	Text   string // the story, speaking of T1, T2, ...; ops and steps are printed by render
}

// RecognisedField is the field of a composed result that says which checkers the history was recognised for, and why: a map.
const RecognisedField = "recognised"

// Part is the result of an independent key or of a composed checker.
type Part struct {
	Name   string
	Result Result
}

// Result is what every checker returns.
type Result struct {
	Checker   string
	Verdict   Verdict
	Reasons   []Reason
	Anomalies []Anomaly // worst first
	Models    Models
	Fields    []history.Field // the original's own result keys
	Parts     []Part
	Composed  bool // Parts are other checkers' results, by their names; otherwise those of independent keys
	Notes     []Note
	Graphs    []Graph // for drawing, if asked for: the encoders leave them out
}
