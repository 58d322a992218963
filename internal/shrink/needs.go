package shrink

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// needs knows which units others rely on: whoever may have written what a unit saw, or taken away what it wrote.
//
// Let the kept units hold, for each value that one of them saw, all that may have written it. Then whatever order of all
// operations explains the whole history explains the kept ones as well: each kept unit still finds the value that it saw,
// since its writer is kept and the others that come between don't write it. What shows a list or a set of elements needs
// no one: an element is left out of it together with the one who added it.
type needs struct {
	givers  map[string][]int32 // a term → the units that may have written it, by the ends of their operations
	takers  map[string][]int32 // a term → the units that took it away (dequeue)
	aborted map[string][]int32 // a term → the units that failed to write it
	sees    [][]string         // a unit → the terms that it relies on
	gives   [][]string
	fixed   []int32 // units that are never left out
	spans   []span
	// elements says that lists are of elements that were written one by one, not values that were written as a whole.
	elements bool
	hider    []int32 // by unit: of the writes that were over before it began, the one that began last; -1 if there is none
}

// span is from when to when a unit's operation ran, and whether it surely happened.
type span struct {
	from, to history.ID
	sure     bool
}

const never history.ID = math.MaxInt32

// findNeeds looks at all units once.
func (s *shrinker) findNeeds() {
	n := &needs{givers: make(map[string][]int32), takers: make(map[string][]int32), aborted: make(map[string][]int32)}
	s.needs = n
	if s.o.Trust == Facts {
		return
	}
	n.sees, n.gives, n.spans = make([][]string, len(s.units)), make([][]string, len(s.units)), make([]span, len(s.units))
	n.elements = s.elementwise()
	for u := range s.units {
		n.look(s, int32(u))
	}
	for _, list := range n.givers {
		slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(n.spans[a].to, n.spans[b].to) })
	}
	if s.o.Realtime {
		n.findHidden(s)
	}
}

// elementwise tells whether lists and sets are shown by reads only, and written element by element.
func (s *shrinker) elementwise() bool {
	for _, u := range s.units {
		if id := u.ids[0]; s.h.Type(id) == history.Invoke && len(s.h.Elems(id)) > 0 && s.h.Value(s.h.F(id)).Text != "cas" {
			return false
		}
	}
	return true
}

// look takes note of a unit.
func (n *needs) look(s *shrinker, u int32) {
	ids := s.units[u].ids
	n.spans[u] = span{from: ids[0], to: never}
	said := s.h.Op(ids[0])
	var answer history.Op
	ok, failed := said.Type == history.OK, said.Type == history.Fail
	if ids[1] != history.None {
		answer = s.h.Op(ids[1])
		if ok, failed = answer.Type == history.OK, answer.Type == history.Fail; ok || failed {
			n.spans[u].to = ids[1]
		}
	} else if ok {
		answer, n.spans[u].to = said, ids[0]
	}
	n.spans[u].sure = ok
	from, to, swaps := fromTo(said)
	switch role := n.roleOf(said.F, s.o.Sums); {
	case s.over(s.units[u]), !check.OfClient(s.h, ids[0]): // a nemesis: nobody relies on it
	case role == fixes && !failed, role == takes && !ok && !failed:
		n.fixed = append(n.fixed, u)
	case role == takes && ok:
		n.sees[u] = n.said(answer, true)
		for _, t := range n.sees[u] {
			n.takers[t] = append(n.takers[t], u)
		}
	case swaps:
		if failed {
			n.failed(u, []string{term(said.Key, to)})
			return
		}
		n.sees[u] = []string{term(said.Key, from)}
		n.give(u, []string{term(said.Key, to)})
	default:
		if ok {
			n.sees[u] = n.said(answer, true)
		}
		if failed && s.o.Trust == Order {
			n.failed(u, n.said(said, false))
			return
		}
		if n.give(u, n.said(said, false)); ok && !isRead(said.F) { // an answer that repeats what was asked for shows nothing
			n.sees[u] = slices.DeleteFunc(n.sees[u], func(t string) bool { return slices.Contains(n.gives[u], t) })
		}
	}
}

// failed takes note of a write that had no effect. Somebody may have seen its value nevertheless: that is the anomaly then.
func (n *needs) failed(u int32, terms []string) {
	for _, t := range terms {
		n.aborted[t] = append(n.aborted[t], u)
	}
}

func (n *needs) give(u int32, terms []string) {
	n.gives[u] = terms
	for _, t := range terms {
		n.givers[t] = append(n.givers[t], u)
	}
}

// quiet is the last operation before the end after which a lock was free, or held by a call that hadn't returned yet: what
// had returned by then says nothing about what came after, as such a call may as well have been the first. None if there
// was no such moment, or the object isn't a lock.
func (s *shrinker) quiet(end history.ID) history.ID {
	quiet, releasing, held := history.None, 0, 0
	for id := range s.h.All() {
		if id >= end {
			break
		}
		if !check.OfClient(s.h, id) {
			continue
		}
		f, t := s.h.Value(s.h.F(id)).Text, s.h.Type(id)
		switch {
		case f != "acquire" && f != "release":
			return history.None
		case f == "acquire" && t == history.OK:
			held++
		case f == "release" && t == history.Invoke:
			releasing++
		case f == "release" && t != history.Info: // of which nobody knows whether it still goes on
			releasing--
			if t == history.OK {
				held--
			}
		}
		if releasing == 0 && held == 0 {
			quiet = id
		}
	}
	return quiet
}

// over tells whether a unit's operation had returned at the quiet moment.
func (s *shrinker) over(u unit) bool {
	if u.ids[0] > s.start {
		return false
	}
	last := max(u.ids[0], u.ids[1])
	return last <= s.start && (s.h.Type(last) == history.OK || s.h.Type(last) == history.Fail)
}

// role is what a function does to values.
type role uint8

const (
	writes role = iota // or reads: the value tells
	takes              // takes an element away
	fixes              // changes the state in a way that no value tells of
)

// roleOf tells the role of a function by its name. What isn't known counts as one that writes what it was asked to, or
// reads what it answered.
func (n *needs) roleOf(f history.Value, sums bool) role {
	switch f.Text {
	case "dequeue", "poll", "pop", "take", "remove", "drain":
		return takes
	case "acquire", "release", "lock", "unlock", "delete", "clear":
		return fixes
	case "append": // to a string, of which reads show the whole
		if !n.elements {
			return fixes
		}
	}
	if sums && !isRead(f) {
		return fixes
	}
	return writes
}

// isRead tells whether a function of an operation or a micro-op writes nothing, whatever was noted with its invocation.
func isRead(f history.Value) bool { return f.Text == "read" || f.Text == "get" || f.Text == "r" }

// said are the terms of what an operation's value says was read, or else written: those of the arguments of micro-ops, or
// of the value as a whole. Elements of a list that was read aren't among them (see needs).
func (n *needs) said(op history.Op, read bool) []string {
	v := op.Value
	switch {
	case v.IsNil(), !read && isRead(op.F):
		return nil
	case v.Sequential() && len(v.Items) > 0 && hasKey(v.Items[0]) && v.Items[0].Items[0].Kind == edn.Keyword:
		var terms []string
		for _, m := range v.Items {
			if hasKey(m) && len(m.Items) == 3 && !m.Items[2].IsNil() && isRead(m.Items[0]) == read {
				terms = append(terms, term(&m.Items[1], m.Items[2]))
			}
		}
		return terms
	case op.Type != history.Invoke && n.elements && (v.Sequential() || v.Kind == edn.Set):
		return nil
	}
	return []string{term(op.Key, v)}
}

// fromTo are the values of a compare-and-set, which may be that of a key: [from to] or [key [from to]].
func fromTo(op history.Op) (from, to history.Value, ok bool) {
	v := op.Value
	if op.F.Text != "cas" || !v.Sequential() || len(v.Items) != 2 {
		return from, to, false
	}
	if pair := v.Items[1]; pair.Sequential() && len(pair.Items) == 2 {
		key := v.Items[0]
		return edn.NewVector([]history.Value{key, pair.Items[0]}), edn.NewVector([]history.Value{key, pair.Items[1]}), true
	}
	return v.Items[0], v.Items[1], true
}

// findHidden finds for each unit the write that tells which others it can't have seen any more (see Options.Realtime).
func (n *needs) findHidden(s *shrinker) {
	writes := make(map[history.Sym][]int32) // to a key, by their ends
	for u, p := range n.spans {
		if id := s.units[u].ids[0]; p.sure && s.h.Value(s.h.F(id)).Text == "write" {
			key, _ := s.h.Key(id)
			writes[key] = append(writes[key], int32(u))
		}
	}
	latest := make(map[history.Sym][]int32) // of the writes up to that one, the one that began last
	for key, list := range writes {
		slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(n.spans[a].to, n.spans[b].to) })
		latest[key] = slices.Clone(list)
		for i := 1; i < len(list); i++ {
			if before := latest[key][i-1]; n.spans[before].from > n.spans[list[i]].from {
				latest[key][i] = before
			}
		}
	}
	n.hider = make([]int32, len(n.spans))
	for u, p := range n.spans {
		n.hider[u] = -1
		key, _ := s.h.Key(s.units[u].ids[0])
		if i := n.endedBefore(writes[key], p.from); i > 0 {
			n.hider[u] = latest[key][i-1]
		}
	}
}

// endedBefore is how many of the units, which are ordered by their ends, ended before a moment.
func (n *needs) endedBefore(units []int32, at history.ID) int {
	i, _ := slices.BinarySearchFunc(units, at, func(u int32, at history.ID) int { return cmp.Compare(n.spans[u].to, at) })
	return i
}

// close are the units that are to be kept if these are: they, and all that they rely on. Those not in within, if it isn't
// nil, are left out already: nobody who is left relies on them.
func (n *needs) close(units, within []int32) []int32 {
	if n.spans == nil {
		return units
	}
	kept := make([]bool, len(n.spans))
	allowed := kept
	if within != nil {
		allowed = make([]bool, len(n.spans))
		for _, u := range within {
			allowed[u] = true
		}
	}
	queue := make([]int32, 0, len(units))
	add := func(u int32) {
		if !kept[u] && (within == nil || allowed[u]) {
			kept[u] = true
			queue = append(queue, u)
		}
	}
	for _, u := range slices.Concat(units, n.fixed) {
		add(u)
	}
	for i := 0; i < len(queue); i++ {
		n.each(queue[i], add)
	}
	slices.Sort(queue)
	return queue
}

// each visits the units that one relies on. If all that wrote what it saw are hidden, it saw what it can't have seen; to
// tell why, the last of them is needed, and what hides it.
func (n *needs) each(u int32, visit func(int32)) {
	for _, t := range n.sees[u] {
		givers, hidden := n.givers[t], 0
		if n.hider != nil && n.hider[u] >= 0 {
			hidden = n.endedBefore(givers, n.spans[n.hider[u]].from)
		}
		some := false
		for _, g := range givers[hidden:] {
			if n.spans[g].from < n.spans[u].to {
				visit(g)
				some = true
			}
		}
		switch aborted := n.aborted[t]; {
		case some:
		case hidden > 0:
			visit(givers[hidden-1])
			visit(n.hider[u])
		default:
			if i := sort.Search(len(aborted), func(i int) bool { return n.spans[aborted[i]].from > n.spans[u].to }); i > 0 {
				visit(aborted[i-1])
			}
		}
	}
	for _, t := range n.gives[u] {
		for _, g := range n.takers[t] {
			visit(g)
		}
	}
}

// gone tells of which terms all writers are left out if only these units are kept.
func (n *needs) gone(units []int32) func(term string) bool {
	if n.spans == nil {
		return func(string) bool { return false }
	}
	here := make(map[string]bool)
	for _, u := range units {
		for _, t := range n.gives[u] {
			here[t] = true
		}
	}
	return func(term string) bool { return n.elements && !here[term] && len(n.givers[term]) > 0 }
}
