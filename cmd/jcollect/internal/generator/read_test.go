package generator

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

var rewrite = flag.Bool("rewrite", false, "write what the examples of the guide give into it")

// guide is where the keys of generators are explained.
const guide = "../../../../docs/generators.md"

// parsed reads a generator of a plan, and the mistakes in it.
func parsed(text string) (Generator, []string) {
	var p plan.Problems
	var g Generator
	if n := plan.Parse("plan.yaml", []byte(text), &p); n != nil {
		g = Read(n, &p)
	}
	var mistakes []string
	list, _ := p.Sorted()
	for _, problem := range list {
		mistakes = append(mistakes, problem.String())
	}
	return g, mistakes
}

// example is what a generator of the guide gives: the first operations of four clients and a nemesis, each of which takes
// a millisecond, and is ok; of those under "crash" each third crashes.
func example(t *testing.T, text string, crash bool) string {
	t.Helper()
	g, mistakes := parsed(text)
	if len(mistakes) > 0 {
		t.Fatalf("%s\n%s", text, strings.Join(mistakes, "\n"))
	}
	var told []string
	n := 0
	s := Simulation{Concurrency: 4, Nemesis: true, Seed: 1, MaxOps: 12, Trace: func(s string) { told = append(told, s) },
		LatencyNS: func(Op, *Dice) int64 { return 1_000_000 },
		Complete: func(op Op, _ *Dice) Op {
			n++
			op.Type = history.OK
			if crash && n%3 == 0 {
				op.Type = history.Info
			}
			return op
		}}
	ops, err := s.Run(t.Context(), g)
	if err != nil && !strings.Contains(err.Error(), "stopped after") {
		t.Fatalf("%s\n%v", text, err)
	}
	var b strings.Builder
	for _, op := range begun(ops) {
		who := fmt.Sprintf("client %d", op.Process)
		if op.Process == Nemesis {
			who = "nemesis"
		}
		what := op.F + " " + op.Value.String()
		switch {
		case op.Act == Sleep:
			what = fmt.Sprintf("(sleeps for %g ms)", float64(op.SleepNS)/1e6)
		case op.Act == Log:
			what = "(logs " + op.Value.String() + ")"
		case op.Key != nil:
			what = fmt.Sprintf("%s [%s %s]", op.F, op.Key, op.Value)
		}
		for _, f := range op.Extra {
			what += fmt.Sprintf(", %s %s", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "%8.2f ms  %-9s %s\n", float64(op.TimeNS)/1e6, who, what)
	}
	if err != nil {
		b.WriteString("             ...\n")
	}
	for i, line := range told {
		if i < 3 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// Without this the guide could lack a key, have an example that isn't read, or show operations that aren't given.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(keyNames(), drawNames()...) {
		if !strings.Contains(string(text), "\n### `"+name+"`\n") {
			t.Errorf("the guide doesn't tell of the key %s", name)
		}
	}
	var out strings.Builder
	rest := string(text)
	for {
		before, after, found := strings.Cut(rest, "```yaml\n")
		out.WriteString(before)
		if !found {
			break
		}
		yaml, after, _ := strings.Cut(after, "```\n")
		fmt.Fprintf(&out, "```yaml\n%s```\n", yaml)
		rest = after
		if shown, ok := strings.CutPrefix(after, "```text\n"); ok {
			_, rest, _ = strings.Cut(shown, "```\n")
			fmt.Fprintf(&out, "```text\n%s```\n", example(t, yaml, strings.Contains(before[max(0, len(before)-200):], "crash")))
		}
	}
	if *rewrite {
		if err := os.WriteFile(guide, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got := string(text); got != out.String() {
		t.Errorf("the guide shows other operations than its examples give (hint: go test -run Guide -rewrite)\n%s", firstDifference(got, out.String()))
	}
}

// drawNames are the words that stand for drawn values.
func drawNames() []string {
	var names []string
	for _, w := range drawWords() {
		names = append(names, w.Name)
	}
	return names
}

// firstDifference is the first line in which two texts differ.
func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("line %d:\n got  %q\n want %q", i+1, as[i], bs[i])
		}
	}
	return ""
}

// Without this a mistake in a plan's generator could pass unseen, or be told without its place or what to do.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                 "1:1: nothing says what is to be done here",
		"[]":                                 "1:1: 0 generators, want at least 1",
		"[{f: read}, ]":                      "",
		"[{f: read}, ~]":                     "1:13: a generator is missing here",
		"{clients: }":                        "1:11: a generator is missing here",
		"{limit: 5}":                         "1:1: nothing says what is to be done",
		"{limit: -5, f: a}":                  "1:9: ",
		"{limit: x, f: a}":                   "1:9: ",
		"{limit: , f: a}":                    "1:9: ",
		"{stager: 5ms, f: a}":                `1:2: a generator has no key "stager" (hint: stagger?)`,
		"{stagger: 5, f: a}":                 "1:11: ",
		"{stagger: 0s, f: a}":                "1:11: 0s is no time that a test can take",
		"{rate: 5, f: a}":                    "1:8: ",
		"{f: a, repeat: {f: b}}":             "1:1: f and repeat stand side by side",
		"{once: {f: a}, repeat: {f: b}}":     "1:1: once and repeat stand side by side",
		"{clients: {f: a}, nemesis: {f: b}}": "",
		"{clients: {nemesis: {f: a}}}":       "1:12: nemesis stands inside the other",
		"{nemesis: {clients: {f: a}}}":       "1:12: clients stands inside the other",
		"{nemesis: {independent: {generator: {f: a}}}}": "1:12: independent keys are for clients",
		"{value: 5}":                                     "1:1: an operation lacks the key f",
		"{f: ''}":                                        "1:5: an operation needs a function",
		"{f: two words}":                                 `1:5: "two words" can't be the name of a function`,
		"{f: 'a\"b'}":                                    "1:5: ",
		"{f: 'a)'}":                                      "1:5: ",
		"{f: ':read'}":                                   "",
		"{f-map: {a: 'x y'}, f: a}":                      "1:13: ",
		"{sleep: 999999h}":                               "1:9: 999999h is no time",
		"{f: [a]}":                                       "1:5: ",
		"{f: a, final: perhaps}":                         "1:15: ",
		"{f: a, extra: {time: 5}}":                       "1:16: the field time",
		"{f: a, extra: {x: {rand: 5}}}":                  "1:19: extra fields aren't drawn",
		"{f: a, value: {rand: 0}}":                       "1:22: ",
		"{f: a, value: {rand: [5, 1]}}":                  "1:22: rand: [5, 1] holds no number",
		"{f: a, value: [1, {rand: x}]}":                  "1:26: ",
		"{f: a, value: {one-of: []}}":                    "1:24: one-of of an empty list",
		"{f: a, value: {weighted: [[a, 0]]}}":            "1:26: weighted: no value has a weight",
		"{f: a, value: {weighted: [a]}}":                 "1:27: weighted wants pairs",
		"{f: a, value: {zipf: 0}}":                       "1:22: ",
		"{f: a, value: {zipf: {of: 5, s: 1}}}":           "1:30: zipf has no key",
		"{f: a, value: {geometric: 0}}":                  "1:27: ",
		"{f: a, value: {float: 5}}":                      "1:23: float wants two numbers",
		"{mix: {f: a}}":                                  "1:7: a map, want a list of generators",
		"{mix: []}":                                      "1:7: 0 generators",
		"{flip-flop: [{f: a}]}":                          "1:13: 1 generator, want at least 2",
		"{flip-flop: [a, b, c]}":                         "1:13: flip-flop of 3 generators, want 2",
		"{reserve: [{threads: 2, f: a}]}":                "1:12: reserve: each generator but the last",
		"{reserve: [{f: a}, {f: b}]}":                    "1:12: reserve: each generator but the last",
		"{reserve: [{threads: 0, f: a}, {f: b}]}":        "1:22: ",
		"{cycle-times: [{f: a}]}":                        "1:16: cycle-times: a generator without its time",
		"{cycle-times: {for: 5s, f: a}}":                 "1:15: a map, want a list",
		"{on-threads: [x], f: a}":                        "1:15: ",
		"{independent: {threads: 0, generator: {f: a}}}": "1:25: ",
		"{independent: {keys: 5}}":                       "1:15: independent lacks the key generator",
		"{f-map: 5, f: a}":                               "1:9: f-map is a single value",
		"{f: a, value: {ramd: 5}}":                       `1:16: "ramd" draws no value (hint: rand? or literal: {ramd: ...}, if a map with that key is meant)`,
		"{f: a, value: [{flaot: [0, 1]}]}":               `1:17: "flaot" draws no value (hint: float? `,
		"{f: a, value: {text: 5}}":                       "",
		"{f: a, value: {ramd: 5, x: 1}}":                 "",
		"{f: a, value: {literal: {ramd: 5}}}":            "",
		"{sleep: forever}":                               "1:9: ",
		"{sleep: 5s, log: x}":                            "1:1: sleep and log stand side by side",
	} {
		_, mistakes := parsed(text)
		got := strings.Join(mistakes, "\n")
		if want == "" && got != "" || want != "" && !strings.Contains(got, "plan.yaml:"+want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// Without this the first mistake could hide the others.
func TestAllMistakesAtOnce(t *testing.T) {
	_, mistakes := parsed("- {limit: x, f: a}\n- mix: [{}, {flop: 1}]\n- clients: {f: b, value: {rand: -1}}\n")
	if len(mistakes) != 5 {
		t.Errorf("got %d mistakes, want 5:\n%s", len(mistakes), strings.Join(mistakes, "\n"))
	}
}

// Without this a generator that breaks could leave its user without a place to look at.
func TestBrokenHasPlace(t *testing.T) {
	g, mistakes := parsed("clients:\n  reserve: [{threads: 9, f: a}, {f: b}]\n")
	_, err := Simulation{Concurrency: 3, Seed: 1}.Run(t.Context(), g)
	if len(mistakes) > 0 || err == nil || !strings.Contains(err.Error(), "plan.yaml:2:3: reserve wants 9 threads, there are 3") {
		t.Errorf("got %v %v, want the place", mistakes, err)
	}
}

// FuzzRead reads whatever a plan may have as a generator, and plays it.
func FuzzRead(f *testing.F) {
	// Without this a plan that nobody has thought of could end in a panic, or a generator that never answers.
	for _, seed := range []string{
		"{time-limit: 5ms, clients: {stagger: 1ms, mix: [{f: read}, {f: w, value: {rand: 5}}]}, nemesis: {cycle: [{sleep: 2ms}, kill]}}",
		"- {reserve: [{threads: 1, f: a}, {cycle: {until-ok: {f: b}}}]}\n- {independent: {threads: 2, keys: 3, generator: {limit: 4, each-thread: [a, b]}}}",
		"{cycle-times: [{for: 1ms, repeat: a}, {for: 2ms, flip-flop: [b, {repeat: c}]}]}",
		"{f-map: {a: b}, filter: [b], map: {value: {zipf: 5}}, any: [a, {shortest-any: [b, c]}, {then: [a, b]}]}",
		"{process-limit: 5, concurrency-limit: 2, cache: 1ms, trace: x, on-threads: [0, nemesis], each-process: {once: {phases: [a, b]}}}",
		"{repeat: {f: a, value: [{next: x}, {geometric: 0.5}, {float: [0, 1]}, {one-of: [{next: x}, 5]}, {weighted: [[a, 1]]}, {literal: {rand: 1}}]}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, mistakes := parsed(text)
		if len(text) > 4096 || g == nil || len(mistakes) > 0 {
			return
		}
		ops, err := Simulation{Concurrency: 4, Nemesis: true, Seed: 1, MaxOps: 200}.Run(t.Context(), g)
		if err != nil && strings.Contains(err.Error(), "nobody can do") {
			t.Errorf("%q: %v after %d operations", text, err, len(ops))
		}
	})
}
