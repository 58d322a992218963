package check_test

import (
	"runtime"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

func TestNumbering(t *testing.T) {
	// Without this, equal values could count as different ones, depending on how they were written or where they stand.
	text := `{:process 0 :type :ok :f :add :value 1}
{:process 0 :type :ok :f :add :value 1N}
{:process 0 :type :ok :f :add :value 1.0}
{:process 0 :type :ok :f :add :value "1"}
{:process 0 :type :ok :f :add :value [1 2]}
{:process 0 :type :ok :f :add :value (1 2)}
{:process 0 :type :ok :f :add :value nil}
{:process 0 :type :ok :f :add :value [:r 1 nil]}
{:process 0 :type :ok :f :read :value [1 1.0 "1" [1 2] nil [:r 1 nil]]}
{:process 0 :type :ok :f :read :value [[:r 1 nil]]}
{:process 0 :type :ok :f :read :value #{2147483647 -5}}
{:process 0 :type :ok :f :read :value 7}`
	h, err := history.Read(t.Context(), "values", []byte(text), history.Options{Independent: history.IndependentOff})
	if err != nil {
		t.Fatal(err)
	}
	n := check.NewNumbering(h)
	for id, want := range []int32{0, 0, 1, 2, 3, 3, 4, 5} {
		if got := n.OfOp(history.ID(id)); got != want {
			t.Errorf("operation %d: value %s has number %d, want %d", id, h.Op(history.ID(id)).Value, got, want)
		}
	}
	for id, want := range map[history.ID][]int32{8: {0, 1, 2, 3, 4, 5}, 9: {5}} {
		got, ok := n.Elements(nil, id)
		if !ok || len(got) != len(want) {
			t.Fatalf("operation %d: elements %v, %v, want %v", id, got, ok, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("operation %d: element %d has number %d, want %d", id, i, got[i], want[i])
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	great, _ := n.Elements(nil, 10)
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 10<<20 {
		t.Errorf("a great integer took %d bytes", spent)
	}
	for i, want := range []string{"2147483647", "-5"} {
		if got := n.Value(great[i]).String(); got != want && n.Value(great[1-i]).String() != want {
			t.Errorf("element %d is %s, want %s", i, got, want)
		}
	}
	if _, ok := n.Elements(nil, 11); ok {
		t.Error("an integer has elements")
	}
	if n.Len() != 8 {
		t.Errorf("%d values, want 8", n.Len())
	}
}

func TestFunctions(t *testing.T) {
	// Without this, a nemesis could pass for a client, or a history without processes have no operations at all.
	h, err := history.Read(t.Context(), "functions", []byte(`{:process 0 :type :ok :f :read}
{:process :nemesis :type :info :f :read}
{:type :ok :f :add}
{:process 1 :type :ok :f "read"}
{:process 1 :type :ok :f :other}`), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fs := check.NewFunctions(h, "add", "read")
	for id, want := range []int{1, -1, 0, 1, -1} {
		if got := fs.Of(history.ID(id)); got != want {
			t.Errorf("operation %d: %d, want %d", id, got, want)
		}
	}
}
