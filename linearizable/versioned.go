package linearizable

import (
	"fmt"

	"jcheck/history"
	"jcheck/internal/edn"
)

// versionedRegister is a cas-register that counts its updates, as etcd does for a key: values are [version value], with
// the version that a read found and that a write or cas made; nil where it isn't known, as in the invocation. A value read
// as nil of an unknown version is one whose answer nobody knows.
func versionedRegister() Datatype {
	return Datatype{
		Name:      "versioned-register",
		Doc:       "one value that counts its updates: read [version value], write [version value], cas [version [from to]]",
		Functions: []string{"read", "write", "cas"},
		Observes:  []string{"cas"},
		Init: func(initial history.Value) (any, error) {
			if initial.IsNil() {
				return join([]Term{TermOf(edn.NewInt(0)), TermOf(initial)}), nil
			}
			version, value, ok := pair(TermOf(initial))
			if _, isInt := version.Int(); !ok || !isInt {
				return nil, fmt.Errorf("initial value %s is not [version value] (hint: [1 :a])", initial)
			}
			return join([]Term{version, value}), nil
		},
		Accepts:  acceptVersioned,
		Step:     versionedStep,
		Show:     vector,
		ReadOnly: func(c Call) bool { return c.F == "read" || c.F == "cas" && c.Outcome == Failed },
		Blind: func(c Call) bool { // but it never overwrites: it leaves the number of updates behind
			_, known, _ := versionOf(c)
			return c.F == "write" && !known
		},
		fast: fastVersioned,
	}
}

func acceptVersioned(c Call) error {
	if c.Value.IsNil() && c.F == "read" {
		return nil
	}
	version, value, ok := pair(c.Value)
	if !ok {
		return fmt.Errorf("the value of a %s is [version value], not %s", c.F, c.Value)
	}
	if _, isInt := version.Int(); !isInt && !version.IsNil() {
		return fmt.Errorf("the version %s of a %s is neither an integer nor nil", version, c.F)
	}
	if _, _, ok := pair(value); c.F == "cas" && !ok {
		return fmt.Errorf("the value of a cas is [version [from to]], not %s", c.Value)
	}
	return nil
}

// versionOf takes a call apart. The version that the invocation of a crashed or failed one named says nothing.
func versionOf(c Call) (version int64, known bool, value Term) {
	v, value, _ := pair(c.Value)
	version, known = v.Int()
	return version, known && c.Outcome == OK, value
}

func versionedStep(state any, c Call) (any, string) {
	all, _ := split(state.(string), -1)
	now := all[1]
	count, _ := all[0].Int()
	version, known, value := versionOf(c)
	if c.F == "read" {
		switch {
		case c.Outcome != OK:
		case known && version != count:
			return nil, fmt.Sprintf("can't read version %d from a register of version %d", version, count)
		case (known || !value.IsNil()) && value != now:
			return nil, fmt.Sprintf("can't read %s from register %s of version %d", value, now, count)
		}
		return state, ""
	}
	to := value
	if c.F == "cas" {
		var from Term
		from, to, _ = pair(value)
		switch {
		case c.Outcome == Failed && now == from:
			return nil, fmt.Sprintf("a cas from %s to %s can't fail on register %s", from, to, now)
		case c.Outcome == Failed:
			return state, ""
		case now != from:
			return nil, fmt.Sprintf("can't cas register %s from %s to %s", now, from, to)
		}
	}
	if known && version != count+1 {
		return nil, fmt.Sprintf("can't make version %d of a register of version %d", version, count)
	}
	return join([]Term{TermOf(edn.NewInt(count + 1)), to}), ""
}
