package linearizable

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// Outcome is what became of a call.
type Outcome uint8

const (
	// OK calls returned; what they answered is known.
	OK Outcome = iota
	// Failed calls returned without having had an effect, and that they could not have one is an observation. Only with
	// Options.Failed = Observe, and for functions that a datatype Observes.
	Failed
	// Crashed calls may take effect at any time after their invocation, or never.
	Crashed
)

// Call is one operation as a datatype sees it. For an OK call, Value is the value of the completion (as in Knossos the
// completion has the last word); otherwise that of the invocation.
type Call struct {
	F       string // without the colon: "read"
	Value   Term
	Outcome Outcome
}

// Datatype is the sequential specification of an object, in plain functions. States are of any type that == compares; of
// any other type (slices, maps, or what holds them) if there are Hash and Equal. All functions are pure, and may be called from several goroutines.
type Datatype struct {
	Name string
	Doc  string
	// Functions are the names of the calls that the datatype knows.
	Functions []string
	// Init is the state before the history. The argument is the nil value unless the user gave one.
	Init func(initial history.Value) (state any, err error)
	// Accepts tells what is wrong with a call that no state could ever make sense of; nil if all calls of the known
	// functions make sense.
	Accepts func(c Call) error
	// Step is the state after call c in the given state, or the reason why c can't have answered so there. For a Crashed
	// call it is the effect that c has if it happens, whatever it answered.
	Step func(state any, c Call) (next any, reason string)
	// Show makes a state readable.
	Show func(state any) history.Value
	// Keys are the names of the independent parts of the object that a call touches; calls that are linked by no key
	// are checked apart from each other. Nil: the object has no parts.
	Keys func(c Call) []Term
	// Observes are the functions whose failure says something about the state (a compare-and-set).
	Observes []string

	// Hash and Equal compare states that == does not: equal states have equal hashes. Both or neither; nil means ==.
	Hash  func(state any) uint64
	Equal func(a, b any) bool

	// Traits that make the search quicker. Each must hold in every state; nil means never.
	ReadOnly   func(c Call) bool // never changes the state
	Blind      func(c Call) bool // possible in every state
	Overwrites func(c Call) bool // Blind, and the next state doesn't depend on the state before

	adds  func(c Call) bool                          // only ever adds to what is there, so that ahead knows it
	ahead func(state any, c Call) bool               // whether a read c may become possible after the state by calls that add; nil: unknown
	fast  func(o *object) (why *proof, applies bool) // decides some histories without a search
	order func(o *object) []int32                    // a linearization of what fast found to have one; nil if it knows none
	// alone is what is left of an object if only what the given calls are about is kept; if the whole is linearizable, so is
	// that. Nil where nothing can be left out.
	alone func(o *object, calls []int32) *object

	// Of a register or a map of such: which key a call is about and what it does there, and what a key holds in a state.
	access func(c Call) (key Term, a access, plain bool)
	value  func(state any, key Term) Term
}

// Datatypes are all that are built in, by name.
func Datatypes() []Datatype {
	return []Datatype{
		register(), casRegister(), versionedRegister(), multiRegister(), mutex(), growSet(), fifoQueue(), unorderedQueue(),
		priorityQueue(), stack(), counter(), kv(), listAppend(),
	}
}

// Find is the datatype of the given name.
func Find(name string) (Datatype, error) {
	all := Datatypes()
	i := slices.IndexFunc(all, func(d Datatype) bool { return d.Name == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.Name
	}
	return Datatype{}, fmt.Errorf("unknown datatype %q (hint: %s)", name, strings.Join(names, ", "))
}

// is makes a trait: that of the calls of the given functions.
func is(names ...string) func(Call) bool {
	return func(c Call) bool { return slices.Contains(names, c.F) }
}

// pair takes apart a value of two elements.
func pair(t Term) (a, b Term, ok bool) {
	n, items, ok := t.inside()
	if !ok || n != 2 {
		return "", "", false
	}
	a, rest := cutTerm(items)
	return a, Term(rest), true
}

// vector makes a state of several terms readable.
func vector(state any) history.Value {
	terms, _ := split(state.(string), -1)
	items := make([]history.Value, len(terms))
	for i, t := range terms {
		items[i] = t.Value()
	}
	return edn.NewVector(items)
}

// initialItems is an initial state given as a list or set of elements.
func initialItems(initial history.Value) ([]Term, error) {
	if initial.IsNil() {
		return nil, nil
	}
	items, ok := TermOf(initial).Items()
	if !ok {
		return nil, fmt.Errorf("initial value %s is not a collection (hint: [1 2 3])", initial)
	}
	return items, nil
}
