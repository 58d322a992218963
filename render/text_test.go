package render

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// TestWrap checks that no line is wider than the page unless a single word is, and that no word is lost. Without it, a
// report could break on a narrow terminal.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zé…\[\]]{1,30}`)).Draw(t, "words")
		p := &page{o: TextOptions{Width: rapid.IntRange(20, 90).Draw(t, "width")}}
		indent := rapid.IntRange(0, 4).Draw(t, "indent")
		p.para(indent, strings.Join(words, " "))
		if got, want := strings.Join(strings.Fields(string(p.out)), " "), strings.Join(words, " "); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		for line := range strings.Lines(string(p.out)) {
			line = strings.TrimSuffix(line, "\n")
			if columns(line) > p.o.Width && len(strings.Fields(line)) > 1 {
				t.Fatalf("line %q is wider than %d", line, p.o.Width)
			}
		}
	})
}

// TestColumns checks that colours take no room. Without it, coloured lines would break early.
func TestColumns(t *testing.T) {
	p := &page{o: TextOptions{Color: true}}
	if got := columns(p.paint(bold+red, "INVALID") + " …"); got != 9 {
		t.Errorf("got %d columns, want 9", got)
	}
	if got := columns("\x1b[unfinished"); got != 12 {
		t.Errorf("got %d columns, want 12", got)
	}
}

// TestShortenLists checks which elements of a long list a sentence keeps. Without it, one read could fill pages, or
// the one element that matters could be cut away.
func TestShortenLists(t *testing.T) {
	long := "[1 2 3 4 5 6 7 8 9 10 11 12]"
	at := func(v string) focus { return focus{from: -1, points: []point{{value: value(t, v)}}} }
	for _, c := range []struct {
		text string
		f    focus
		want string
	}{
		{"T1 read [1 2 3] here", at("2"), "T1 read [1 2 3] here"},
		{"T1 read " + long + " here", at("6"), "T1 read [… 5 6 7 …](12 long) here"},
		{"T1 read " + long + " here", at("1"), "T1 read [1 2 …](12 long) here"},
		{"T1 read " + long, at("99"), "T1 read [… 11 12](12 long)"},
		{"in [:r :x " + long + "] and " + long, at("12"), "in [:r :x [… 11 12](12 long)] and [… 11 12](12 long)"},
		{"no [list } at all", at("1"), "no [list } at all"},
		{long, focus{from: 3}, "[… 3 4 5 …](12 long)"},
	} {
		if got := shortenLists(c.text, c.f); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// TestSentence checks the shape of a checker's text in a report. Without it, reports would mix styles.
func TestSentence(t *testing.T) {
	for _, c := range [...][2]string{{"é so", "É so."}, {"Done.", "Done."}, {" why? ", "Why?"}, {"", ""}} {
		if got := sentence(c[0]); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}

// TestSize checks how a history is counted and told. Without it, the first line could lie about what was checked.
func TestSize(t *testing.T) {
	for _, c := range [...]struct{ history, want string }{
		{"[]", "0 transactions"},
		{`{:type :ok, :process "0", :f :txn, :value [[:append 1 1]]}`, "1 operation, none by a client (whose process is an integer)"},
		{`{:type :invoke, :process 0, :f :txn, :value [[:append 1 1]], :time 5}
{:type :ok, :process 0, :f :txn, :value [[:append 1 1]], :time 4000005}`, "1 transaction, 1 process, 4 ms of history"},
		{`{:type :invoke, :process 0, :value [[:append 1 1]]}
{:type :info, :process 0, :value [[:append 1 1]]}
{:type :invoke, :process 1, :value [[:append 1 2]]}
{:type :fail, :process 2, :value [[:append 1 3]]}
{:type :info, :process :nemesis, :f :kill}`, "3 transactions (1 failed, 2 indeterminate), 3 processes"},
		{`{:type :ok, :process 0, :f :read, :value 3}`, "1 operation, 1 process"},
	} {
		if got := SizeOf(read(t, c.history)).String(); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.history, got, c.want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{7: "7 ns", 1500: "1 µs", 2 * time.Millisecond: "2 ms",
		90 * time.Second: "1.5 min", 40 * time.Second: "40.0 s", 3 * time.Hour: "3.0 h"} {
		if got := duration(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}

// TestLongTransaction checks that of a transaction with many micro-ops those that a proof speaks of are shown, and with
// Verbose all of it. Without it, the evidence could be what is left out.
func TestLongTransaction(t *testing.T) {
	var mops []string
	for i := range 30 {
		mops = append(mops, fmt.Sprintf("[:append %d %d]", i, i))
	}
	h := read(t, "{:type :ok, :process 0, :value ["+strings.Join(mops, " ")+"]}")
	step := check.Step{Type: "ww", Text: "of it", Fields: []history.Field{
		{Name: "key", Value: edn.NewInt(17)}, {Name: "a-mop-index", Value: edn.NewInt(17)}, {Name: "b-mop-index", Value: edn.NewInt(17)}}}
	r := check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{{Kind: "G0", Ops: []history.ID{0}, Steps: []check.Step{step}}}}
	got := string(Text(h, r, TextOptions{File: "f"}))
	if want := "  T1 = …17 more… [:append 17 17] …12 more… (line 1, process 0)\n"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant the line %s", got, want)
	}
	if want := "  T1 must come before itself, because of it: a contradiction.\n"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant the line %s", got, want)
	}
	got = string(Text(h, r, TextOptions{File: "f", Verbose: true}))
	for _, m := range mops {
		if !strings.Contains(got, m[:strings.IndexByte(m, ' ')]) {
			t.Errorf("verbose text lacks %s:\n%s", m, got)
		}
	}
}

// TestQuiet checks that a quiet report is one line, however long. Without it, scripts that read a line for each file
// would lose count.
func TestQuiet(t *testing.T) {
	h := read(t, twoTxns)
	file := strings.Repeat("long/", 30) + "history.edn"
	want := "UNKNOWN  " + file + ": 2 transactions (1 failed), 2 processes\n"
	r := check.Result{Anomalies: []check.Anomaly{{Kind: "G1a", Ops: []history.ID{1, 0}}}}
	if got := string(Text(h, r, TextOptions{File: file, Quiet: true})); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPlace checks that an operation is found in a file of a single line. Without it, "line 1" would be all that is said
// of every operation.
func TestPlace(t *testing.T) {
	h := read(t, `[{:type :ok, :process 0, :value [[:append 1 1]]} {:type :info, :process "n", :value [[:r 1 nil]]}
  {:type :info, :process 1, :value [[:r 1 nil]]}]`)
	p := &page{h: h}
	for id, want := range []string{"(line 1, process 0)", "(line 1:50, info)", "(line 2, process 1, info)"} {
		if got := p.place(history.ID(id)); got != want {
			t.Errorf("operation %d: got %s, want %s", id, got, want)
		}
	}
}

// TestManyKeys checks that of many failing keys a few are shown and the rest counted. Without it, a report on a
// thousand keys would be unreadable.
func TestManyKeys(t *testing.T) {
	h := read(t, "[]")
	r := check.Result{Verdict: check.Invalid}
	for i := range 1234 {
		v := check.Invalid
		if i%2 == 0 {
			v = check.Valid
		}
		r.Parts = append(r.Parts, check.Part{Name: fmt.Sprint(i), Result: check.Result{Verdict: v}})
	}
	got := string(Text(h, r, TextOptions{File: "f"}))
	for _, want := range []string{"of 1,234 keys 617 invalid, 617 valid.", "Key 1: invalid\n", "Key 5: invalid\n",
		"... and 614 more keys that are not valid (-v shows them)"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Key 7:") || strings.Contains(got, "Key 2:") {
		t.Errorf("too many keys in\n%s", got)
	}
}

// TestHarmless checks that nothing which a history holds reaches the terminal as a command. Without it, a key could clear
// the screen, or turn the verdict's letters round.
func TestHarmless(t *testing.T) {
	for _, c := range []struct {
		text  string
		color bool
		want  string
	}{
		{"plain … text\n", false, "plain … text\n"},
		{"a\x1b[2Jb\a\u202ec\u009b\x7f\n", false, `a\u001b[2Jb\u0007\u202ec\u009b\u007f` + "\n"},
		{"\x1b[1;31mINVALID\x1b[0m \x1b[2J\x1b]0;title\a\x1b", true, "\x1b[1;31mINVALID\x1b[0m " + `\u001b[2J\u001b]0;title\u0007\u001b`},
		{"\x1b[1;31mINVALID", false, `\u001b[1;31mINVALID`},
		{"not \xff text", false, "not \xff text"},
	} {
		if got := string(harmless([]byte(c.text), c.color)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestManyInterestingElements checks that a read of which every element matters stays a line, made in linear time. Without
// it, a list applied twice could take minutes to print, and pages.
func TestManyInterestingElements(t *testing.T) {
	const n = 1_000_000
	looked := 0
	show := window(n, n, n-1, func(i, j int) bool { looked++; return i == j })
	shown := 0
	for _, on := range show {
		if on {
			shown++
		}
	}
	if want := maxShown * (2*around + 1); shown > want || !show[0] || !show[n-1] {
		t.Errorf("got %d shown, the first %t and the last %t, want at most %d and both", shown, show[0], show[n-1], want)
	}
	if looked > maxShown*n {
		t.Errorf("got %d comparisons, want at most %d", looked, maxShown*n)
	}
}

// TestShortMop checks that the end of a long list is kept as far as it fits. Without it, a node could lose the elements
// by which two reads differ, or take a day to write.
func TestShortMop(t *testing.T) {
	items := make([]edn.Value, 300_000)
	for i := range items {
		items[i] = edn.NewInt(int64(i % 10))
	}
	mop := []edn.Value{edn.NewKeyword("r"), edn.NewKeyword("x"), edn.NewVector(items)}
	got := shortMop(edn.NewVector(mop))
	if want := "r :x [… 6 7 8 9]"; len([]rune(got)) > maxText || len([]rune(got)) < maxText-2 || !strings.HasSuffix(got, want[len("r :x [… "):]) ||
		!strings.HasPrefix(got, "r :x [… ") {
		t.Errorf("got %q, want the like of %q in nearly %d characters", got, want, maxText)
	}
}
