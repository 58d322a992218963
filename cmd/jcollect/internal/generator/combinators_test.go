package generator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jcheck/history"
)

// brief is the invocations of a run: time, process (n is the nemesis) and function of each; a key, if it has one.
func brief(ops []Op) string {
	var words []string
	for _, op := range begun(ops) {
		who := fmt.Sprint(op.Process)
		if op.Process == Nemesis {
			who = "n"
		}
		word := fmt.Sprintf("%d/%s/%s", op.TimeNS, who, op.F)
		if op.Key != nil {
			word += "@" + op.Key.String()
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// endings are ways for operations to end, in turn.
func endings(types ...history.Type) func(Op, *Dice) Op {
	n := 0
	return func(op Op, _ *Dice) Op {
		op.Type = types[n%len(types)]
		n++
		return op
	}
}

// thread gives g to one thread alone, so that nothing depends on chance.
func thread(n int, g Generator) Generator {
	return OnThreads(func(t int) bool { return t == n }, g)
}

// anonymous are the parts of a brief that say who.
var anonymous = regexp.MustCompile(`/-?[0-9n]+/`)

// forever is do, again and again.
func forever(f string) Generator { return Repeat(do(f)) }

// meaning is what a generator gives.
type meaning struct {
	name string
	g    Generator
	ends []history.Type // of one client's operations, in turn; nil is ok
	want string
}

// ns is the time that operations are counted in.
const ns = time.Nanosecond

// meanings are of generators that no others are made of.
func meanings() []meaning {
	ok, fail, info := history.OK, history.Fail, history.Info
	return []meaning{
		{"one thread", thread(0, Concat(do("a"), do("b"))), nil, "0/0/a 10/0/b"},
		{"nobody", thread(7, do("a")), nil, ""},
		{"nemesis by number", thread(-1, do("a")), nil, "0/n/a"},
		{"clients", Limit(1, ForClients(thread(-1, do("a")))), nil, ""},
		{"nemesis", ForNemesis(Concat(do("a"), do("b"))), nil, "0/n/a 10/n/b"},
		{"map", thread(0, FMap(map[string]string{"a": "x"}, Concat(do("a"), do("b")))), nil, "0/0/x 10/0/b"},
		{"filter", thread(0, Filter(func(op Op) bool { return op.F != "a" }, Concat(do("a"), do("b"), do("a"), do("c")))), nil, "0/0/b 10/0/c"},
		{"any: soonest", Any(thread(0, Delay(7*ns, Limit(2, forever("a")))), thread(1, Delay(5*ns, Limit(3, forever("b"))))), nil, "*0/*/a 0/*/b 10/*/b 10/*/a 20/*/b"},
		{"any ends with the last", thread(0, Any(do("a"), Limit(2, forever("a")))), nil, "0/0/a 10/0/a 20/0/a"},
		{"shortest any ends with the first", thread(0, ShortestAny(do("a"), do("a"))), nil, "0/0/a"},
		{"flip-flop", thread(0, FlipFlop(Limit(2, forever("a")), forever("b"))), nil, "0/0/a 10/0/b 20/0/a 30/0/b"},
		{"flip-flop ends", thread(0, FlipFlop(forever("a"), do("b"))), nil, "0/0/a 10/0/b 20/0/a"},
		{"cycle", thread(0, Limit(5, Cycle(Concat(do("a"), do("b"))))), nil, "0/0/a 10/0/b 20/0/a 30/0/b 40/0/a"},
		{"cycle twice", thread(0, CycleN(2, Concat(do("a"), do("b")))), nil, "0/0/a 10/0/b 20/0/a 30/0/b"},
		{"cycle never", CycleN(0, do("a")), nil, ""},
		{"cycle of nothing", Cycle(Concat()), nil, ""},
		{"repeat twice", thread(0, RepeatN(2, Concat(do("a"), do("b")))), nil, "0/0/a 10/0/a"},
		{"once", thread(0, Once(forever("a"))), nil, "0/0/a"},
		{"time limit", thread(0, TimeLimit(25*ns, forever("a"))), nil, "0/0/a 10/0/a 20/0/a"},
		{"time limit from the first", thread(0, Concat(do("z"), SleepFor(5*ns), TimeLimit(11*ns, forever("a")))), nil, "0/0/z 10/0/sleep 15/0/a 25/0/a"},
		{"time limit, exactly", thread(0, TimeLimit(20*ns, forever("a"))), nil, "0/0/a 10/0/a"},
		{"time limit while others are at work", TimeLimit(35*ns, Any(thread(0, forever("a")), thread(1, Delay(100*ns, forever("b"))), ForNemesis(Delay(100*ns, forever("c"))))), nil,
			"0/0/a 0/1/b 0/n/c 10/0/a 20/0/a 30/0/a"},
		{"time limit of what is far", thread(0, TimeLimit(20*ns, Delay(30*ns, forever("a")))), nil, "0/0/a"},
		{"delay", ForClients(Delay(3*ns, Limit(4, forever("a")))), nil, "*0/*/a 3/*/a 10/*/a 13/*/a"},
		{"delay makes up", thread(0, Concat(Delay(12*ns, Concat(do("a"), SleepFor(30*ns), do("b"), do("c"), do("d"))))), nil, "0/0/a 12/0/sleep 42/0/b 52/0/c 62/0/d"},
		{"sleep", thread(0, Concat(do("a"), SleepFor(5*ns), do("b"))), nil, "0/0/a 10/0/sleep 15/0/b"},
		{"log", thread(0, Concat(Say("hello"), do("a"))), nil, "0/0/log 0/0/a"},
		{"synchronize", Concat(thread(0, do("a")), thread(1, do("b"))), nil, "0/0/a 0/1/b"},
		{"phases", Phases(thread(0, do("a")), thread(1, do("b"))), nil, "0/0/a 10/1/b"},
		{"then", Then(thread(1, do("b")), thread(0, do("a"))), nil, "0/0/a 10/1/b"},
		{"until ok", thread(0, UntilOK(forever("a"))), []history.Type{fail, info, ok}, "0/0/a 10/0/a 20/2/a"},
		{"until ok of the nemesis", ForNemesis(UntilOK(forever("a"))), nil, "0/n/a"},
		{"process limit", thread(0, ProcessLimit(2, forever("a"))), []history.Type{ok, info}, "0/0/a 10/0/a 20/2/a 30/2/a"},
		{"concurrency limit", ForClients(ConcurrencyLimit(1, Limit(2, forever("a")))), nil, "*0/*/a 10/*/a"},
		{"each process", thread(0, Limit(3, EachProcess(do("a")))), []history.Type{info, info, ok}, "0/0/a 10/2/a 20/4/a"},
		{"each process ends", thread(0, EachProcess(do("a"))), []history.Type{info, ok}, "0/0/a 10/2/a"},
	}
}

// moreMeanings are of those that take functions, keys or windows.
func moreMeanings() []meaning {
	ok, fail := history.OK, history.Fail
	return []meaning{
		{"cycle times", thread(0, Limit(7, CycleTimes(Window{20 * ns, forever("a")}, Window{10 * ns, Concat(do("b"), do("c"), do("d"))}))), nil,
			"0/0/a 10/0/a 20/0/b 30/0/a 40/0/a 50/0/c 60/0/a"},
		{"cycle times end", thread(0, CycleTimes(Window{20 * ns, forever("a")}, Window{10 * ns, do("b")})), nil, "0/0/a 10/0/a 20/0/b"},
		{"cycle times, far", thread(0, Limit(3, CycleTimes(Window{20 * ns, Delay(1000*ns, forever("a"))}, Window{10 * ns, Delay(1000*ns, forever("b"))}))), nil, "0/0/a 20/0/b 1000/0/a"},
		{"func", thread(0, Limit(3, Func(func(Context) Generator { return Concat(do("a"), do("b")) }))), nil, "0/0/a 10/0/b 20/0/a"},
		{"func ends", Func(func(Context) Generator { return nil }), nil, ""},
		{"lazily", thread(0, Lazily(func() Generator { return do("a") })), nil, "0/0/a"},
		{"on update", thread(0, OnUpdate(func(g Generator, _ Context, op Op) Generator {
			if op.Type == history.Fail {
				return do("b")
			}
			return g
		}, forever("a"))), []history.Type{ok, fail}, "0/0/a 10/0/a 20/0/b"},
		{"trace", thread(0, Trace("x", do("a"))), nil, "0/0/a"},
		{"cache", thread(0, Cache(time.Second, Concat(do("a"), do("b")))), nil, "0/0/a 10/0/b"},
		{"sequential keys", thread(0, Sequential(CountedKeys(2), func(history.Value) Generator { return Limit(2, forever("a")) })), nil, "0/0/a@0 10/0/a@0 20/0/a@1 30/0/a@1"},
		{"concurrent keys", Concurrent(2, CountedKeys(2), func(history.Value) Generator { return thread(0, Limit(2, forever("a"))) }), nil, "0/0/a@0 10/0/a@0 20/0/a@1 30/0/a@1"},
	}
}

// Without this a combinator could mean something else than it says: the wrong operations, order, time or thread.
func TestMeaning(t *testing.T) {
	for _, test := range slices.Concat(meanings(), moreMeanings()) {
		s := Simulation{Concurrency: 2, Nemesis: true, Seed: 1, MaxOps: 1000}
		if test.ends != nil {
			s.Complete = endings(test.ends...)
		}
		ops, err := s.Run(t.Context(), test.g)
		got := brief(ops)
		if strings.HasPrefix(test.want, "*") {
			got = anonymous.ReplaceAllString("*"+got, "/*/")
		}
		if err != nil || got != test.want {
			t.Errorf("%s: got %q %v, want %q", test.name, got, err, test.want)
		}
	}
}
