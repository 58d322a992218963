package render

import (
	"math"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// stale is a register's history with the anomaly that a checker finds in it: the crashed write of 3 has two ways out.
func stale(t *testing.T) (*history.History, check.Anomaly) {
	t.Helper()
	h := read(t, `{:process 0, :type :invoke, :f :write, :value 1}
{:process 1, :type :invoke, :f :write, :value 3}
{:process 0, :type :ok, :f :write, :value 1}
{:process 2, :type :invoke, :f :write, :value 2}
{:process 2, :type :ok, :f :write, :value 2}
{:process 0, :type :invoke, :f :read, :value nil}
{:process 0, :type :ok, :f :read, :value 1}
{:process 2, :type :invoke, :f :read, :value nil}
{:process 2, :type :ok, :f :read, :value 3}
`)
	n := func(i int64) edn.Value { return edn.NewInt(i) }
	first := []check.Taken{{Op: 2, State: n(1)}, {Op: 4, State: n(2)}}
	return h, check.Anomaly{Kind: nonlinearizable, Total: 1, Ops: []history.ID{2, 4, 6}, Text: "T3 is wrong.\n- 2\n- 3\nT1 is right.",
		Fields: []history.Field{{Name: "op", Value: check.OpRef(6)}, {Name: "previous-ok", Value: check.OpRef(4)},
			{Name: "final-paths", Value: edn.NewVector([]edn.Value{edn.NewVector([]edn.Value{
				edn.NewMap([]edn.Value{edn.NewKeyword("op"), check.OpRef(6), edn.NewKeyword("model"), n(2)})})})}},
		Paths: []check.Path{
			{Op: 6, Start: edn.Value{}, Before: first, State: n(2), Reason: "can't read 1 from register 2"},
			{Op: 6, Start: edn.Value{}, Before: append(first[:2:2], check.Taken{Op: 1, State: n(3), After: 4}), State: n(3), Reason: "can't read 1 from register 3"}}}
}

// TestLinearPicture checks where everything is in a picture of ways. Without it, an operation could take effect outside
// its bar, a way run back in time, or the picture show what came only after the failure.
func TestLinearPicture(t *testing.T) {
	h, a := stale(t)
	p := newLinearPicture(h, a, "x")
	if len(p.bars) != 4 || len(p.rows) != 3 || len(p.ways) != 2 {
		t.Fatalf("%d bars in %d rows and %d ways, want 4 in 3 and 2", len(p.bars), len(p.rows), len(p.ways))
	}
	for i, w := range p.ways {
		before := math.Inf(-1)
		for _, n := range w.ticks {
			tick := p.ticks[n]
			if tick.x <= before {
				t.Errorf("way %d runs back, to %v from %v", i, tick.x, before)
			}
			before = tick.x
			if tick.bar >= 0 && (tick.x <= p.bars[tick.bar].x1 || tick.x >= p.bars[tick.bar].x2) {
				t.Errorf("%s takes effect at %v, not between %v and %v", p.bars[tick.bar].text, tick.x, p.bars[tick.bar].x1, p.bars[tick.bar].x2)
			}
		}
		if last := p.ticks[w.ticks[len(w.ticks)-1]]; last.wrong == "" || p.bars[last.bar].name != "T3" {
			t.Errorf("way %d ends with %+v, want T3, which is wrong", i, last)
		}
	}
	for _, b := range p.bars {
		if open := b.text == "write 3"; (b.to < 0) != open || (b.x2 == p.wide) != open {
			t.Errorf("%s is open: %v, want %v", b.text, b.to < 0, open)
		}
	}
	if got, want := p.inWords(p.ways[1]), "from nil: T1 write 1 → 1, T2 write 2 → 2, 4 others, write 3 → 3, T3 read 1: can't read 1 from register 3"; got != want {
		t.Errorf("the second way is told as %q, want %q", got, want)
	}
}

// TestLinearSVG checks the file. Without it, a drawing could be no drawing, lack what it should show, or show values as
// markup.
func TestLinearSVG(t *testing.T) {
	h, a := stale(t)
	svg := string(LinearSVG(h, a))
	for _, want := range []string{"T1 write 1", "T2 write 2", "T3 read 1", ">write 3<", "process 2", "✗ 2", "✗ 3", "linear-info", "line gap", "can&#39;t read 1 from register 3"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing lacks %q", want)
		}
	}
	if !isPlainSVG([]byte(svg)) {
		t.Error("the drawing is no plain SVG")
	}
	for _, s := range hostile {
		h := read(t, `{:process 0, :type :invoke, :f :read, :value nil}
{:process 0, :type :ok, :f :read, :value `+edn.NewString(strings.ToValidUTF8(strings.Map(legal, s), "?")).String()+`}`)
		a := check.Anomaly{Kind: nonlinearizable, Ops: []history.ID{1}, Text: s, Paths: []check.Path{{Op: 1, State: edn.NewString(s), Start: edn.NewString(s), Reason: s}}}
		if svg := LinearSVG(h, a); !isPlainSVG(svg) {
			t.Errorf("with %q, the drawing is no plain SVG", s)
		}
	}
	if LinearSVG(h, check.Anomaly{Kind: "G1a", Ops: []history.ID{2}}) != nil {
		t.Error("an anomaly of another kind has a drawing of ways")
	}
}

// legal leaves out what the reader takes for no text.
func legal(c rune) rune {
	if c < ' ' && c != '\n' && c != '\t' {
		return -1
	}
	return c
}

// TestLinearFiles checks what is written for independent keys, and the names that Knossos uses. Without it, one key's
// picture could overwrite another's, or a program that reads Knossos' results not find them.
func TestLinearFiles(t *testing.T) {
	h, a := stale(t)
	part := check.Result{Checker: "linearizable", Verdict: check.Invalid, Anomalies: []check.Anomaly{a, a}}
	r := check.Result{Verdict: check.Invalid}
	for _, name := range []string{"x", "y"} {
		r.Parts = append(r.Parts, check.Part{Name: name, Result: part})
	}
	list, omitted := linearFiles(h, r)
	var names []string
	for _, f := range list {
		names = append(names, f.name)
	}
	want := "parts/0-x/linear.svg parts/0-x/linear-1.svg parts/0-x/nonlinearizable.txt parts/1-y/linear.svg parts/1-y/linear-1.svg parts/1-y/nonlinearizable.txt"
	if got := strings.Join(names, " "); got != want || len(omitted) > 0 {
		t.Errorf("files are %s (%v), want %s", got, omitted, want)
	}
	m := ResultMap(h, part)
	for i := 0; i < len(m.Items); i += 2 {
		if m.Items[i].Text == "op" && edn.Equal(m.Items[i+1], OpMap(h.Op(6))) {
			return
		}
	}
	t.Errorf("the result has no op beside its verdict: %s", m)
}

// TestReferencesOfStrangers checks values that only look like references. Without it, a value in a history could be taken
// for an operation that isn't there, and end the program.
func TestReferencesOfStrangers(t *testing.T) {
	h, _ := stale(t)
	for _, v := range []edn.Value{check.OpRef(99), check.OpRef(-1), edn.NewVector([]edn.Value{check.OpRef(1 << 30)})} {
		if got := resolve(h, v); !edn.Equal(got, v) {
			t.Errorf("%s became %s", v, got)
		}
	}
}
