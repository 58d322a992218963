package counter_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/counter"
	"jcheck/history"
	"jcheck/internal/edn"
)

// played is what clients saw of a real counter: each operation takes effect at a moment between its invocation and its
// completion, or never if it failed. lie is added to the third read.
func played(r *rand.Rand, lie int64) (ops []history.Op) {
	type call struct {
		op      history.Op
		took    bool
		fails   bool
		answer  int64
		invoked bool
	}
	calls := make([]call, 4)
	sum := int64(0)
	reads := 0
	for range 60 {
		c := &calls[r.IntN(len(calls))]
		switch {
		case !c.invoked:
			f, v := "read", history.Value{}
			if r.IntN(2) == 0 {
				f, v = "add", edn.NewInt(int64(r.IntN(9)-3))
			}
			*c = call{invoked: true, fails: r.IntN(5) == 0,
				op: history.Op{Type: history.Invoke, Process: edn.NewInt(int64(len(ops) + 1000)), F: edn.NewKeyword(f), Value: v}}
			ops = append(ops, c.op)
		case !c.took:
			c.took = true
			if c.op.F.Text == "add" && !c.fails {
				sum += c.op.Value.Int()
			}
			c.answer = sum
		default:
			done := c.op
			done.Type = []history.Type{history.OK, history.OK, history.Info}[r.IntN(3)]
			switch {
			case c.fails:
				done.Type = history.Fail
			case c.op.F.Text == "read" && done.Type == history.OK:
				if reads++; reads == 3 {
					c.answer += lie
				}
				done.Value = edn.NewInt(c.answer)
			}
			ops = append(ops, done)
			*c = call{}
		}
	}
	return ops
}

// boundsOf are the bounds of each ok read, found by looking at every add for every read.
func boundsOf(ops []history.Op) (bounds [][2]int64) {
	for i, op := range ops {
		if op.F.Text == "read" && op.Type == history.OK {
			for j := range i {
				if ops[j].Type == history.Invoke && edn.Equal(ops[j].Process, op.Process) {
					bounds = append(bounds, bound(ops, j, i))
				}
			}
		}
	}
	return bounds
}

// bound is that of a read that began and ended there.
func bound(ops []history.Op, begin, end int) [2]int64 {
	var b [2]int64
	for i, op := range ops[:end] {
		if op.F.Text != "add" || op.Type != history.Invoke {
			continue
		}
		sure, failed := false, false
		for j, done := range ops {
			if j > i && edn.Equal(done.Process, op.Process) {
				sure = done.Type == history.OK && j < begin
				failed = done.Type == history.Fail
			}
		}
		n := op.Value.Int()
		switch {
		case failed:
		case sure:
			b[0], b[1] = b[0]+n, b[1]+n
		default:
			b[0], b[1] = b[0]+min(n, 0), b[1]+max(n, 0)
		}
	}
	return b
}

func TestPlayedCounter(t *testing.T) {
	// Without this, a counter that works could be called wrong, or the bounds be wider or narrower than they are.
	r := rand.New(rand.NewPCG(3, 4))
	caught := 0
	for i := range 3000 {
		lie := int64(0)
		if i%2 == 1 {
			lie = 100
		}
		ops := played(r, lie)
		bounds := boundsOf(ops)
		h, err := history.FromOps(ops)
		if err != nil {
			t.Fatal(err)
		}
		got := counter.Check(t.Context(), h, counter.Options{})
		want := check.Valid
		if lie > 0 && len(bounds) >= 3 {
			want = check.Invalid
			caught++
		}
		if got.Verdict != want {
			t.Fatalf("verdict %s, want %s: %v\n%v", got.Verdict, want, got.Fields, ops)
		}
		for j, b := range bounds {
			triple := got.Fields[0].Value.Items[j].Items
			if triple[0].Int() != b[0] || triple[2].Int() != b[1] {
				t.Fatalf("bounds of read %d: %v, want %v\n%v", j, triple, b, ops)
			}
		}
	}
	if caught < 100 {
		t.Errorf("only %d lies could be told: the test shows little", caught)
	}
}

func TestCheck(t *testing.T) {
	// Without this, amounts and reads that no counter has could be counted as something else.
	for _, c := range []struct {
		name, lines string
		verdict     check.Verdict
		says        string
	}{
		{"below", "0 invoke add 5|0 ok add 5|1 invoke read nil|1 ok read 4", check.Invalid, "at least 5"},
		{"above", "0 invoke add 5|1 invoke read nil|1 ok read 6", check.Invalid, "at most 5"},
		{"failed", "0 invoke add 5|1 invoke read nil|1 ok read 5|0 fail add 5", check.Invalid, "at most 0"},
		{"decrement", "0 invoke decrement 2|0 ok decrement 2|1 invoke read nil|1 ok read -2", check.Valid, ""},
		{"increment by 1", "0 invoke inc nil|0 ok inc nil|1 invoke read nil|1 ok read 1", check.Valid, ""},
		{"maybe decremented", "0 invoke add -2|1 invoke read nil|1 ok read -2", check.Valid, ""},
		{"a completion alone", "1 invoke read nil|1 ok read 3|0 ok add 3", check.Valid, ""},
		{"read without value", "1 invoke read nil|1 ok read nil", check.Valid, "reads-without-value"},
		{"float", "0 invoke add 1.5|0 ok add 1.5", check.Unknown, "value-is-no-integer"},
		{"add of nothing", "0 invoke add nil", check.Unknown, "value-is-no-integer"},
		{"read of a list", "1 invoke read nil|1 ok read [1]", check.Unknown, "value-is-no-integer"},
		{"too large", "0 invoke add 4611686018427387904|1 invoke add 4611686018427387904", check.Unknown, "sum-too-large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			for _, line := range strings.Split(c.lines, "|") {
				f := strings.SplitN(line, " ", 4)
				fmt.Fprintf(&b, "{:process %s :type :%s :f :%s :value %s}\n", f[0], f[1], f[2], f[3])
			}
			h, err := history.Read(t.Context(), "short", []byte(b.String()), history.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := counter.Check(t.Context(), h, counter.Options{})
			said := ""
			for _, a := range r.Anomalies {
				said += a.Text
			}
			for _, why := range r.Reasons {
				said += why.Code
			}
			for _, n := range r.Notes {
				said += n.Code + " "
			}
			if r.Verdict != c.verdict || !strings.Contains(said, c.says) {
				t.Errorf("%s, %q, want %s and %q in it", r.Verdict, said, c.verdict, c.says)
			}
		})
	}
}
