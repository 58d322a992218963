package check

import (
	"slices"

	"jcheck/history"
)

// Functions tells quickly which of a checker's functions an operation has.
type Functions struct {
	h     *history.History
	names []string
	place map[history.Sym]int
}

// NewFunctions is for operations of h, and the functions of these names.
func NewFunctions(h *history.History, names ...string) *Functions {
	return &Functions{h, names, make(map[history.Sym]int)}
}

// Of is the place among the names of the operation's function; -1 if it has another one, or isn't a client's
// (see OfClient).
func (f *Functions) Of(id history.ID) int {
	if !OfClient(f.h, id) {
		return -1
	}
	s := f.h.F(id)
	at, seen := f.place[s]
	if !seen {
		at = slices.Index(f.names, f.h.Value(s).Text)
		f.place[s] = at
	}
	return at
}

// OfClient tells whether an operation counts as a client's: its process is an integer, or it has none. Small histories are
// often written without processes, and what isn't a client's (a nemesis) always names itself.
func OfClient(h *history.History, id history.ID) bool {
	return h.Client(id) || h.ProcName(h.Proc(id)).IsNil()
}
