package history

import (
	"fmt"
	"testing"

	"jcheck/internal/edn"
)

// Without this a plain history could be torn into keys, or a keyed one be judged as a single object: each line is a
// history with the keys that it has.
func TestIndependent(t *testing.T) {
	const r, w, cas = `{:process 0 :type :ok :f :read :value `, `{:process 0 :type :ok :f :write :value `, `{:process 0 :type :ok :f :cas :value `
	for _, test := range []struct {
		name, ops string
		o         Independent
		keys      string
		last      string // the last op's value
	}{
		{"keyed registers", r + `[1 nil]}` + w + `[2 5]}`, IndependentAuto, "[1 2]", "5"},
		{"keyed compare-and-set", w + `["x" 1]}` + cas + `["x" [1 2]]}`, IndependentAuto, `["x"]`, "[1 2]"},
		{"plain compare-and-set", cas + `[1 2]}` + cas + `[2 3]}`, IndependentAuto, "", "[2 3]"},
		{"plain register", w + `1}` + r + `nil}` + cas + `[1 2]}`, IndependentAuto, "", "[1 2]"},
		{"forced on", cas + `[1 2]}` + cas + `[2 3]}`, IndependentOn, "[1 2]", "3"},
		{"forced off", r + `[1 nil]}` + w + `[2 [1 2]]}`, IndependentOff, "", "[2 [1 2]]"},
		{"another f", `{:process 0 :type :ok :f :transfer :value [1 nil]}`, IndependentAuto, "", "[1 nil]"},
		{"keyed txns", r + `[:a [[:r 1 nil]]]}` + r + `[:b [[:append 1 2]]]}`, IndependentAuto, "[:a :b]", "[[:append 1 2]]"},
		{"keyed txns, some empty", r + `[:c []]}` + r + `[:a [[:r 1 nil]]]}` + r + `[:b nil]}`, IndependentAuto, "[:c :a :b]", "nil"},
		{"keyed txns off", r + `[:a [[:r 1 [2]]]]}`, IndependentOff, "", "[:a [[:r 1 [2]]]]"},
		{"a single keyed txn among txns", `{:process 0 :type :ok :value [[:r 1 nil]]}` + r + `[:a [[:r 1 nil]]]}`, IndependentAuto, "",
			"[:a [[:r 1 nil]]]"},
		{"the nemesis has no key", r + `[1 nil]}{:process :nemesis :type :info :f :kill :value ["n1" nil]}`, IndependentAuto, "[1]",
			`["n1" nil]`},
		{"maps and sets", r + `[1 nil]}` + w + `[1 #{2}]}`, IndependentAuto, "[1]", "#{2}"},
		{"nothing at all", r + `nil}`, IndependentAuto, "", "nil"},
	} {
		for _, chunkLen := range []int{0, 1} {
			h := build(t, ops(t, test.ops), chunkLen, Options{Independent: test.o})
			keys := ""
			if h.Keyed() {
				keys = edn.NewVector(h.values(h.Keys())).String()
			}
			if keys != test.keys {
				t.Errorf("%s: got keys %s, want %s", test.name, keys, test.keys)
			}
			if got := h.Op(ID(h.Len() - 1)).Value.String(); got != test.last {
				t.Errorf("%s: got value %s, want %s", test.name, got, test.last)
			}
		}
	}
}

// Without this --independent on would find any history without keys valid: it has no part that could be wrong.
func TestIndependentOnNeedsKeys(t *testing.T) {
	const plain = `{:process 0 :type :ok :f :txn :value [[:append :x 1] [:r :y nil]]}`
	for _, test := range []struct{ name, text, want string }{
		{"txns", "\n" + plain, "test.edn:2:1: a value that isn't [key value], and nor is any other, want independent keys " +
			"(hint: --independent on is for histories of [key value])"},
		{"only the nemesis has a pair", `{:process :nemesis :type :info :value [1 [[:r :x nil]]]}` + plain, "test.edn:1:57: a value that " +
			"isn't [key value], and nor is any other, want independent keys (hint: --independent on is for histories of [key value])"},
		{"one has", plain + `{:process 0 :type :ok :f :txn :value [1 [[:r :x nil]]]}`, ""},
		{"no value", `{:process 0 :type :ok :f :txn :value nil}`, ""},
	} {
		_, err := Read(t.Context(), "test.edn", []byte(test.text), Options{Independent: IndependentOn})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// Without this an operation could be left out of every key in silence, or an outcome without a value be parted from its
// invocation.
func TestOpsByKey(t *testing.T) {
	const text = `{:process 0 :type :invoke :value [:a [[:append :x 1]]]} {:process 0 :type :info :value nil}
		{:process 1 :type :invoke :value [:b [[:r :x nil]]]} {:process :nemesis :type :info :value nil}
		{:process 1 :type :ok :value [:b [[:r :x [1]]]]} {:process 2 :type :ok :value [[:r :x nil]]}`
	h, err := Read(t.Context(), "test.edn", []byte(text), Options{Independent: IndependentOn})
	if err != nil {
		t.Fatal(err)
	}
	ids, lone := h.OpsByKey()
	if got, want := fmt.Sprint(ids, lone), "[[0 1] [2 4]] [5]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Without this a keyed value in JSON couldn't be told from a list of two, or a map that has such fields by chance would be
// taken for one.
func TestMarkedInJSON(t *testing.T) {
	const one, nemesis = `{"process":0,"type":"ok","f":"add","value":`, `{"process":"nemesis","type":"info","f":"kill","value":`
	for _, test := range []struct {
		name, json string
		o          Independent
		keys       string
		last       string
	}{
		{"numbers", one + `{"key":1,"value":5}}` + one + `{"value":7,"key":2}}`, IndependentAuto, "[1 2]", "7"},
		{"lists of two", one + `{"key":"a","value":[1,2]}}`, IndependentAuto, `["a"]`, "[1 2]"},
		{"nothing", one + `{"key":"a","value":null}}`, IndependentAuto, `["a"]`, "nil"},
		{"txns", one + `{"key":3,"value":[["append",1,2],["r",1,[2]]]}}`, IndependentAuto, "[3]", "[[:append 1 2] [:r 1 [2]]]"},
		{"maps", one + `{"key":3,"value":{"a":1}}}`, IndependentAuto, "[3]", "{:a 1}"},
		{"a crash without value", one + `{"key":3,"value":1}}` + one + `null}`, IndependentAuto, "[3]", "nil"},
		{"the nemesis has no key", one + `{"key":3,"value":1}}` + nemesis + `{"key":3,"value":1}}`, IndependentAuto, "[3]", "{:key 3, :value 1}"},
		{"off", one + `{"key":3,"value":[1]}}`, IndependentOff, "", "{:key 3, :value [1]}"},
		{"not all", one + `7}` + one + `{"key":3,"value":1}}`, IndependentAuto, "", "{:key 3, :value 1}"},
		{"a field more", one + `{"key":3,"value":1,"x":2}}`, IndependentAuto, "", "{:key 3, :value 1, :x 2}"},
	} {
		h, err := Read(t.Context(), "test", []byte(test.json), Options{Independent: test.o})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		keys := ""
		if h.Keyed() {
			keys = edn.NewVector(h.values(h.Keys())).String()
		}
		if got := h.Op(ID(h.Len() - 1)).Value.String(); keys != test.keys || got != test.last {
			t.Errorf("%s: got keys %s, value %s, want %s, %s", test.name, keys, got, test.keys, test.last)
		}
	}
}
