package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
)

// everything are all premises at once.
var everything = Premises{UniqueWrites: true, Integers: true, ListReads: true, ScalarReads: true, Sets: true}

// report reads a text as the verb does.
func report(t *testing.T, text string, p Premises, most int) Report {
	t.Helper()
	h, err := history.Read(t.Context(), "h", []byte(text), history.Options{Tolerant: true})
	if err != nil {
		t.Fatal(err)
	}
	return History(h, p, most)
}

func TestHistory(t *testing.T) {
	// Without this, a kind of finding could be lost, or be told of what is as it should be.
	const good = "{:index 0 :time 1 :process 0 :type :invoke :f :txn :value [[:append 1 1]]}\n{:index 1 :time 2 :process 0 :type :ok :f :txn :value [[:append 1 1]]}\n"
	for _, test := range []struct {
		text, want string
		p          Premises
	}{
		{good, "", everything},
		{good + "{:index 2 :time 3 :process :nemesis :type :info :f :kill :value nil}", "", everything},
		{good + "{:index 2 :time 3 :process 1 :type :ok :f :txn :value []}", "completion-without-invocation 3", Premises{}},
		{good + "{:index 2 :process 1 :type :invoke :f :txn :value []}", "no-time 3", Premises{}},
		{good + "{:index 2 :time 1 :process 1 :type :invoke :f :txn :value []}", "time-backwards 3", Premises{}},
		{good + "{:index 2 :time 3 :type :invoke :f :txn :value []}", "no-process 3", Premises{}},
		{good + "{:index 1 :time 3 :process 1 :type :invoke :f :txn :value []}", "same-index 3!", Premises{}},
		{good + "{:time 3 :process 1 :type :invoke :f :txn :value []}", "no-index 3!", Premises{}},
		{good + "{:index 2 :time 3 :process 1 :type :invoke :f :txn :value [[:append 1 1]]}", "written-twice 3", everything},
		{good + "{:index 2 :time 3 :process 1 :type :invoke :f :txn :value [[:append 1 1]]}", "", Premises{}},
		{good + "{:index 2 :time 3 :process 1 :type :invoke :f :txn :value [[:append \"1\" 1]]}", "", everything},
		{"{:process 0 :type :invoke :f :read}{:process 0 :type :info :f :read}{:process 0 :type :invoke :f :read}", "process-reused 1", Premises{}},
		{"{:process 0 :type :invoke :f :read}{:process 0 :type :invoke :f :read}", "double-invoke 1!", Premises{}},
		{"{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :ok :f :write :value 2}", "another-value 1", Premises{}},
		{"{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :ok :f :read :value 1}", "another-function 1", Premises{}},
		{"{:process 0 :type :invoke :f :read :value 1}{:process 0 :type :ok :f :read :value 2}", "", Premises{}},
		{"{:index 5 :process 0 :type :invoke :f :read}{:index 4 :process 0 :type :ok :f :read :value 2}", "index-backwards 1", Premises{}},
		{"{:process 0 :type :invoke :f :txn :value [[:r 1 nil]]}{:process 0 :type :ok :f :txn :value [[:r 1 5]]}", "not-a-list 1", Premises{ListReads: true}},
		{"{:process 0 :type :invoke :f :txn :value [[:r 1 nil]]}{:process 0 :type :ok :f :txn :value [[:r 1 [5]]]}", "a-list 1", Premises{ScalarReads: true}},
		{"{:process 0 :type :invoke :f :txn :value [[:poll] [:send 1 2]]}{:process 0 :type :ok :f :txn :value [[:poll {1 [[0 7]]}] [:send 1 [1 2]]]}", "", everything},
		{"{:process 0 :type :invoke :f :txn :value [[:poll] [:frob 1 2] [:r]]}", "unknown-mop 1, odd-mop 1", everything},
		{"{:process 0 :type :invoke :value 3}", "no-function 1", Premises{}},
		{"{:process 0 :type :ok :f :read :value 3}{:process 1 :type :ok :f :read :value 3}", "no-invocations 1", Premises{}},
		{"{:frob 1} {:process 0 :type :invoke :f :read}", "not-an-operation 1!", Premises{}},
	} {
		var got []string
		for _, f := range report(t, test.text, test.p, 0).Findings {
			mark := ""
			if f.Fatal {
				mark = "!"
			}
			got = append(got, fmt.Sprintf("%s %d%s", f.Code, f.Pos.Line, mark))
		}
		if got := strings.Join(got, ", "); got != test.want {
			t.Errorf("%s\n%s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestListsAFewOfEachKind(t *testing.T) {
	// Without this, a thousand findings of one kind could bury the only one of another, or be counted wrongly.
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "{:process 0, :type :ok, :f :read, :time %d}\n", 5000-i)
	}
	text.WriteString("{:process 0, :type :invoke, :f :read, :time 9000}\n{:process 0, :type :invoke, :f :read, :time 9000}\n")
	r := report(t, text.String(), everything, 3)
	got := fmt.Sprintf("%d %v %t", r.Total(), r.Kinds, r.Fatal())
	want := "3000 [{completion-without-invocation 1000 3 false} {double-invoke 1 1 true} {not-a-list 1000 3 false} {time-backwards 999 3 false}] true"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if !slices.IsSortedFunc(r.Findings, func(a, b Finding) int { return a.Pos.Line - b.Pos.Line }) {
		t.Errorf("findings %v, want them by their lines", r.Findings)
	}
}

// Any bytes: an answer, in which no more is listed than there is. Without it, what can't be read could crash the verb that
// is there to tell why.
func FuzzHistory(f *testing.F) {
	f.Add([]byte("{:process 0 :type :invoke :f :txn :value [[:r 1 nil] [:append 1]]}{:process 0 :type :frob}{:process 0 :type :ok :f :x :value [[:r 1 [1 2]]]}"))
	f.Add([]byte(`{"process": 1, "type": "invoke", "f": "add", "value": [1, {"a": 2}]}` + "\n" + `{"process": 1, "type": "invoke", "f": "add", "value": [2, 3], "index": 7}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := history.Read(t.Context(), "h", text, history.Options{Tolerant: true})
		if err != nil {
			return
		}
		r := History(h, everything, 2)
		listed := 0
		for _, k := range r.Kinds {
			if listed += k.Listed; k.Listed > k.Count || k.Listed > 2 {
				t.Errorf("%+v, want at most 2 listed, and no more than there are", k)
			}
		}
		if listed != len(r.Findings) {
			t.Errorf("%d findings, want the %d that the kinds tell of", len(r.Findings), listed)
		}
	})
}
