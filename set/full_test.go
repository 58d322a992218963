package set_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/set"
)

// literal is what became of an element, by the words of CheckFull's documentation: every read is looked at for every
// element.
type literal struct{ lost, never, stable, stale, twice, early []string }

func literally(h *history.History) literal {
	var out literal
	from, tried := map[string]history.ID{}, []string{}
	known := map[string]history.ID{}
	know := func(e string, id history.ID) {
		if _, ok := known[e]; !ok {
			known[e] = id
		}
	}
	f := func(id history.ID) string { return h.Value(h.F(id)).Text }
	for id := range h.All() {
		e := h.Op(id).Value.String()
		if _, again := from[e]; f(id) == "add" && h.Type(id) == history.Invoke && !again {
			from[e] = id
			tried = append(tried, e)
		}
	}
	for id := range h.All() {
		switch {
		case h.Type(id) != history.OK:
		case f(id) == "add":
			know(h.Op(id).Value.String(), id)
		default:
			for _, e := range h.Op(id).Value.Items {
				if at, ok := from[e.String()]; ok && at < id {
					know(e.String(), id)
				} else if !slices.Contains(out.early, e.String()) {
					out.early = append(out.early, e.String())
				}
				if n := times(h.Op(id).Value, e); n > 1 && !slices.Contains(out.twice, e.String()) {
					out.twice = append(out.twice, e.String())
				}
			}
		}
	}
	for _, e := range tried {
		present, absent := history.None, history.None
		for id := range h.All() {
			if f(id) != "read" || h.Type(id) != history.OK || h.Kind(id) == history.KindNil || id < from[e] {
				continue
			}
			if slices.ContainsFunc(h.Op(id).Value.Items, func(v history.Value) bool { return v.String() == e }) {
				present = max(present, h.Pair(id))
			} else {
				absent = max(absent, h.Pair(id))
			}
		}
		at, isKnown := known[e]
		switch {
		case present > absent:
			out.stable = append(out.stable, e)
			if absent > at {
				out.stale = append(out.stale, e)
			}
		case isKnown && absent > present && absent > at:
			out.lost = append(out.lost, e)
		default:
			out.never = append(out.never, e)
		}
	}
	return out
}

// times is how often an element is in a list.
func times(list, e history.Value) int {
	n := 0
	for _, x := range list.Items {
		if edn.Equal(x, e) {
			n++
		}
	}
	return n
}

// random is a history of clients that add, and read whatever they like.
func random(r *rand.Rand) []history.Op {
	var ops []history.Op
	open := make([]*history.Op, 4)
	for range 4 + r.IntN(40) {
		p := r.IntN(len(open))
		if open[p] == nil {
			op := history.Op{Type: history.Invoke, Process: edn.NewInt(int64(p)), F: edn.NewKeyword("read")}
			if r.IntN(2) == 0 {
				op.F, op.Value = edn.NewKeyword("add"), edn.NewInt(int64(r.IntN(6)))
			}
			open[p] = &op
			ops = append(ops, op)
			continue
		}
		op := *open[p]
		open[p] = nil
		op.Type = []history.Type{history.OK, history.OK, history.OK, history.Fail, history.Info}[r.IntN(5)]
		if op.F.Text == "read" && op.Type == history.OK && r.IntN(10) > 0 {
			items := []history.Value{}
			for e := range int64(6) {
				for range []int{0, 1, 1, 1, 0, 1, 2}[r.IntN(7)] {
					items = append(items, edn.NewInt(e))
				}
			}
			op.Value = edn.NewVector(items)
		}
		ops = append(ops, op)
	}
	return ops
}

func TestFullAgainstTheLiteral(t *testing.T) {
	// Without this, the sweeps over the reads, forward and backward, could miss a read that the definition counts.
	r := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	for range 4000 {
		h, err := history.FromOps(random(r))
		if err != nil {
			t.Fatal(err)
		}
		want := literally(h)
		got := set.CheckFull(t.Context(), h, set.FullOptions{Linearizable: true})
		for _, c := range []struct {
			field string
			want  []string
		}{{"lost", want.lost}, {"never-read", want.never}, {"stale", want.stale}} {
			slices.Sort(c.want)
			outcomes[c.field] += len(c.want)
			if have := fmt.Sprint(names(field(got, c.field))); have != fmt.Sprint(c.want) {
				t.Fatalf("%s is %v, want %v\n%s", c.field, have, c.want, text(h))
			}
		}
		if n := field(got, "stable-count").Int(); n != int64(len(want.stable)) {
			t.Fatalf("stable-count is %d, want %d\n%s", n, len(want.stable), text(h))
		}
		if n := field(got, "duplicated-count").Int(); n != int64(len(want.twice)) {
			t.Fatalf("duplicated-count is %d, want %d\n%s", n, len(want.twice), text(h))
		}
		wrong := len(want.lost)+len(want.stale)+len(want.twice)+len(want.early) > 0
		if wrong != (got.Verdict == check.Invalid) {
			t.Fatalf("verdict %s, want invalid: %v\n%s", got.Verdict, wrong, text(h))
		}
		outcomes[got.Verdict.String()]++
	}
	for _, o := range []string{"lost", "never-read", "stale", "invalid", "unknown"} {
		if outcomes[o] == 0 {
			t.Errorf("no history was %s: the test shows little", o)
		}
	}
}

// names are the elements of a list as text, sorted.
func names(list history.Value) []string {
	out := []string{}
	for _, v := range list.Items {
		out = append(out, v.String())
	}
	slices.Sort(out)
	return out
}

func field(r check.Result, name string) history.Value {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return history.Value{}
}

func text(h *history.History) string {
	out := ""
	for id := range h.All() {
		op := h.Op(id)
		out += fmt.Sprintf("%2d %-6s %s %s %s\n", id, op.Type, op.Process, op.F, op.Value)
	}
	return out
}
