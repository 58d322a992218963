package set_test

import (
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/set"
)

// short reads a history in short notation: process, type, function, value on each line.
func short(t *testing.T, lines string) *history.History {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(lines) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) == 4 {
			b.WriteString("{:process " + f[0] + " :type :" + f[1] + " :f :" + f[2] + " :value " + f[3] + "}\n")
		}
	}
	h, err := history.Read(t.Context(), "short", []byte(b.String()), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCheck(t *testing.T) {
	// Without this, the verdicts that differ from the original's on purpose could change, and each reason for unknown.
	for _, c := range []struct {
		name, lines string
		compat      bool
		verdict     check.Verdict
		kind        string // of the first anomaly, or the code of the first reason or note
	}{
		{"lost", `0 invoke add 1
			0 ok add 1
			0 invoke read nil
			0 ok read []`, false, check.Invalid, "lost"},
		{"confirmed after the last read began", `0 invoke add 1
			1 invoke read nil
			0 ok add 1
			1 ok read []`, false, check.Valid, "confirmed-after-last-read"},
		{"which the original takes for lost", `0 invoke add 1
			1 invoke read nil
			0 ok add 1
			1 ok read []`, true, check.Invalid, "lost"},
		{"unexpected", `1 invoke read nil
			1 ok read [7]`, false, check.Invalid, "unexpected"},
		{"recovered", `0 invoke add 1
			0 info add 1
			1 invoke read nil
			1 ok read #{1}`, false, check.Valid, ""},
		{"failed and there", `0 invoke add 1
			0 fail add 1
			1 invoke read nil
			1 ok read [1]`, false, check.Valid, ""},
		{"elements that are lists", `0 invoke add [1 2]
			0 ok add [1 2]
			1 invoke read nil
			1 ok read [(1 2)]`, false, check.Valid, ""},
		{"elements that look like micro-ops", `0 invoke add [:r 1 2]
			0 ok add [:r 1 2]
			1 invoke read nil
			1 ok read [[:r 1 2]]`, false, check.Valid, ""},
		{"twice in a read", `0 invoke add 1
			0 ok add 1
			1 invoke read nil
			1 ok read [1 1]`, false, check.Valid, "duplicates-in-read"},
		{"never read", `0 invoke add 1
			0 ok add 1`, false, check.Unknown, "never-read"},
		{"a last read without value", `0 invoke add 1
			0 ok add 1
			1 invoke read nil
			1 ok read [1]
			1 invoke read nil
			1 ok read nil`, false, check.Valid, ""},
		{"no set", `1 invoke read nil
			1 ok read 5`, false, check.Unknown, "value-is-no-set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := set.Check(t.Context(), short(t, c.lines), set.Options{JepsenCompat: c.compat})
			if r.Verdict != c.verdict || first(r) != c.kind {
				t.Errorf("%s, %q, want %s, %q", r.Verdict, first(r), c.verdict, c.kind)
			}
		})
	}
}

// first is the name of the first thing that a result tells.
func first(r check.Result) string {
	switch {
	case len(r.Anomalies) > 0:
		return r.Anomalies[0].Kind
	case len(r.Reasons) > 0:
		return r.Reasons[0].Code
	case len(r.Notes) > 0:
		return r.Notes[0].Code
	}
	return ""
}

func TestFullWitnesses(t *testing.T) {
	// Without this, the operations that a report names could be others than those that prove the anomaly.
	h := short(t, `0 invoke add 1
		0 ok add 1
		1 invoke read nil
		1 ok read [1]
		1 invoke read nil
		1 ok read []
		0 invoke add 2
		0 ok add 2
		1 invoke read nil
		1 ok read []
		1 invoke read nil
		1 ok read [2]`)
	r := set.CheckFull(t.Context(), h, set.FullOptions{Linearizable: true})
	want := map[string][]history.ID{"lost": {1, 11, 3}, "stale": {7, 9, 11}}
	if len(r.Anomalies) != 2 {
		t.Fatalf("%d anomalies, want 2", len(r.Anomalies))
	}
	for _, a := range r.Anomalies {
		if len(a.Ops) != 3 || a.Ops[0] != want[a.Kind][0] || a.Ops[1] != want[a.Kind][1] || a.Ops[2] != want[a.Kind][2] {
			t.Errorf("%s: %v, want %v", a.Kind, a.Ops, want[a.Kind])
		}
	}
}
