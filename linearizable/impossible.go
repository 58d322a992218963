package linearizable

// The bounds of impossible: states, kinds of calls, and states that kinds of calls lead to.
const (
	maxImpossibleStates = 256
	maxImpossibleKinds  = 4096
	maxImpossibleSteps  = 1 << 16
)

// impossible finds a call that can't have answered as it did even if every call invoked by its return could have happened
// any number of times: a read of a value that nobody had begun to write, say. That needs no search, and with many open or
// crashed calls one would try all their orders in vain. It is nil if there is no such call, or the object has too many
// states to tell.
func (o *object) impossible() *proof {
	if len(o.kinds) > maxImpossibleKinds {
		return nil
	}
	r := reach{states: newStates(o), possible: make([]bool, len(o.kinds)), begun: make([]bool, len(o.kinds))}
	for _, m := range o.moments() {
		if m.call < 0 {
			continue
		}
		kind := o.calls[m.call].kind
		switch {
		case !m.ret && !r.begin(kind):
			return nil
		case m.ret && !r.allows(kind):
			return &proof{[]int32{m.call}, "T1 can't have answered so, whatever was done by then: no order of the operations that had been invoked, " +
				"each as often as one likes, leads to a state that allows it."}
		}
	}
	return nil
}

// reach is the states that the calls begun so far could lead to.
type reach struct {
	states   *states // all that were met
	changes  []int32 // kinds begun that change some state
	begun    []bool  // by kind
	possible []bool  // by kind: some state allows it; that remains so
	steps    int
}

// begin adds what calls of a kind can lead to; false if there are too many states.
func (r *reach) begin(kind int32) bool {
	if r.begun[kind] {
		return true
	}
	r.begun[kind] = true
	if d := r.states.obj.d; d.readOnly(r.states.obj.kinds[kind]) {
		return true
	}
	old := len(r.states.all)
	r.changes = append(r.changes, kind)
	for s := 0; s < len(r.states.all); s++ {
		if s < old { // the other kinds were applied to it
			r.steps++
			r.states.step(int32(s), kind)
		} else {
			r.steps += len(r.changes)
			for _, k := range r.changes {
				r.states.step(int32(s), k)
			}
		}
		if len(r.states.all) > maxImpossibleStates || r.steps > maxImpossibleSteps {
			return false
		}
	}
	return true
}

// allows tells whether some state allows a call.
func (r *reach) allows(kind int32) bool {
	for s := 0; s < len(r.states.all) && !r.possible[kind]; s++ {
		r.possible[kind] = r.states.step(int32(s), kind) >= 0
	}
	return r.possible[kind]
}
