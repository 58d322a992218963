package linearizable

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// call is one operation on its way through the search. Moments are places in the view of the history: that of the
// invocation, that of the completion.
type call struct {
	inv, ret int32
	kind     int32 // which of object.kinds it is
	id       history.ID
}

// never is when a crashed call returns.
const never = math.MaxInt32

// object is what is checked as one: calls in order of invocation. Many calls are the same but for when they ran; Call
// and what is known of it are kept once for each kind.
type object struct {
	d     Datatype
	init  any
	kinds []Call
	calls []call
	lost  int // crashed calls that could not matter
}

// gather makes calls of the client operations in h. What is ill-formed becomes a reason, and so do operations that aren't
// the datatype's.
func gather(h *history.History, d Datatype, init any, o Options) (*object, []check.Reason) {
	g := gatherer{h: h, obj: &object{d: d, init: init}, o: o, functions: make(map[history.Sym]*function), text: &strings.Builder{}}
	g.spread()
	for i := range h.Size() {
		id := h.At(i)
		if !h.Client(id) {
			continue
		}
		if h.Type(id) == history.Invoke {
			g.invocation(int32(i), id)
		} else if h.Pair(id) == history.None && !g.harmless(id) {
			g.complain(id, "completion-without-invocation", "completes an operation that its process never invoked", "")
		}
	}
	switch {
	case len(g.reasons) > 0:
		return nil, g.reasons
	case g.foreign > 0:
		return nil, g.foreignReason()
	}
	return g.obj, nil
}

// harmless tells whether a completion says nothing though its invocation is missing: it is of a call that changes nothing,
// and whose answer nobody learned.
func (g *gatherer) harmless(id history.ID) bool {
	if g.h.Type(id) != history.Info {
		return false
	}
	return g.obj.d.readOnly(Call{F: g.h.Value(g.h.F(id)).Text, Value: TermOf(g.h.Op(id).Value), Outcome: Crashed})
}

// gatherer is one run of gather.
type gatherer struct {
	h         *history.History
	o         Options
	obj       *object
	functions map[history.Sym]*function
	ranks     *ranks           // of the elements of sets; nil until they are needed
	text      *strings.Builder // memory of terms
	place     []int32          // ID minus that of the view's first → place in the view
	first     history.ID
	reasons   []check.Reason
	foreign   int // operations with a function that the datatype doesn't know
	known     int
	strange   history.ID // the first of them
	buf       []byte
}

// spread notes the places of the view's operations.
func (g *gatherer) spread() {
	n := g.h.Size()
	if n == 0 {
		return
	}
	g.first = g.h.At(0)
	span := int(g.h.At(n-1)-g.first) + 1
	if span > maxGaps*n { // one of many keys: all together would take more memory than the history
		return
	}
	g.place = slices.Repeat([]int32{elsewhere}, span)
	for i := range n {
		g.place[g.h.At(i)-g.first] = int32(i)
	}
}

// maxGaps is up to how many operations of a history may come to one of the view for places to be noted; where they are
// more, places are searched for.
const maxGaps = 16

// elsewhere is the place of an operation that isn't in the view.
const elsewhere = -1

// placeOf is the place of an operation in the view.
func (g *gatherer) placeOf(id history.ID) int32 {
	if at := int64(id) - int64(g.first); at >= 0 && at < int64(len(g.place)) {
		return g.place[at]
	}
	if n := g.h.Size(); g.place == nil {
		if at := sort.Search(n, func(i int) bool { return g.h.At(i) >= id }); at < n && g.h.At(at) == id {
			return int32(at)
		}
	}
	return elsewhere
}

// maxReasons is how many ill-formed operations are told of.
const maxReasons = 20

// complain tells of an ill-formed operation.
func (g *gatherer) complain(id history.ID, code, what, hint string) {
	if len(g.reasons) >= maxReasons {
		return
	}
	text := fmt.Sprintf("%s: this operation %s", g.h.Pos(id), what)
	if hint != "" {
		text += " (hint: " + hint + ")"
	}
	g.reasons = append(g.reasons, check.Reason{Code: code, Text: text, Ops: []history.ID{id}})
}

// foreignReason is why a history with operations of another kind isn't judged.
func (g *gatherer) foreignReason() []check.Reason {
	code, what := "foreign-operations", fmt.Sprintf("%d operations are none of a %s", g.foreign, g.obj.d.Name)
	if g.known == 0 {
		code, what = "another-datatype", "no operation is one of a "+g.obj.d.Name
	}
	f, hint := g.h.Value(g.h.F(g.strange)), "--model says what the object is"
	if f.Text == "txn" {
		hint = "jcheck elle checks transactions"
	}
	return []check.Reason{{Code: code, Ops: []history.ID{g.strange}, Text: fmt.Sprintf("%s: %s, which has %s; this one is %s (hint: %s)",
		g.h.Pos(g.strange), what, strings.Join(g.obj.d.Functions, ", "), f, hint)}}
}

// invocation makes a call of an invocation and its completion, if it has one.
func (g *gatherer) invocation(at int32, inv history.ID) {
	done := g.h.Pair(inv)
	outcome, valued, ret := Crashed, inv, int32(never)
	if done != history.None {
		switch g.h.Type(done) {
		case history.OK:
			outcome, valued, ret = OK, done, g.placeOf(done)
		case history.Fail:
			outcome, ret = Failed, g.placeOf(done)
		}
		if ret == elsewhere {
			g.complain(done, "another-key", fmt.Sprintf("completes that of %s, which has another key", g.h.Pos(inv)),
				"both have the value [key value]")
			return
		}
		if outcome == OK && g.h.F(done) != g.h.F(inv) {
			g.complain(done, "another-function", fmt.Sprintf("completes the %s invoked at %s", g.h.Value(g.h.F(inv)), g.h.Pos(inv)),
				"a completion has the :f of its invocation")
			return
		}
	}
	f := g.function(inv)
	if outcome == Failed && !f.observed {
		g.known++ // it had no effect, and nothing is concluded from that
		return
	}
	if !f.known {
		if g.foreign == 0 {
			g.strange = inv
		}
		g.foreign++
		return
	}
	g.known++
	kind, err := g.kind(valued, f, outcome)
	if err != nil {
		g.complain(valued, "ill-formed", "makes no sense: "+err.Error(), "")
		return
	}
	if outcome == Crashed && g.obj.d.readOnly(g.obj.kinds[kind]) {
		g.obj.lost++
		return
	}
	id := done
	if outcome == Crashed {
		id = inv
	}
	g.obj.calls = append(g.obj.calls, call{inv: at, ret: ret, kind: kind, id: id})
}

// The traits of a call; what a datatype doesn't say never holds.

func (d Datatype) readOnly(c Call) bool { return d.ReadOnly != nil && d.ReadOnly(c) }

func (d Datatype) blind(c Call) bool { return d.Blind != nil && d.Blind(c) }

func (d Datatype) overwrites(c Call) bool { return d.Overwrites != nil && d.Overwrites(c) }
