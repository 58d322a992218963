package workload

import (
	"math"
	"strings"
	"testing"

	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
)

// Without this a mistake in the section could pass unseen, or be told without its place.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                         "1:1: workload lacks the key kind",
		"[set]":                                      "1:1: workload is",
		"sett":                                       `1:1: "sett" is not known here`,
		"{kind: sett}":                               `1:8: "sett" is not known here`,
		"{kind: set, accounts: 3}":                   "1:13: workload has no key",
		"{kind: bank, accounts: 1}":                  "1:24: ",
		"{kind: bank, accounts: many}":               "1:24: ",
		"{kind: append, key-dist: odd}":              "1:26: ",
		"{kind: set, rate: 5}":                       "1:19: ",
		"{kind: rw-register, versions: [wfr]}":       "1:32: ",
		"{kind: register, independent: perhaps}":     "1:31: ",
		"{kind: bank, accounts: 1, max-transfer: 0}": "1:41: ",
	} {
		var p plan.Problems
		Read(plan.Parse("f", []byte(text), &p), &p)
		var got []string
		list, _ := p.Sorted()
		for _, problem := range list {
			got = append(got, problem.String())
		}
		if !strings.Contains(strings.Join(got, "\n"), "f:"+want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// Without this a plan without a workload could panic, and one that doesn't fit the concurrency hang.
func TestWorkFails(t *testing.T) {
	var p plan.Problems
	if _, err := Read(nil, &p).Work(Setting{Concurrency: 5}); err == nil || p.Any() {
		t.Errorf("got no error without a workload, problems %v", p.Any())
	}
	for text, want := range map[string]string{
		"{kind: register, threads-per-key: 3}": "5 clients can't be split into groups of 3",
		"{kind: g2}":                           "5 clients can't be split into pairs",
	} {
		if _, err := read1(t, text).Work(Setting{Concurrency: 5}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// Without this a workload could ask for a check, or an option of one, that there isn't.
func TestChecksExist(t *testing.T) {
	for _, text := range []string{
		"register", "cas-register", "mutex", "set", "{kind: set-full, linearizable: true}", "counter", "pn-counter",
		"{kind: queue, model: fifo-queue}", "unique-ids", "{kind: bank, negative-balances: true}",
		"{kind: append, consistency-models: serializable, anomalies: [G1a]}", "{kind: rw-register, versions: [wfr-keys, linearizable-keys]}",
		"long-fork", "causal", "causal-reverse", "monotonic", "g2", "{kind: kafka, ww-deps: true}",
	} {
		work, err := read1(t, text).Work(Setting{Concurrency: 4})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for _, c := range work.Checks {
			row, found := all.Find(c.Name)
			for name, v := range c.Values {
				kind, known := all.OptionKind(0), false
				for _, o := range row.Options {
					if o.Name == name {
						kind, known = o.Kind, true
					}
				}
				fits := map[all.OptionKind]func(any) bool{
					all.Switch: is[bool], all.Number: is[int64], all.Ratio: is[float64], all.Text: is[string], all.List: is[[]string],
				}[kind]
				if !found || !known || !fits(v) {
					t.Errorf("%s: check %s, option %s: %v doesn't fit", text, c.Name, name, v)
				}
			}
		}
	}
}

// is tells whether a value is of a type.
func is[T any](v any) bool { _, ok := v.(T); return ok }

// Without this the rate of a plan could be ignored, or win over that of the workload.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		text string
		rate float64
		want float64 // operations per second
	}{{"set", 100, 100}, {"{kind: set, rate: 500/s}", 100, 500}} {
		work, err := read1(t, c.text).Work(Setting{Concurrency: 10, Rate: c.rate})
		if err != nil {
			t.Fatal(err)
		}
		ops, err := generator.Simulation{Concurrency: 10, Nemesis: true, Seed: 1}.Run(t.Context(), generator.Limit(20_000, work.Generator))
		if err != nil {
			t.Fatal(err)
		}
		got := float64(len(ops)/2) / (float64(ops[len(ops)-1].TimeNS) / 1e9)
		if math.Abs(got/c.want-1) > 0.05 {
			t.Errorf("%s: got %f/s, want %f/s", c.text, got, c.want)
		}
	}
}

// Without this what is read of many keys at once could be the same key twice, or never some of them.
func TestSample(t *testing.T) {
	seen := make(map[int64]int)
	for seed := range uint64(2000) {
		d := generator.NewContext(1, false, seed).Dice()
		once := make(map[int64]bool)
		for _, v := range sample(3, 8, &d) {
			once[v.Int()] = true
			seen[v.Int()]++
		}
		if len(once) != 3 {
			t.Fatalf("seed %d: got %v, want three keys", seed, once)
		}
	}
	for k := range int64(8) {
		if n := seen[k]; n < 600 || n > 900 {
			t.Errorf("key %d came %d times of 2000, want 750", k, n)
		}
	}
	if len(seen) != 8 {
		t.Errorf("got %d keys, want 8", len(seen))
	}
}

// FuzzRead reads whatever a plan may have as a workload, and begins it.
func FuzzRead(f *testing.F) {
	// Without this a section that nobody has thought of could end in a panic, or in a workload that never answers.
	for _, k := range Kinds() {
		f.Add("{kind: " + k.Name + ", rate: 5/s, key-count: 7, max-txn-length: 3, threads-per-key: 2, accounts: 3}")
		rows, _, _ := k.Options()
		for _, r := range rows {
			f.Add("{kind: " + k.Name + ", " + r.Key + ": 1}")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p plan.Problems
		n := plan.Parse("f", []byte(text), &p)
		if n == nil || len(text) > 1000 {
			return
		}
		w := Read(n, &p)
		if p.Any() {
			return
		}
		work, err := w.Work(Setting{Concurrency: 4, Rate: 100})
		if err != nil {
			return
		}
		s := generator.Simulation{Concurrency: 4, Nemesis: true, Seed: 1, MaxOps: 50}
		if _, err := s.Run(t.Context(), work.Generator); err != nil && !strings.Contains(err.Error(), "stopped after") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
