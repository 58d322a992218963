package run

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/internal/store"
)

// lossy is a run whose partition lost what was added meanwhile, and more besides; and whose last fault was never healed.
const lossy = `{:type :invoke :process 0 :f :add :value 1 :time 1000000000 :index 0}
{:type :ok :process 0 :f :add :value 1 :time 1100000000 :index 1}
{:type :info :process :nemesis :f :start-partition :value :one :time 2000000000 :index 2}
{:type :info :process :nemesis :f :start-partition :value {"n1" #{"n2" "n3"}} :time 2200000000 :index 3}
{:type :invoke :process 0 :f :add :value 2 :time 2100000000 :index 4}
{:type :ok :process 0 :f :add :value 2 :time 2150000000 :index 5}
{:type :invoke :process 1 :f :add :value 3 :time 3000000000 :index 6}
{:type :ok :process 1 :f :add :value 3 :time 3100000000 :index 7}
{:type :info :process :nemesis :f :kill :value :all :time 3050000000 :index 8}
{:type :info :process :nemesis :f :kill :value nil :time 3060000000 :index 9}
{:type :info :process :nemesis :f :stop-partition :value nil :time 4000000000 :index 10}
{:type :info :process :nemesis :f :stop-partition :value :network-healed :time 4100000000 :index 11}
{:type :info :process :nemesis :f :bump-clock :value {"n1" 5} :time 4200000000 :index 12}
{:type :info :process :nemesis :f :bump-clock :value {"n1" 5} :time 4300000000 :index 13}
{:type :invoke :process 1 :f :read :value nil :time 5000000000 :index 14}
{:type :ok :process 1 :f :read :value #{} :time 5100000000 :index 15}
`

// stored is a run of the given history.
func stored(t *testing.T, history string) *store.Run {
	t.Helper()
	r, err := store.Create(t.TempDir(), "x", time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir(), store.HistoryEDN), []byte(history), 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

// namedChecks are checks without options.
func namedChecks(names []string) (checks []Check) {
	for _, n := range names {
		checks = append(checks, Check{n, all.Values{}})
	}
	return checks
}

// judged is the history as those checks judge it.
func judged(t *testing.T, history string, names ...string) Judged {
	t.Helper()
	d, err := judging{checks: namedChecks(names)}.judge(t.Context(), stored(t, history))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Without this the report could show faults at wrong times, or forget one that was never healed.
func TestWindows(t *testing.T) {
	var got []string
	for _, w := range Windows(judged(t, lossy).History) {
		got = append(got, w.String())
	}
	want := []string{
		`  2.000 s –   4.100 s  partition  {"n1" #{"n2" "n3"}}`,
		`  3.050 s –   5.100 s  kill  :all  (not healed in the history)`,
		`  4.200 s –   5.100 s  clock  {"n1" 5}  (not healed in the history)`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("windows are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Without this lost elements could stand beside faults that weren't on when they were added, or not be listed at all:
// each of the checkers has its own way to write them.
func TestLostElementsBesideFaults(t *testing.T) {
	for _, checker := range []string{"set", "set-full"} {
		d := judged(t, lossy, checker)
		if d.Result.Verdict != check.Invalid {
			t.Fatalf("%s: the verdict is %v, want invalid", checker, d.Result.Verdict)
		}
		var page bytes.Buffer
		if err := d.report(&page, "a run", Page{Width: 80}); err != nil {
			t.Fatal(err)
		}
		want := `3 elements that were acknowledged and lost, by the faults that were on meanwhile:
  1, added from 1.000 s to 1.100 s; no fault was on; the next was #1 partition, from 2.000 s
      1 at 1.100 s
  1, added from 2.100 s to 2.150 s; on: #1 partition (2.000 – 4.100 s)
      2 at 2.150 s
  1, added from 3.000 s to 3.100 s; on: #1 partition (2.000 – 4.100 s), #2 kill (3.050 – 5.100 s)
      3 at 3.100 s
`
		if !strings.Contains(page.String(), want) {
			t.Errorf("%s: the report is\n%s\nwant in it\n%s", checker, page.String(), want)
		}
		if !strings.HasPrefix(page.String(), "INVALID  a run") {
			t.Errorf("%s: the report begins %.40q", checker, page.String())
		}
	}
}

// Without this the report and the page could not say what a run was asked for, or the page nothing of the faults.
func TestPageSaysWhatWasAsked(t *testing.T) {
	r := stored(t, lossy)
	d, err := judging{workload: "set", checks: namedChecks([]string{"set", "set-full"})}.judge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.keep(t.Context(), r, pictures{}), d.Close()); err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		reportFile: {"Checked as workload set by set, set-full, stats and unhandled-exceptions: of 4 checkers 2 invalid,",
			"\nOperations of clients:\n  add: 3 of 3 ok, 0 failed, 0 unknown\n  read: 1 of 1 ok, 0 failed, 0 unknown\n", "\nFaults, in seconds since the start:\n  #1 "},
		filepath.Join(store.CheckDir, "index.html"): {"<p>Checked as workload set by set, set-full, stats and unhandled-exceptions: of 4 checkers",
			"<h2>Faults, in seconds since the start</h2>", "<h2>3 elements that were acknowledged and lost, "},
	} {
		text, err := os.ReadFile(filepath.Join(r.Dir(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s is\n%s\nwant in it\n%s", name, text, want)
			}
		}
	}
	own := judged(t, lossy, "set") // a generator of the plan's own has no workload's name
	var page bytes.Buffer
	if err := own.report(&page, "a run", Page{Width: 80}); err != nil || !strings.Contains(page.String(), "Checked by set, stats and unhandled-exceptions: ") {
		t.Errorf("the report is\n%s\n(%v)", page.String(), err)
	}
}

// Without this a run could be called valid because none of its checks looked at it, or because nothing happened.
func TestJudgeOfLittle(t *testing.T) {
	quiet := `{:type :info :process :nemesis :f :kill :value nil :time 1 :index 0}` + "\n"
	if got := judged(t, quiet, "set").Result.Verdict; got != check.Unknown {
		t.Errorf("without clients the verdict is %v, want unknown", got)
	}
	if got := judged(t, quiet, "perf").Result.Verdict; got == check.Valid {
		t.Errorf("with a drawing as the only check the verdict is %v", got)
	}
	if _, err := (judging{}).judge(t.Context(), stored(t, "")); err != errNoHistory {
		t.Errorf("an empty file: error is %v, want %v", err, errNoHistory)
	}
	cut := strings.TrimSuffix(lossy, "100000000 :index 15}\n")
	if got := judged(t, cut, "set").Result; got.Verdict == check.Valid || len(got.Notes) == 0 {
		t.Errorf("a torn end: verdict %v, notes %v, want no valid and a note", got.Verdict, got.Notes)
	}
}

// Without this a run whose disk was full after a second could be called valid, then or by `analyze`.
func TestEndedEarly(t *testing.T) {
	const good = `{:type :invoke :process 0 :f :add :value 1 :time 1 :index 0}
{:type :ok :process 0 :f :add :value 1 :time 2 :index 1}
{:type :invoke :process 0 :f :read :value nil :time 3 :index 2}
{:type :ok :process 0 :f :read :value #{1} :time 4 :index 3}
`
	f := &life{t: &Test{Name: "x", Checks: namedChecks([]string{"set"})}, run: stored(t, good)}
	for early, want := range map[string]check.Verdict{"": check.Valid, "no space left on device": check.Unknown} {
		f.early = early
		if err := f.keepTest(); err != nil {
			t.Fatal(err)
		}
		kept, err := keptJudging(f.run)
		if err != nil {
			t.Fatal(err)
		}
		for who, j := range map[string]judging{"run": f.judging(), "analyze": kept} {
			d, err := j.judge(t.Context(), f.run)
			if err != nil {
				t.Fatal(err)
			}
			if d.Result.Verdict != want || (len(d.Result.Reasons) > 0) != (early != "") {
				t.Errorf("%s, ended early by %q: the verdict is %v, its reasons %v, want %v", who, early, d.Result.Verdict, d.Result.Reasons, want)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// Without this `analyze` could judge with other options than the run did: JSON has one kind of number.
func TestKeptChecksKeepTheirOptions(t *testing.T) {
	want := all.Values{"total-amount": int64(100), "accounts": []string{"1", "2"}, "allow-negative-balances": true}
	got, err := values(keptCheck{"bank", map[string]any{"total-amount": 100.0, "accounts": []any{"1", 2.0}, "allow-negative-balances": true}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || got["total-amount"] != want["total-amount"] || strings.Join(got.List("accounts"), ",") != "1,2" || !got.On("allow-negative-balances") {
		t.Errorf("options are %v, want %v", got, want)
	}
	if _, err := values(keptCheck{"bank", map[string]any{"tottal": 1.0}}); err == nil {
		t.Error("an unknown option is taken")
	}
}
