package all

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/corpus"
)

// short reads a history in short notation: process, type, function, value on each line.
func short(t *testing.T, keyed history.Independent, lines string) *history.History {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(lines) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) == 4 {
			fmt.Fprintf(&b, "{:process %s :type :%s :f :%s :value %s}\n", f[0], f[1], f[2], f[3])
		}
	}
	h, err := history.Read(t.Context(), "short", []byte(b.String()), history.Options{Independent: keyed})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// run judges by the checker of that name.
func run(t *testing.T, name string, h *history.History, v Values) (check.Result, error) {
	t.Helper()
	c, ok := Find(name)
	if !ok {
		t.Fatalf("there is no checker %q", name)
	}
	return c.Run(t.Context(), h, v)
}

func TestRunKeys(t *testing.T) {
	// Without this, an operation could be judged with another key's, or an invocation without a key be lost to its completion.
	h := short(t, history.IndependentOn, `0 invoke add [:x 1]
		0 ok add [:x 1]
		1 invoke read nil
		1 ok read [:x []]
		2 invoke read [:y nil]
		2 ok read [:y []]
		3 invoke add 9
		:nemesis info kill [:x :y]`)
	r, err := run(t, "set", h, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != check.Invalid || len(r.Parts) != 2 || r.Parts[0].Name != ":x" || r.Parts[1].Name != ":y" {
		t.Fatalf("%s, parts %v, want invalid and the parts :x and :y", r.Verdict, r.Parts)
	}
	if x, y := r.Parts[0].Result.Verdict, r.Parts[1].Result.Verdict; x != check.Invalid || y != check.Valid {
		t.Errorf(":x is %s, :y is %s, want invalid and valid", x, y)
	}
	if len(r.Notes) != 1 || r.Notes[0].Code != "operations-without-key" || r.Notes[0].Ops[0] != 6 {
		t.Errorf("notes %v, want one on operation 6, which has no key", r.Notes)
	}
}

func TestRunManyKeys(t *testing.T) {
	// Without this, a history with many keys and many operations without one would take memory by their product.
	var lines strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&lines, "%d invoke add [%d 1]\n%d invoke add nil\n", 2*i, i, 2*i+1)
	}
	r, err := run(t, "set", short(t, history.IndependentOn, lines.String()), nil)
	if err != nil || r.Verdict != check.Unknown || r.Reasons[0].Code != "operations-without-key" {
		t.Errorf("%s, %v, %v, want unknown for operations-without-key", r.Verdict, r.Reasons, err)
	}
}

func TestRunAnyProcessors(t *testing.T) {
	// Without this, the result of a history with keys could depend on how many are judged at the same time.
	var lines strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, "%d invoke add [%d 1]\n%d ok add [%d 1]\n%d invoke read [%d nil]\n%d ok read [%d [%d]]\n", i, i, i, i, i, i, i, i, i%3)
	}
	h := short(t, history.IndependentOn, lines.String())
	var want string
	for _, n := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(n)
		r, err := run(t, "set-full", h, nil)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%+v", r)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("the result with %d processors differs", n)
		}
	}
}

func TestRunForeign(t *testing.T) {
	// Without this, a history of something else could pass as valid, or be refused without a word on what would fit.
	var foreign *ForeignError
	h := short(t, history.IndependentOff, "0 invoke txn [[:append 1 1]]\n0 ok txn [[:append 1 1]]")
	if _, err := run(t, "counter", h, nil); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "jcheck elle") {
		t.Errorf("%v, want a ForeignError with the hint jcheck elle", err)
	}
	h = short(t, history.IndependentOff, "0 invoke add 1\n0 ok add 1\n0 invoke reset nil\n0 ok reset nil")
	r, err := run(t, "counter", h, nil)
	if err != nil || len(r.Notes) == 0 || r.Notes[len(r.Notes)-1].Code != "other-operations" || r.Notes[len(r.Notes)-1].Ops[0] != 2 {
		t.Errorf("%v, %v, want a note on operation 2, which isn't looked at", r.Notes, err)
	}
	h = short(t, history.IndependentOff, ":nemesis info kill nil")
	if r, err := run(t, "counter", h, nil); err != nil || r.Verdict != check.Unknown || r.Reasons[0].Code != "empty-history" {
		t.Errorf("%s, %v, %v, want unknown for empty-history", r.Verdict, r.Reasons, err)
	}
}

func TestJudge(t *testing.T) {
	// Without this, jcheck check could leave a checker out, or merge verdicts in the wrong order.
	for _, c := range []struct {
		lines   string
		verdict check.Verdict
		parts   string
	}{
		{"0 invoke add 1\n0 ok add 1\n0 invoke read nil\n0 ok read []", check.Invalid, "set set-full stats unhandled-exceptions"},
		{"0 invoke add 1\n0 ok add 1\n0 invoke read nil\n0 ok read [1]", check.Valid, "set set-full stats unhandled-exceptions"},
		{"0 invoke add 1\n0 info add 1\n0 invoke read nil\n0 ok read [1]", check.Unknown, "set set-full stats unhandled-exceptions"},
		{"0 invoke add 1\n0 fail add 1\n0 invoke read nil\n0 ok read [7]", check.Invalid, "set set-full stats unhandled-exceptions"},
		{"0 invoke add 1\n0 ok add 1\n0 invoke read nil\n0 ok read 1", check.Valid, "counter stats unhandled-exceptions"},
		{"0 invoke frob 1\n0 ok frob 1", check.Unknown, "stats unhandled-exceptions"},
		{":nemesis info kill nil", check.Unknown, "stats unhandled-exceptions"},
		{"0 invoke txn [[:append 1 1] [:r 1 nil]]\n0 ok txn [[:append 1 1] [:r 1 [1]]]\n0 invoke txn [[:r 1 nil]]\n0 ok txn [[:r 1 [1]]]", check.Valid, "elle stats unhandled-exceptions"},
		{"0 invoke write 1\n0 ok write 1\n1 invoke read nil\n1 ok read 2", check.Invalid, "linearizable stats unhandled-exceptions"},
	} {
		r := Judge(t.Context(), short(t, history.IndependentAuto, c.lines), Values{})
		var names []string
		for _, p := range r.Parts {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); r.Verdict != c.verdict || got != c.parts {
			t.Errorf("%q\n%s by %s, want %s by %s", c.lines, r.Verdict, got, c.verdict, c.parts)
		}
		if r.Verdict == check.Unknown && len(r.Reasons)+len(r.Parts[0].Result.Reasons)+len(r.Parts[len(names)-2].Result.Reasons) == 0 {
			t.Errorf("%q\nunknown without a reason", c.lines)
		}
	}
}

func TestTable(t *testing.T) {
	// Without this, two checkers could share a name, or an option mean different things to two of them: jcheck check gives it
	// to both.
	names := make(map[string]bool)
	options := make(map[string]Option)
	for _, c := range Checkers() {
		if names[c.Name] || c.Doc == "" || c.Check == nil || strings.HasSuffix(c.Doc, ".") || !c.OwnVerb && c.About == "" {
			t.Errorf("the row of %s is incomplete, or there are two", c.Name)
		}
		names[c.Name] = true
		for _, o := range c.Options {
			if other, ok := options[o.Name]; ok && (other.Kind != o.Kind || other.Short != o.Short) {
				t.Errorf("%s: --%s has another kind or letter than elsewhere", c.Name, o.Name)
			}
			options[o.Name] = o
		}
	}
}

func TestRecordedRedis(t *testing.T) {
	// Without this, the one recorded set of the corpus, which lost more than half of what it had confirmed, could pass.
	path := filepath.Join(corpus.Dir(t), "recorded", "redis7-sentinel-set-partition.edn")
	h, err := history.Open(t.Context(), path, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close() // only read from
	for name, wanted := range map[string]map[string]int64{
		"set":      {"lost-count": 2250, "acknowledged-count": 3957, "unexpected-count": 0},
		"set-full": {"lost-count": 2250, "duplicated-count": 0},
	} {
		r, err := run(t, name, h, nil)
		if err != nil || r.Verdict != check.Invalid {
			t.Fatalf("%s: %s, %v, want invalid", name, r.Verdict, err)
		}
		for _, f := range r.Fields {
			if want, ok := wanted[f.Name]; ok && f.Value.Int() != want {
				t.Errorf("%s: %s is %d, want %d", name, f.Name, f.Value.Int(), want)
			}
		}
	}
}
