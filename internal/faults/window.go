// Package faults tells when which fault was on, by what the nemesis of a history did: jcollect's, or Jepsen's. It knows the
// names of their operations and nothing else of them.
package faults

import (
	"cmp"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A Window is the time in which a fault was on, as a history has it.
type Window struct {
	Fault   string        // partition, kill, ...
	F       string        // the operation that began it
	Value   history.Value // what was done to whom, as the nemesis said; as it was asked if it said nothing
	StartNS int64         // when its injection was begun, since the start of the run
	OnNS    int64         // when the injection had ended: by then it was surely on; -1 if the history ends before
	HealNS  int64         // when its healing was begun: until then it was surely on; -1 if it never was
	EndNS   int64         // when the healing had ended; -1 if the history ends before
	Wrong   bool          // its injection went wrong, in part at least: Value says on which nodes
}

// Of are the times of all faults of a history, in the order of their beginnings, and the time of its last operation, which
// is as far as those last that were never healed.
func Of(h *history.History) (list []Window, lastNS int64) {
	var ops []history.Op // of the nemesis: few
	for id := range h.All() {
		lastNS = max(lastNS, h.Time(id))
		if !h.Client(id) {
			ops = append(ops, h.Op(id))
		}
	}
	return Windows(ops), lastNS
}

// Windows are the times of all faults of a history, of whose operations those of clients may be missing, in the order of
// their beginnings. Faults that heal themselves, such as a restart, last as long as their operation.
func Windows(ops []history.Op) []Window {
	roles := rolesIn(ops)
	var list []Window
	open := map[string]int{} // fault → its window in list
	var begun *history.Op    // the nemesis's operation that goes on
	for _, op := range ops {
		if !ofNemesis(op) {
			continue
		}
		if begun == nil || !edn.Equal(begun.F, op.F) {
			begun = &op
			list = roles.began(list, open, op)
			continue
		}
		list = roles.ended(list, open, op)
		begun = nil
	}
	list = append(list, removals(ops)...)
	slices.SortStableFunc(list, func(a, b Window) int { return cmp.Compare(a.StartNS, b.StartNS) })
	return list
}

// began takes an invocation of the nemesis.
func (r roles) began(list []Window, open map[string]int, op history.Op) []Window {
	fault, role := r.of(op.F.Text)
	switch role {
	case begins, once:
		if i, on := open[fault]; on { // the new one takes its place
			list[i].HealNS, list[i].EndNS = op.Time, op.Time
		}
		open[fault] = len(list)
		return append(list, Window{Fault: fault, F: op.F.Text, Value: op.Value, StartNS: op.Time, OnNS: -1, HealNS: -1, EndNS: -1})
	case ends:
		for name, i := range open {
			if fault == "" || name == fault {
				list[i].HealNS = op.Time
			}
		}
	}
	return list
}

// ended takes a completion of the nemesis. A heal that went wrong ends nothing: the fault may be on still.
func (r roles) ended(list []Window, open map[string]int, op history.Op) []Window {
	fault, role := r.of(op.F.Text)
	if role == none {
		return list
	}
	failed := slices.ContainsFunc(op.Extra, func(f history.Field) bool { return f.Name == "error" })
	for name, i := range open {
		if fault != "" && name != fault {
			continue
		}
		switch {
		case role == begins || role == once:
			list[i].OnNS, list[i].Wrong = op.Time, failed
			if !op.Value.IsNil() {
				list[i].Value = op.Value
			}
			if role == once {
				list[i].HealNS, list[i].EndNS = op.Time, op.Time
				delete(open, name)
			}
		case failed:
			list[i].HealNS = -1
		default:
			list[i].EndNS = op.Time
			delete(open, name)
		}
	}
	return list
}

// A role is what an operation means for the time in which a fault is on.
type role uint8

const (
	none role = iota
	begins
	ends
	once // its effect needs no healing, or stays
)

// unnamed is the fault of a nemesis that only says start and stop.
const unnamed = "fault"

// roles says what operations mean in one history. Where something is stopped, start and stop are a fault without a name, as of
// Jepsen's simpler nemeses; else start is what follows a kill.
type roles struct{ startStop bool }

func rolesIn(ops []history.Op) roles {
	return roles{slices.ContainsFunc(ops, func(op history.Op) bool { return ofNemesis(op) && op.F.Text == "stop" })}
}

func ofNemesis(op history.Op) bool {
	return op.Process.Kind == edn.Keyword && op.Process.Text == "nemesis"
}

// of is the fault that an operation is about, and what it means for it. A heal is about all: "".
func (r roles) of(f string) (fault string, means role) {
	if r.startStop && f == "start" {
		return unnamed, begins
	}
	switch f {
	case "heal":
		return "", ends
	case "stop":
		return unnamed, ends
	case "kill":
		return "kill", begins
	case "start":
		return "kill", ends
	case "pause":
		return "pause", begins
	case "resume":
		return "pause", ends
	case "bump-clock", "strobe-clock", "scramble-clock", "bump", "strobe", "scramble":
		return "clock", begins
	case "reset-clock", "reset":
		return "clock", ends
	case "fill-disk":
		return "disk-full", begins
	case "free-disk":
		return "disk-full", ends
	case "check-clock-offsets", "check-offsets", "snapshot-file-chunks", "check-members", "remove-node", "add-node": // removals has these
		return "", none
	}
	if fault, ok := strings.CutPrefix(f, "start-"); ok {
		return fault, begins
	}
	if fault, ok := strings.CutPrefix(f, "stop-"); ok {
		return fault, ends
	}
	return f, once
}

// removals are the times for which each node was no member of its cluster: several may be away at once.
func removals(ops []history.Op) []Window {
	var list []Window
	away := map[string]int{} // node → its window in list
	var begun *history.Op
	for _, op := range ops {
		if !ofNemesis(op) {
			continue
		}
		if begun == nil || !edn.Equal(begun.F, op.F) {
			begun = &op
			continue
		}
		switch op.F.Text {
		case "remove-node":
			if name := removedOf(op.Value); name != "" {
				away[name] = len(list)
				list = append(list, Window{Fault: "membership", F: op.F.Text, Value: op.Value, StartNS: begun.Time, OnNS: op.Time, HealNS: -1, EndNS: -1})
			}
		case "add-node", "heal":
			for name, i := range away {
				if returned(op, name) {
					list[i].HealNS, list[i].EndNS = begun.Time, op.Time
					delete(away, name)
				}
			}
		}
		begun = nil
	}
	if begun != nil && begun.F.Text == "remove-node" { // the history ends before anybody knew
		list = append(list, Window{Fault: "membership", F: begun.F.Text, Value: begun.Value, StartNS: begun.Time, OnNS: -1, HealNS: -1, EndNS: -1})
	}
	return list
}

// removedOf is the node that a removal says it removed, or perhaps removed; "" if none.
func removedOf(v history.Value) string {
	if v.Kind != edn.Vector || len(v.Items) != 2 || v.Items[1].Kind != edn.String {
		return ""
	}
	if what := v.Items[0].Text; what != "removed" && what != "perhaps-removed" {
		return ""
	}
	return v.Items[1].Text
}

// returned tells whether a node is a member again, by an operation that adds nodes or heals all.
func returned(op history.Op, name string) bool {
	for _, f := range op.Extra {
		if f.Name == "members" {
			return slices.ContainsFunc(f.Value.Items, func(v history.Value) bool { return v.Text == name })
		}
	}
	outcome, ok := op.Value.Get(edn.NewString(name))
	return ok && outcome.Kind == edn.Keyword // an error is a text
}
