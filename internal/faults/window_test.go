package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// Without it windows could be closed by another fault's heal, or by one that went wrong, and a fault that never was seem
// to have been on.
func TestWindows(t *testing.T) {
	op := func(at int64, f, value string, extra ...history.Field) history.Op {
		v, _, err := edn.Parse([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return history.Op{Time: at, Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword(f), Value: v, Extra: extra}
	}
	failed := history.Field{Name: "error", Value: edn.NewString("lost")}
	got := Windows([]history.Op{
		op(1, "start-partition", ":one"), op(2, "start-partition", `[:isolated {"n1" #{"n2"}}]`),
		op(3, "kill", ":all"), op(4, "kill", `{"n1" :killed}`),
		op(5, "stop-partition", "nil"), op(6, "stop-partition", "nil", failed),
		op(7, "restart", ":one"), op(8, "restart", `{"n1" :restarted}`),
		op(9, "heal", "nil"), op(10, "heal", "nil"),
		op(11, "pause", ":one"), op(12, "pause", `{"n1" "no such process"}`, failed),
	})
	want := []Window{
		{"partition", "start-partition", history.Value{}, 1, 2, 9, 10, false},
		{"kill", "kill", history.Value{}, 3, 4, 9, 10, false},
		{"restart", "restart", history.Value{}, 7, 8, 8, 8, false},
		{"pause", "pause", history.Value{}, 11, 12, -1, -1, true},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, w := range want {
		w.Value = got[i].Value
		if got[i].Fault != w.Fault || got[i].F != w.F || got[i].StartNS != w.StartNS || got[i].OnNS != w.OnNS || got[i].HealNS != w.HealNS || got[i].EndNS != w.EndNS || got[i].Wrong != w.Wrong {
			t.Errorf("window %d: got %+v, want %+v", i, got[i], w)
		}
	}
	if v := got[0].Value.String(); v != `[:isolated {"n1" #{"n2"}}]` {
		t.Errorf("value: got %s", v)
	}
}

// Without it the faults of Jepsen's simpler nemeses, which only start and stop, would be on no picture, or a start after a
// kill would open a fault that nobody ever healed.
func TestWindowsOfStartAndStop(t *testing.T) {
	op := func(at int64, f string) history.Op {
		return history.Op{Time: at, Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword(f)}
	}
	for _, c := range []struct {
		ops  []history.Op
		want string
		end  int64
	}{
		{[]history.Op{op(1, "start"), op(2, "start"), op(3, "stop"), op(4, "stop")}, "fault", 4},
		{[]history.Op{op(1, "kill"), op(2, "kill"), op(3, "start"), op(4, "start")}, "kill", 4},
		{[]history.Op{op(1, "bump"), op(2, "bump"), op(3, "check-offsets"), op(4, "check-offsets")}, "clock", -1},
	} {
		got := Windows(c.ops)
		if len(got) != 1 || got[0].Fault != c.want || got[0].EndNS != c.end {
			t.Errorf("%s, %s, ...: got %+v, want one %s until %d", c.ops[0].F, c.ops[2].F, got, c.want, c.end)
		}
	}
}

// Without it a report could say that a node was away when it wasn't: several may be, and each comes back by itself.
func TestWindowsOfMembers(t *testing.T) {
	var ops []history.Op
	for i, text := range []string{"remove-node :one", `remove-node [:removed "n3"]`, "remove-node :one", `remove-node [:none-removed #{"n1"}]`,
		"remove-node :one", `remove-node [:perhaps-removed "n2"]`, "add-node nil", `add-node {"n3" :added}`, "add-node nil", `add-node {"n2" "refused"}`,
		"heal nil", `heal {"n1" :healed, "n2" :healed}`, "remove-node :some"} {
		f, v, _ := strings.Cut(text, " ")
		value, _, err := edn.Parse([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, history.Op{Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword(f), Value: value, Time: int64(i)})
	}
	var got []string
	for _, w := range Windows(ops) {
		got = append(got, fmt.Sprint(w.Fault, " ", w.Value, w.StartNS, w.OnNS, w.HealNS, w.EndNS))
	}
	want := []string{`membership [:removed "n3"] 0 1 6 7`, `membership [:perhaps-removed "n2"] 4 5 10 11`, `membership :some 12 -1 -1 -1`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
