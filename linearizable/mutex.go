package linearizable

import (
	"fmt"

	"jcheck/history"
	"jcheck/internal/edn"
)

// mutex is a lock that one holds at a time. Who holds it isn't looked at, as in Knossos: anybody may release it.
func mutex() Datatype {
	return Datatype{
		Name:      "mutex",
		Doc:       "a lock: acquire, release",
		Functions: []string{"acquire", "release"},
		Init: func(initial history.Value) (any, error) {
			if !initial.IsNil() && initial.Kind != edn.Bool {
				return nil, fmt.Errorf("initial value %s of a mutex (hint: true if it is held before the history begins)", initial)
			}
			return initial.Bool(), nil
		},
		Step: func(state any, c Call) (any, string) {
			held := state.(bool)
			switch {
			case c.F == "acquire" && held:
				return nil, "can't acquire a mutex that is held"
			case c.F == "release" && !held:
				return nil, "can't release a mutex that is free"
			}
			return !held, ""
		},
		Show: func(state any) history.Value {
			if state.(bool) {
				return edn.NewKeyword("held")
			}
			return edn.NewKeyword("free")
		},
	}
}
