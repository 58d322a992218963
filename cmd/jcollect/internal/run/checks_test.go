package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/internal/store"
)

// readPlan is a plan in memory with the given checks; the mistakes in them.
func readPlan(t *testing.T, checks string) (*Test, []plan.Problem) {
	t.Helper()
	var p plan.Problems
	root := plan.Parse("plan.yaml", []byte("name: x\nclient: {kind: mem}\nworkload: set\nchecks: "+checks+"\n"), &p)
	if root == nil {
		t.Fatal("no plan")
	}
	test := Read(root, t.TempDir(), &p)
	list, _ := p.Sorted()
	return test, list
}

// Without this a plan with operations of its own could not say which model, total or pattern its checks are to have.
func TestChecksHaveOptions(t *testing.T) {
	test, wrong := readPlan(t, `[stats, {linearizable: {model: mutex}}, {bank: {total-amount: 100, accounts: [1, 2]}}, {set-full: {linearizable: true}}, {availability: {availability: 0.9}}]`)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	want := []Check{
		{"stats", all.Values{}},
		{"linearizable", all.Values{"model": "mutex"}},
		{"bank", all.Values{"total-amount": int64(100), "accounts": []string{"1", "2"}}},
		{"set-full", all.Values{"linearizable": true}},
		{"availability", all.Values{"availability": 0.9}},
	}
	if !reflect.DeepEqual(test.Checks, want) {
		t.Errorf("checks are %v, want %v", test.Checks, want)
	}
	both := union([]Check{{"bank", all.Values{"total-amount": int64(7), "allow-negative-balances": true}}}, want)
	if got := both[0].Options; got["total-amount"] != int64(100) || got["allow-negative-balances"] != true {
		t.Errorf("the workload's options with the plan's are %v, want the plan's to count for more", got)
	}
	for _, c := range want { // what is kept must come back as it was
		text, err := json.Marshal(keptCheck{c.Name, c.Options})
		if err != nil {
			t.Fatal(err)
		}
		var k keptCheck
		if err := json.Unmarshal(text, &k); err != nil {
			t.Fatal(err)
		}
		if got, err := values(k); err != nil || !reflect.DeepEqual(got, c.Options) {
			t.Errorf("%s: kept are %v (%v), want %v", c.Name, got, err, c.Options)
		}
	}
}

// Without this the database's own complaints could go unread although the plan asks for them, or a log that can't be
// read could pass for one without complaints.
func TestLogsAreSearched(t *testing.T) {
	for _, c := range []struct {
		checks string
		want   check.Verdict
	}{
		{`[{log-file-pattern: {pattern: "panic|corrupt"}}]`, check.Invalid},
		{`[{log-file-pattern: {pattern: "panic|corrupt", log: db.log}}]`, check.Invalid},
		{`[{log-file-pattern: {pattern: "panic|corrupt", log: ["*.err", other.log]}}]`, check.Valid},
		{`[{log-file-pattern: {pattern: "panic|corrupt", log: "*.none"}}]`, check.Unknown},
		{`[{log-file-pattern: {pattern: nothing}}]`, check.Valid},
	} {
		test, wrong := readPlan(t, c.checks)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		r := stored(t, lossy)
		for name, text := range map[string]string{"n1/db.log": "all is well\n", "n2/db.log": "2026-11-23T05:52:15.670Z jcollect: starting x: panic\npage 7 is corrupt\n", "n2/other.log": "well\n", store.CheckDir + "/x": "panic\n"} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(r.Dir(), name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(r.Dir(), name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		d, err := judging{checks: test.Checks}.judge(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		part := d.Result.Parts[0]
		if part.Name != "log-file-pattern" || part.Result.Verdict != c.want {
			t.Errorf("%s: %s is %v, want %v (%v)", c.checks, part.Name, part.Result.Verdict, c.want, part.Result.Reasons)
		}
		if c.want == check.Invalid && (len(part.Result.Anomalies) != 1 || part.Result.Anomalies[0].Fields[0].Value.Text != "n2") {
			t.Errorf("%s: anomalies are %v, want one line of n2", c.checks, part.Result.Anomalies)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
