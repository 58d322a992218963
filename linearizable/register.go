package linearizable

import (
	"fmt"

	"jcheck/history"
)

// register holds one value that is read and written. A read of nil is one whose answer nobody knows, as in Knossos.
func register() Datatype {
	return Datatype{
		Name:      "register",
		Doc:       "one value: read, write",
		Functions: []string{"read", "write"},
		Init:      func(initial history.Value) (any, error) { return TermOf(initial), nil },
		Step:      registerStep,
		Show:      func(state any) history.Value { return state.(Term).Value() },
		ReadOnly:  is("read"),
		Blind:     is("write"), Overwrites: is("write"),
		fast:  func(o *object) (*proof, bool) { return fastRegister(o, o.init.(Term), registerAccess) },
		order: func(o *object) []int32 { return orderRegister(o, o.init.(Term), registerAccess) },
		access: func(c Call) (Term, access, bool) {
			a, plain := registerAccess(c)
			return "", a, plain
		},
		value: func(state any, _ Term) Term { return state.(Term) },
	}
}

// casRegister is a register with compare-and-set. A failed compare-and-set found another value, if failures count.
func casRegister() Datatype {
	d := register()
	d.Name, d.Doc = "cas-register", "one value: read, write, cas [from to]"
	d.Functions = append(d.Functions, "cas")
	d.Observes = []string{"cas"}
	d.Accepts = func(c Call) error {
		if _, _, ok := pair(c.Value); c.F == "cas" && !ok {
			return fmt.Errorf("the value of a cas is [from to], not %s", c.Value)
		}
		return nil
	}
	d.ReadOnly = func(c Call) bool { return c.F == "read" || c.F == "cas" && c.Outcome == Failed }
	return d
}

func registerStep(state any, c Call) (any, string) {
	now := state.(Term)
	switch c.F {
	case "write":
		return c.Value, ""
	case "cas":
		next, reason := casStep(now, c.Value, c.Outcome, "register")
		return next, reason
	}
	if c.Outcome == OK && !c.Value.IsNil() && c.Value != now {
		return nil, fmt.Sprintf("can't read %s from register %s", c.Value, now)
	}
	return now, ""
}

// casStep is what a compare-and-set, whose value is [from to], makes of the value at a place.
func casStep(now, value Term, outcome Outcome, place string) (next Term, reason string) {
	from, to, _ := pair(value)
	same := now == from || now.IsNil() && from.IsNil()
	switch {
	case outcome == Failed && same:
		return now, fmt.Sprintf("a cas from %s to %s can't fail on %s %s", from, to, place, now)
	case outcome == Failed:
		return now, ""
	case !same:
		return now, fmt.Sprintf("can't cas %s %s from %s to %s", place, now, from, to)
	}
	return to, ""
}
