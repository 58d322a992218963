package history

import (
	"errors"
	"slices"
	"testing"
)

func pairs(h *History) []ID {
	var got []ID
	for id := range h.All() {
		got = append(got, h.Pair(id))
	}
	return got
}

// Without this a completion could be given to the wrong invocation: each line is a rule of pairing.
func TestPairs(t *testing.T) {
	for _, test := range []struct {
		name, ops string
		want      []ID
	}{
		{"every type completes", `{:type :invoke :process 0} {:type :fail :process 0} {:type :invoke :process 0} {:type :info :process 0}`,
			[]ID{1, 0, 3, 2}},
		{"processes interleave", `{:type :invoke :process 0} {:type :invoke :process -1} {:type :ok :process 0} {:type :ok :process -1}`,
			[]ID{2, 3, 0, 1}},
		{"a process goes on after info", `{:type :invoke :process 0} {:type :info :process 0} {:type :invoke :process 0} {:type :ok :process 0}`,
			[]ID{1, 0, 3, 2}},
		{"completions alone", `{:type :ok :process 0} {:type :ok :process 0} {:type :info :process 1}`, []ID{None, None, None}},
		{"never completed", `{:type :invoke :process 0} {:type :ok :process 1}`, []ID{None, None}},
		{"others alternate", `{:type :info :process :nemesis} {:type :info :process :nemesis} {:type :info :process :nemesis}`,
			[]ID{1, 0, None}},
		{"others may invoke twice", `{:type :invoke :process "x"} {:type :invoke :process "x"}`, []ID{1, 0}},
		{"big process", `{:type :invoke :process 99999999999999999999} {:type :ok :process 99999999999999999999N}`, []ID{1, 0}},
		{"1.0 is no client, nor process 1", `{:type :ok :process 1.0} {:type :invoke :process 1} {:type :ok :process 1.0} {:type :ok :process 1}`,
			[]ID{2, 3, 0, 1}},
	} {
		if got := pairs(build(t, ops(t, test.ops), 0, Options{})); !slices.Equal(got, test.want) {
			t.Errorf("%s: got pairs %v, want %v", test.name, got, test.want)
		}
	}
}

// Without this a malformed history could pass, or its message could name the wrong place or lose count.
func TestProblemsOfTheWhole(t *testing.T) {
	const src = "{:type :invoke}\n  {:type :invoke}\n"
	double := newChunk([]byte(src), 0)
	for _, off := range []int64{0, 18} {
		double.begin(off)
		double.setProcess(7)
		double.end()
	}
	_, err := merge("h.edn", []byte(src), []*chunk{double}, Options{})
	var e *ReadError
	if !errors.As(err, &e) || len(e.Problems) != 1 {
		t.Fatalf("double invocation: got %v, want one problem", err)
	}
	const want = "h.edn:2:3: process 7 invokes an operation while the one it invoked at h.edn:1:1 is still open, " +
		"want a completion (ok, fail or info) of the first (hint: a process does one thing at a time)"
	if got := e.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, test := range []struct {
		ops  string
		code string
		n    int
	}{
		{`{:type :ok :index 5} {:type :ok} {:type :ok :index 3}`, "no-index", 1},
		{`{:type :ok} {:type :ok :index 1} {:type :ok :index 9} {:type :ok :index 0}`, "wrong-index", 2},
		{`{:type :ok :index 5} {:type :ok :index 3}`, "", 0},
		{`{:type :ok :index 5} {:type :ok :index 3} {:type :ok :index 5} {:type :ok :index 5} {:type :ok :index 3}`, "same-index", 3},
		{`{:type :ok :index 5} {:type :ok} {:type :ok :index 5}`, "no-index", 1},
		{`{:type :ok} {:type :ok :index 1}`, "", 0},
	} {
		_, err := tryBuild(ops(t, test.ops), 1, Options{})
		if test.n == 0 {
			if err != nil {
				t.Errorf("%s: got %v, want no problem", test.ops, err)
			}
			continue
		}
		if !errors.As(err, &e) || len(e.Problems) != test.n || e.Problems[0].Code != test.code {
			t.Errorf("%s: got %v, want %d of %s", test.ops, err, test.n, test.code)
		}
	}
}

// Without this a file of nothing but mistakes would flood the user, or hide how many there are.
func TestProblemsAreCounted(t *testing.T) {
	var chunks []*chunk
	for range 3 {
		c := newChunk(nil, 0)
		for range MaxProblems - 1 {
			c.problem(0, "syntax", "x", "", "")
		}
		chunks = append(chunks, c)
	}
	_, err := merge("h.edn", nil, chunks, Options{})
	var e *ReadError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a ReadError", err)
	}
	if got, want := [2]int{len(e.Problems), e.More}, [2]int{MaxProblems, 2*MaxProblems - 3}; got != want {
		t.Errorf("got %v listed and more, want %v", got, want)
	}
}

// Without this sparse indices could be mixed up with places: they are used as they stand, in any order.
func TestSparseIndices(t *testing.T) {
	h := build(t, ops(t, `{:type :ok :index 50} {:type :ok :index 3} {:type :ok :index 40} {:type :ok :index 7}`), 2, Options{})
	for i, want := range []int64{50, 3, 40, 7} {
		if got := h.Index(ID(i)); got != want {
			t.Errorf("index of op %d: got %d, want %d", i, got, want)
		}
	}
	for index, want := range map[int64]ID{50: 0, 3: 1, 40: 2, 7: 3, 0: None, 51: None} {
		if got := h.ByIndex(index); got != want {
			t.Errorf("op of index %d: got %d, want %d", index, got, want)
		}
	}
	dense := build(t, ops(t, `{:type :ok} {:type :ok}`), 0, Options{})
	for index, want := range map[int64]ID{0: 0, 1: 1, 2: None, -1: None} {
		if got := dense.ByIndex(index); got != want {
			t.Errorf("dense: op of index %d: got %d, want %d", index, got, want)
		}
	}
}
