package linearizable

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/corpus"
)

// tsv reads a table of the corpus: a map from column to cell for each row.
func tsv(tb testing.TB, name string) []map[string]string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(corpus.Dir(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, cell := range strings.Split(line, "\t") {
			row[head[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// load reads a history of the corpus.
func load(tb testing.TB, path string) *history.History {
	tb.Helper()
	h, err := history.Open(context.Background(), filepath.Join(corpus.Dir(tb), path), history.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

// optionsFor are those of a row of linearizability.tsv.
func optionsFor(row map[string]string) Options {
	o := Options{Datatype: row["model"], Initial: row["init"]}
	if row["failed"] == "observe" {
		o.Failed = Observe
	}
	switch {
	case strings.HasPrefix(o.Datatype, "kv"):
		o.Datatype, o.Initial = "kv", ""
	case o.Datatype == "mutex":
		o.Initial = ""
	case o.Datatype == "multi-register":
		o.Initial = "{:x 0 :y 0}"
	}
	return o
}

func TestLinearizabilityTable(t *testing.T) {
	// Without this, histories that other checkers have judged could be judged wrongly.
	for _, row := range tsv(t, "linearizability.tsv") {
		t.Run(row["path"], func(t *testing.T) {
			r := Check(context.Background(), load(t, row["path"]), optionsFor(row))
			if got := r.Verdict.String(); got != row["expected"] {
				t.Errorf("verdict is %s, want %s (%v)", got, row["expected"], r.Reasons)
			}
			if r.Verdict == check.Invalid && (len(r.Anomalies) == 0 || len(r.Anomalies[0].Paths) == 0) {
				t.Errorf("no counterexample in %v", r.Anomalies)
			}
		})
	}
}

// manifestOptions are those of a row of MANIFEST.tsv.
func manifestOptions(row map[string]string) Options {
	o := Options{Datatype: row["model"]}
	switch {
	case o.Datatype == "multi-register":
		o.Initial = "{:x 0 :y 0}"
	case strings.Contains(row["path"], "histories/knossos/cas-register"):
		o.Initial = "0"
	}
	return o
}

func TestManifest(t *testing.T) {
	// Without this, the histories that elle-cli is tested with, in EDN and JSON, could be judged wrongly.
	n := 0
	for _, row := range tsv(t, "MANIFEST.tsv") {
		if !strings.Contains(row["path"], "knossos/") && !strings.Contains(row["path"], "histories/porcupine/") {
			continue
		}
		n++
		h, o := load(t, row["path"]), manifestOptions(row)
		if strings.Contains(row["path"], "histories/porcupine/") { // as the command does with no options
			var err error
			if o.Datatype, err = Recognise(h); err != nil {
				t.Errorf("%s: %v", row["path"], err)
			}
		}
		r := Check(context.Background(), h, o)
		if got := r.Verdict.String(); got != row["expected"] {
			t.Errorf("%s: verdict is %s, want %s (%v)", row["path"], got, row["expected"], r.Reasons)
		}
	}
	if n == 0 {
		t.Error("no rows")
	}
}

// judgement is a line of checkers.jsonl: a history and what Knossos answers.
type judgement struct {
	Workload string
	Checker  string
	Opts     map[string]json.RawMessage
	Tags     []string
	History  json.RawMessage
	Result   struct {
		Valid any `json:"valid?"`
		Op    *struct{ Index *int64 }
		Prev  *struct{ Index *int64 } `json:"previous-ok"`
		Fails []any                   `json:"failures"`
	}
	Thrown string
}

func TestKnossosJudgements(t *testing.T) {
	// Without this, thousands of random histories that Knossos has judged could be judged differently unnoticed.
	file, err := os.Open(filepath.Join(corpus.Dir(t), "checkers.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	counts := make(map[string]int)
	for n := 1; lines.Scan(); n++ {
		var j judgement
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			t.Fatal(err)
		}
		if j.Checker != "knossos" && j.Checker != "linearizable" {
			continue
		}
		j.compare(t, n, counts)
	}
	t.Log(counts)
}

// check judges the history; it is nil if it can't be read.
func (j judgement) check(t *testing.T) (*history.History, check.Result) {
	var o Options
	if err := json.Unmarshal(j.Opts["model"], &o.Datatype); err != nil {
		t.Fatal(err)
	}
	if init := j.Opts["init"]; init != nil {
		text := regexp.MustCompile(`"(\d+)":`).ReplaceAllString(string(init), "$1 ") // keys of JSON's maps are strings
		o.Initial = strings.NewReplacer(`":`, `" `, "null", "nil").Replace(text)
	}
	in := history.Options{Format: history.FormatJSON, Independent: history.IndependentOff}
	if string(j.Opts["independent"]) == "true" {
		in.Independent = history.IndependentOn
	}
	h, err := history.Read(context.Background(), "checkers.jsonl", j.History, in)
	if err != nil {
		return nil, check.Result{}
	}
	return h, Check(context.Background(), h, o)
}

func (j judgement) compare(t *testing.T, line int, counts map[string]int) {
	h, r := j.check(t)
	if h == nil {
		if !slices.Contains(rejected, line) {
			t.Errorf("line %d (%s %v %s) can't be read", line, j.Workload, j.Tags, j.Thrown)
		}
		counts["rejected/"+fmt.Sprint(j.Result.Valid)]++
		return
	}
	defer h.Close()
	if slices.Contains(rejected, line) {
		t.Errorf("line %d is read, but should be rejected", line)
	}
	want := map[any]string{true: "valid", false: "invalid"}[j.Result.Valid]
	if want == "" {
		want = "unknown"
	}
	counts[j.Workload+" "+want+" → "+r.Verdict.String()]++
	if why := knownDifference[line]; why != "" {
		if r.Verdict.String() == want {
			t.Errorf("line %d: verdict is %s, as Knossos answers; but it should differ: %s", line, want, why)
		}
		return
	}
	if got := r.Verdict.String(); got != want {
		t.Errorf("line %d (%s %v %s): verdict is %s, want %s (%v)", line, j.Workload, j.Tags, j.Thrown, got, want, r.Reasons)
	}
}

// rejected lists the lines that our reader rejects: in each a process invokes an operation while its last is still open.
// Knossos throws at all of them (the exception makes its verdict unknown, or that of the key; where another key is invalid
// the whole is).
var rejected = []int{
	4272, 4317, 4331, 4449, 4490, // register
	4623, 4628, 4799, // cas-register
	4815, 4830, 4891, 5047, 5078, // mutex
	5230,             // multi-register
	5618, 5628, 5695, // set
	5857,       // fifo-queue
	6171, 6265, // unordered-queue
	6752, 6787, 6803, 6832, 6852, 6864, 6874, // independent cas-register; 6803 and 6852 are invalid by another key
}

// knownDifference lists the lines where Knossos is wrong or answers what we take for an error, and why.
var knownDifference = map[int]string{
	5534: vectorRead, 5545: vectorRead, 5565: vectorRead, 5579: vectorRead, 5612: vectorRead, 5627: vectorRead,
	5959: "a crashed dequeue may have taken an element; Knossos takes its nil for an element that was never there",
}

const vectorRead = "a set is read as a vector, as in JSON; Knossos finds no vector equal to a set"
