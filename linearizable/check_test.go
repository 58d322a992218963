package linearizable

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// read reads a history of lines like "0 invoke write 1": process, type, f, value.
func read(tb testing.TB, lines string) *history.History {
	tb.Helper()
	return readAs(tb, lines, history.Options{})
}

func readAs(tb testing.TB, lines string, o history.Options) *history.History {
	tb.Helper()
	var b strings.Builder
	for line := range strings.Lines(lines) {
		if f := strings.SplitN(strings.TrimSpace(line), " ", 4); len(f) == 4 {
			fmt.Fprintf(&b, "{:process %s :type :%s :f :%s :value %s}\n", f[0], f[1], f[2], f[3])
		}
	}
	h, err := history.Read(context.Background(), "test", []byte(b.String()), o)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func TestOutcomes(t *testing.T) {
	// Without this, what became of an operation could be misread: failed ones kept, crashed ones forced, ok ones optional.
	tests := []struct {
		name, lines string
		o           Options
		want        check.Verdict
	}{
		{"stale read", "0 invoke write 1\n0 ok write 1\n0 invoke read nil\n0 ok read 0", Options{Datatype: "register", Initial: "0"}, check.Invalid},
		{"initial value", "0 invoke read nil\n0 ok read 0", Options{Datatype: "register", Initial: "0"}, check.Valid},
		{"other initial value", "0 invoke read nil\n0 ok read 0", Options{Datatype: "register", Initial: "1"}, check.Invalid},
		{"failed write is dropped", "0 invoke write 1\n0 fail write 1\n0 invoke read nil\n0 ok read 1", Options{Datatype: "register"}, check.Invalid},
		{"crashed write happens late", "0 invoke write 1\n0 info write 1\n1 invoke read nil\n1 ok read nil\n1 invoke write 2\n1 ok write 2\n1 invoke read nil\n1 ok read 1", Options{Datatype: "register"}, check.Valid},
		{"crashed write happens once", "0 invoke write 1\n0 info write 1\n1 invoke read nil\n1 ok read 1\n1 invoke write 2\n1 ok write 2\n1 invoke read nil\n1 ok read 1", Options{Datatype: "register"}, check.Invalid},
		{"the end of a read that began before the record", "4 info read nil\n0 invoke read nil\n0 ok read 1", Options{Datatype: "register"}, check.Invalid},
		{"open write", "0 invoke write 1\n1 invoke read nil\n1 ok read 1", Options{Datatype: "register"}, check.Valid},
		{"crashed read is dropped", "0 invoke read nil\n0 info read 7\n1 invoke read nil\n1 ok read nil", Options{Datatype: "register"}, check.Valid},
		{"failed cas is dropped", "0 invoke cas [0 1]\n0 fail cas [0 1]", Options{Datatype: "cas-register", Initial: "0"}, check.Valid},
		{"failed cas is observed", "0 invoke cas [0 1]\n0 fail cas [0 1]", Options{Datatype: "cas-register", Initial: "0", Failed: Observe}, check.Invalid},
		{"a completion has the last word", "0 invoke dequeue nil\n1 invoke enqueue 3\n1 ok enqueue 3\n0 ok dequeue 3", Options{Datatype: "fifo-queue"}, check.Valid},
		{"other processes do nothing", ":nemesis info write 1\n0 invoke read nil\n0 ok read 1", Options{Datatype: "register"}, check.Invalid},
		{"nothing was done", ":nemesis info kill nil", Options{Datatype: "register"}, check.Valid},
		{"keys", "0 invoke read [:a nil]\n0 ok read [:a nil]\n0 invoke write [:a 1]\n0 ok write [:a 1]\n0 invoke read [:b nil]\n0 ok read [:b 1]", Options{Datatype: "register"}, check.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r := Check(context.Background(), read(t, tt.lines), tt.o); r.Verdict != tt.want {
				t.Errorf("verdict is %s, want %s (%v)", r.Verdict, tt.want, r.Reasons)
			}
		})
	}
}

func TestIllFormed(t *testing.T) {
	// Without this, a history that makes no sense could be judged as if it made some, or lose the place of the mistake.
	tests := []struct{ name, lines, datatype, code, text string }{
		{"no invocation", "0 ok write 1", "register", "completion-without-invocation", "test:1:1"},
		{"another function", "0 invoke write 1\n0 ok read 1", "register", "another-function", "test:2:1"},
		{"no pair", "0 invoke cas 1\n0 ok cas 1", "cas-register", "ill-formed", "the value of a cas is [from to], not 1"},
		{"no text", "0 invoke append [:a 5]\n0 ok append [:a 5]", "kv", "ill-formed", "the value of an append is [key text], not [:a 5]"},
		{"no micro-op", "0 invoke txn [[:read :x nil]]\n0 ok txn [[:frob :x 1]]", "multi-register", "ill-formed", "[:frob :x 1] is no micro-op of it"},
		{"other operations too", "0 invoke write 1\n0 ok write 1\n0 invoke add 1\n0 ok add 1", "register", "foreign-operations", "which has read, write; this one is :add (hint: --model"},
		{"other operations only", "0 invoke add 1\n0 ok add 1", "register", "another-datatype", "no operation is one of a register"},
		{"transactions", "0 invoke txn [[:append :x 1]]\n0 ok txn [[:append :x 1]]", "register", "another-datatype", "(hint: jcheck elle checks transactions)"},
		{"unknown datatype", "0 invoke add 1\n0 ok add 1", "regster", "invalid-options", `unknown datatype "regster" (hint: register, `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Check(context.Background(), read(t, tt.lines), Options{Datatype: tt.datatype})
			if r.Verdict != check.Unknown || len(r.Reasons) != 1 {
				t.Fatalf("result is %s with %v, want unknown with one reason", r.Verdict, r.Reasons)
			}
			if why := r.Reasons[0]; why.Code != tt.code || !strings.Contains(why.Text, tt.text) {
				t.Errorf("reason is %s: %s, want %s with %q", why.Code, why.Text, tt.code, tt.text)
			}
		})
	}
}

func TestKeysOfPairs(t *testing.T) {
	// Without this, an operation whose completion, or invocation, has no key or another one could be lost, and what it
	// answered with it; or end in a panic.
	const keyed = "9 invoke write [:a 1]\n9 ok write [:a 1]\n8 invoke write [:b 1]\n8 ok write [:b 1]\n"
	on := history.Options{Independent: history.IndependentOn}
	tests := []struct {
		name, lines string
		want        check.Verdict
		code        string
	}{
		{"a failure without a key", "0 invoke write [:a 2]\n0 fail write nil\n0 invoke read [:a nil]\n0 ok read [:a 1]", check.Valid, ""},
		{"a crash without a key", "0 invoke write [:a 2]\n0 info write nil\n1 invoke read [:a nil]\n1 ok read [:a 2]", check.Valid, ""},
		{"an invocation without a key", "0 invoke read nil\n0 ok read [:a 7]", check.Invalid, ""},
		{"a completion without a key", "0 invoke read [:a nil]\n0 ok read 1", check.Valid, ""},
		{"neither has one", "0 invoke read nil\n0 ok read 1", check.Unknown, "without-key"},
		{"neither has one, and it failed", "0 invoke read nil\n0 fail read nil", check.Valid, ""},
		{"another key", "0 invoke read [:a nil]\n0 ok read [:b 1]", check.Unknown, "another-key"},
	}
	for _, tt := range tests {
		r := Check(context.Background(), readAs(t, keyed+tt.lines, on), Options{Datatype: "register"})
		if r.Verdict != tt.want || tt.code != "" && (len(r.Reasons) != 1 || r.Reasons[0].Code != tt.code) {
			t.Errorf("%s: result is %s with %v, want %s (%s)", tt.name, r.Verdict, r.Reasons, tt.want, tt.code)
		}
	}
}

func TestCounterexample(t *testing.T) {
	// Without this, a verdict of invalid could come without its proof, or with one about other operations.
	h := read(t, "0 invoke write 1\n1 invoke write 2\n0 ok write 1\n1 ok write 2\n2 invoke read nil\n3 invoke write 4\n2 ok read 3")
	r := Check(context.Background(), h, Options{Datatype: "register", Initial: "0"})
	if len(r.Anomalies) != 1 {
		t.Fatalf("anomalies are %v, want one", r.Anomalies)
	}
	a := r.Anomalies[0]
	if want := []history.ID{6}; a.Kind != NonLinearizable || !cmp.Equal(a.Ops, want) {
		t.Errorf("anomaly is %s about %v, want %s about %v", a.Kind, a.Ops, NonLinearizable, want)
	}
	var reasons []string
	for _, p := range a.Paths {
		reasons = append(reasons, p.State.String()+": "+p.Reason)
	}
	want := []string{"1: can't read 3 from register 1", "2: can't read 3 from register 2", "4: can't read 3 from register 4"}
	if !cmp.Equal(reasons, want) {
		t.Errorf("paths are %q, want %q", reasons, want)
	}
	for _, f := range a.Fields {
		if want := edn.NewVector([]history.Value{check.OpRef(5)}); f.Name == "pending" && !edn.Equal(f.Value, want) {
			t.Errorf("pending is %s, want %s, the write of 4", f.Value, want)
		}
		if f.Name == "states-count" && f.Value.Int() != 3 {
			t.Errorf("states-count is %s, want 3", f.Value)
		}
	}
	if !strings.Contains(a.Text, "could be in 3 states, and none allows it:\n- can't read 3 from register 1.\n") {
		t.Errorf("text is %q", a.Text)
	}
}

func TestFirstOperationFails(t *testing.T) {
	// Without this, a history whose very first operation is wrong could be without a story, as it long was in Knossos.
	r := Check(context.Background(), read(t, "0 invoke read nil\n0 ok read 3"), Options{Datatype: "register", Initial: "0"})
	if len(r.Anomalies) != 1 || !strings.Contains(r.Anomalies[0].Text, "could only be in one state, which does not allow it: can't read 3 from register 0") {
		t.Errorf("anomalies are %v, want one that tells of register 0", r.Anomalies)
	}
}

// hard is a history of n concurrent pushes, popped in an order that is wrong at the very end.
func hard(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d invoke push %d\n", i, i)
	}
	for i := range n {
		fmt.Fprintf(&b, "%d ok push %d\n", i, i)
	}
	for i := range n {
		fmt.Fprintf(&b, "0 invoke pop nil\n0 ok pop %d\n", (i*7)%n)
	}
	return b.String() + "0 invoke pop nil\n0 ok pop 99\n"
}

func TestBudgets(t *testing.T) {
	// Without this, a hopeless search could run for ever or take all memory, or end without saying how far it got.
	h := read(t, hard(12))
	tests := []struct {
		o    Options
		code string
	}{
		{Options{Datatype: "stack", Engine: SearchEngine, MaxConfigurations: 10_000}, "configurations"},
		{Options{Datatype: "stack", Engine: SearchEngine, MaxBytes: 1 << 20}, "memory"},
	}
	for _, tt := range tests {
		r := Check(context.Background(), h, tt.o)
		if r.Verdict != check.Unknown || len(r.Reasons) != 1 || r.Reasons[0].Code != tt.code || !strings.Contains(r.Reasons[0].Text, "linearizable through operation") {
			t.Errorf("result is %s with %v, want unknown by %s and how far it got", r.Verdict, r.Reasons, tt.code)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := Check(ctx, h, Options{Datatype: "stack", Engine: SearchEngine}); r.Verdict != check.Unknown || r.Reasons[0].Code != "interrupted" {
		t.Errorf("result is %s with %v, want unknown as interrupted", r.Verdict, r.Reasons)
	}
}

func TestSameResultWithAnyWorkers(t *testing.T) {
	// Without this, the result could depend on which part was searched first.
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "%d invoke put [%d 1]\n%d ok put [%d 1]\n%d invoke get [%d nil]\n%d ok get [%d %d]\n", i, i, i, i, i, i, i, i, i%3)
	}
	h := read(t, b.String())
	var results []check.Result
	for _, workers := range []int{1, 4} {
		results = append(results, Check(context.Background(), h, Options{Datatype: "kv", Workers: workers}))
	}
	if diff := cmp.Diff(results[0], results[1], cmp.Comparer(edn.Equal)); diff != "" || results[0].Verdict != check.Invalid {
		t.Errorf("verdict is %s; with one worker and with four:\n%s", results[0].Verdict, diff)
	}
}

func TestTerms(t *testing.T) {
	// Without this, states could confuse values that differ, or show others than they hold.
	for _, text := range []string{"nil", "true", "false", "0", "-5", "123456789012345678901234567890N", "1.5", "1.50M", "1/3", `\a`,
		`"x y"`, ":a/b", "sym", "[]", "[1 [2 nil]]", "#{1 2}", "{:a 1, :b [2]}", "#inst \"2020\""} {
		v, _, err := edn.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := TermOf(v).Value(); !edn.Equal(got, v) {
			t.Errorf("the term of %s is read back as %s", text, got)
		}
	}
}

func TestSparseKeys(t *testing.T) {
	// Without this, the operations of a key whose others lie far between could be paired wrongly.
	var b strings.Builder
	b.WriteString("0 invoke write [:a 1]\n0 ok write [:a 1]\n")
	for range 40 {
		b.WriteString("1 invoke write [:b 2]\n1 ok write [:b 2]\n")
	}
	b.WriteString("0 invoke read [:a nil]\n0 ok read [:a 1]\n2 invoke read [:a nil]\n2 ok read [:a 3]\n")
	r := Check(context.Background(), read(t, b.String()), Options{Datatype: "register"})
	if len(r.Parts) != 2 || r.Parts[0].Result.Verdict != check.Invalid || r.Parts[1].Result.Verdict != check.Valid {
		t.Fatalf("result is %v, want key :a invalid and :b valid", r.Parts)
	}
	if a := r.Parts[0].Result.Anomalies[0]; a.Ops[0] != 85 {
		t.Errorf("the anomaly is about %v, want the last read first", a.Ops)
	}
}

func TestFailedButSeen(t *testing.T) {
	// Without this, who records a timeout as a failure would look for a bug in the database.
	for value, want := range map[string]bool{"3": true, "4": false} {
		h := read(t, "0 invoke write 1\n0 ok write 1\n1 invoke write 3\n1 fail write 3\n2 invoke read nil\n2 ok read "+value)
		r := Check(context.Background(), h, Options{Datatype: "register"})
		if len(r.Anomalies) != 1 {
			t.Fatalf("anomalies are %v, want one", r.Anomalies)
		}
		v, found := fieldOf(r.Anomalies[0], "failed-but-seen")
		if id, _ := check.AsOpRef(v); found != want || found && id != 3 {
			t.Errorf("after reading %s, the failed write of 3 is told of: %v as %s, want %v", value, found, v, want)
		}
		if told := strings.Contains(r.Anomalies[0].Text, "the write of process 1 on line 4 had taken effect"); told != want {
			t.Errorf("after reading %s the text is %q", value, r.Anomalies[0].Text)
		}
	}
}
