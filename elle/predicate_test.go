package elle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
)

// closedText makes a closed-predicate history: an init operation, then transactions.
func closedText(init string, lines ...string) string {
	if init == "" {
		return opLines(lines...)
	}
	return fmt.Sprintf("{:process 0, :type :ok, :f :init, :value %s}\n", init) + opLines(lines...)
}

// Without this, a predicate, a premise of the workload or a way to write it down could be read otherwise than
// documented.
func TestPredicatePremises(t *testing.T) {
	o := Options{Workload: ClosedPredicate, Models: []string{"serializable"}}
	for _, c := range []struct {
		name, text, want string
	}{
		{"write skew by predicates", closedText("{:x 0, :y 0}",
			"1 ok [[:rp [:= 1] {}] [:w :x 1]]", "2 ok [[:rp [:= 1] {}] [:w :y 1]]"), "invalid G2"},
		{"by remainders", closedText("{:x 0, :y 0}",
			"1 ok [[:rp [:mod 2 1] {}] [:w :x 1]]", "2 ok [[:rp [:mod 2 1] {}] [:w :y 1]]"), "invalid G2"},
		{"by remainders of negative numbers", closedText("{:x 0, :y 0}",
			"1 ok [[:rp [:mod 2 1] {}] [:w :x -1]]", "2 ok [[:rp [:mod 2 1] {}] [:w :y -1]]"), "invalid G2"},
		{"a change that keeps what matches is none", closedText("{:x 0, :y 0}",
			"1 ok [[:rp [:= 1] {}] [:w :x 2]]", "2 ok [[:rp [:= 1] {}] [:w :y 2]]"), "valid"},
		{"JSON's keys", `[{"process":0,"type":"ok","f":"init","value":{"x":0,"5":0}},` +
			`{"process":1,"type":"ok","f":"txn","value":[["rp",["=",0],{"x":0}],["w","x",1]]},` +
			`{"process":2,"type":"ok","f":"txn","value":[["rp",["=",0],{"5":0}],["w",5,1]]}]`, "invalid G1c"},
		{"an object that must be there", closedText("{:x 1}",
			"1 ok [[:rp :true {}]]", "2 ok [[:r :x 1]]"), "invalid predicate-read-miss"},
		{"deleted and not seen", closedText("{:x 1}", "1 ok [[:delete :x]]", "2 ok [[:rp :true {}]]"), "valid"},
		{"deleted and seen again by one who saw the deletion", closedText("{:x 1, :y 1}",
			"1 ok [[:delete :x] [:w :y 2]]", "2 ok [[:r :y 2] [:rp :true {:x 1, :y 2}]]"), "invalid G-single"},
		{"inserted and not seen by one who saw the rest", closedText("{:y 1}",
			"1 ok [[:insert :x 1] [:w :y 2]]", "2 ok [[:r :y 2] [:r :x nil]]"), "invalid G-single-item"},
		{"nil of an object inserted and deleted tells nothing", closedText("{:y 1}",
			"1 ok [[:insert :x 1]]", "2 ok [[:delete :x] [:w :y 2]]", "3 ok [[:r :y 2] [:r :x nil]]"),
			"valid note version-order-assumed"},
		{"two leave the same value", closedText("{:x 1}", "1 ok [[:w :x 1]]"),
			"unknown reason multiple-writes-of-same-value"},
		{"a second init", closedText("{:x 1}", "1 ok [[:w :x 2]]") + closedText("{:x 3}"), "unknown reason late-init"},
		{"an unknown predicate", closedText("{:x 1}", "1 ok [[:rp [:< 3] {:x 1}]]"), "unknown reason unknown-predicate"},
		{"a remainder by nothing", closedText("{:x 1}", "1 ok [[:rp [:mod 0 1] {:x 1}]]"), "unknown reason unknown-predicate"},
		{"a foreign micro-op", closedText("{:x 1}", "1 ok [[:append :x 3]]"), "unknown reason unexpected-txn-micro-op-types"},
		{"a predicate read that shows no map", closedText("{:x 1}", "1 ok [[:rp :true [:x]]]"),
			"unknown reason unexpected-txn-micro-op-types"},
		{"aborted changes are none", closedText("{:x 0}", "1 fail [[:w :x 1]]", "2 ok [[:r :x 0] [:rp [:= 1] {}]]"), "valid"},
		{"indeterminate changes may be seen", closedText("{:x 0}", "1 info [[:w :x 1]]", "2 ok [[:r :x 1]]"), "valid"},
	} {
		got := outline(Check(context.Background(), readText(t, c.text), o))
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Without this, the steps of a proof over predicates could name wrong versions, reads or micro-ops.
func TestPredicateSteps(t *testing.T) {
	h := readText(t, closedText("{:x 0, :z 1}",
		"1 ok [[:insert :y 3] [:w :x 1]]",
		"2 ok [[:r :y nil] [:rp [:= 1] {:x 1}] [:delete :z]]"))
	inf := inferPredicate(context.Background(), premisesOf(h, Options{}))
	var got []string
	for v := range uint32(inf.in.Len()) {
		from, rels := inf.in.Row(v)
		for i, u := range from {
			for _, rel := range inf.prefer {
				if rels[i]&uint8(rel) != 0 {
					s := inf.explain(edge{u, v, rel, fmt.Sprint("T", u), fmt.Sprint("T", v)})
					line := s.Type
					for _, f := range s.Fields {
						line += " " + f.Value.String()
					}
					got = append(got, line+": "+s.Text)
				}
			}
		}
	}
	want := []string{
		"ww :x 0 1 0 1: T0 left key :x as 0, and T1 replaced that by 1",
		"rw :y :elle/unborn 3 0 0: T2 read key :y as :elle/unborn, and T1 replaced that by 3",
		"ww :z 1 :elle/dead 0 2: T0 left key :z as 1, and T2 replaced that by :elle/dead",
		"wrp :x 1 1 1 [:rp [:= 1] {:x 1}]: T1 left key :x as 1, which T2 saw in its predicate read [:rp [:= 1] {:x 1}]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	h = readText(t, closedText("{:x 0}", "1 ok [[:w :x 1]]", "2 ok [[:r :y nil] [:rp [:= 1] {}]]"))
	inf = inferPredicate(context.Background(), premisesOf(h, Options{}))
	s := inf.explain(edge{2, 1, 0x20, "T1", "T2"})
	if want := "T1 saw key :x as 0 in its predicate read [:rp [:= 1] {}], and T2 made it 1, which changes whether it matches"; s.Text != want {
		t.Errorf("got %q, want %q", s.Text, want)
	}
}

// Without this, a predicate read of many keys could take for ever or all memory, or a partial search pass as valid.
func TestPredicateLimits(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("%d ok [[:insert %d 1] [:rp [:= 2] {}]]", i, i))
	}
	h := readText(t, closedText("", lines...))
	c := &closed{premises: premisesOf(h, Options{}), init: noNode, keyOf: map[history.Sym]int32{},
		places: map[objectValue]int32{}, made: make([][]int32, 200), tests: map[history.KeyID]test{}}
	c.listVersions()
	if reasons := c.readTests(); reasons != nil {
		t.Fatal(reasons)
	}
	for _, c2 := range []struct {
		steps, edges int
		all          bool
	}{{1 << 20, 1 << 20, true}, {5000, 1 << 20, false}, {1 << 20, -1, false}} {
		rows, _, all := c.rows(context.Background(), closedLimits{c2.steps, c2.edges})
		if all != c2.all || len(rows) != 200 {
			t.Errorf("limits %v: got all %v, want %v", c2, all, c2.all)
		}
	}
}
