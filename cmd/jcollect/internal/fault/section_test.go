package fault

import (
	"os"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

// mistakes are what is wrong with a section, for three nodes, one in a line.
func mistakes(text string) string {
	var p plan.Problems
	Read(plan.Parse("plan.yaml", []byte(text), &p), &p).Check([]string{"n1", "n2", "n3"}, &p)
	list, _ := p.Sorted()
	var lines []string
	for _, problem := range list {
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// Without it a mistake in the section could pass until nodes are touched, or hide another.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"faults: [partition, partition]", "1:21: the fault partition stands here twice"},
		{"faults: [flood]", `1:10: "flood" is not known here`},
		{"faults: {a: b}", "want a list of faults"},
		{"faults: script", "there are no faults of the plan's own"},
		{"faults: [lost-writes]", "the fault lost-writes needs a section of its own"},
		{"fauts: [kill]", `nemesis has no key "fauts"`},
		{"interval: 10", `"10"`},
		{"lease: 1s", "a lease of 1s ends before it can be renewed"},
		{"interval: 0s", "0s is no time to wait"},
		{"intervals: {kill: {on: 1s, off: 0s}}", "0s is no time to wait"},
		{"timeout: 10ms", "10ms is no time in which a fault is injected"},
		{"firewall: pf", `"pf" is not known here`},
		{"exempt: [gateway]", `"gateway" is no IP address`},
		{"targets: {flood: [one]}", `"flood" is no fault`},
		{"targets: {kill: [bridge]}", `"bridge" is not known here`},
		{"targets: {kill: [[]]}", "an empty list strikes nobody"},
		{"{faults: [kill], targets: {kill: [[n9]]}}", `"n9" is no node (hint: one of n1, n2, n3)`},
		{"{faults: [partition], targets: {partition: [minority-third]}}", "partition minority-third needs 4 nodes, there are 3"},
		{"{faults: [partition], targets: {partition: [{n1: [n7]}]}}", `"n7" is no node`},
		{"intervals: {kill: {on: 3s}}", "the interval of kill lacks the key off"},
		{"packet: [{}]", "this does nothing to packets"},
		{"packet: [{jitter: 3ms, loss: 2}]", "a jitter without a delay"},
		{"packet: [{delay: 3ms, distribution: normal}]", "a distribution without a jitter"},
		{"packet: [{rate: fast}]", `"fast" is no rate of packets`},
		{"packet: [{loss: 101}]", `"101"`},
		{"scripts: [{name: kill, inject: x}]", "there is a fault kill already"},
		{"scripts: [{name: 'a b', inject: x}]", `"a b" can't be the name of a fault`},
		{"scripts: [{name: a}]", "a fault of scripts lacks the key inject"},
		{"lost-writes: {lazyfs: /x, device: y, mount: z}", "lost-writes wants one place"},
		{"membership: {view: x}", "membership lacks the key remove"},
		{"clock: {how: [freeze]}", `"freeze" is not known here`},
		{"clock: {scramble: 0s}", "scrambling by nothing"},
		{"disk-full: {path: data}", `"data" is no folder from the root`},
		{"disk-full: {path: /data, leave: 1}", "1 is no size"},
		{"file-corruption: {path: /data, how: [copy], mod: 1}", "copying needs chunks that are not affected"},
		{"file-corruption: {how: [bitflip]}", "file-corruption lacks the key path"},
		{"file-corruption: {path: /data, probability: 2}", `"2"`},
	} {
		if got := mistakes(c.text); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q in it", c.text, got, c.want)
		}
	}
	if got := mistakes("fauts: 1\ninterval: x\nlease: 1ms"); strings.Count(got, "\n") != 2 {
		t.Errorf("three mistakes: got %q", got)
	}
}

// Without it a key of the section could be read into nothing.
func TestSection(t *testing.T) {
	f := planOf(t, `
faults: [partition, kill, script]
interval: 7s
intervals: {kill: 20s, partition: {on: 9s, off: 3s}}
start-after: 2s
targets: {partition: [one, {n1: [n2]}, [n1, n2]], kill: primaries, slow: [all]}
lease: 30s
timeout: 20s
firewall: nft
exempt: [10.0.0.9, "fd00::9"]
packet: [{delay: 50ms, jitter: 10ms, loss: 5, rate: 1mbit, reorder: 3, correlation: 25}]
scripts: [{name: slow, inject: "echo $NODE", heal: "true"}]
lost-writes: {device: d, mount: /m}
membership: {view: v, remove: r, add: a, least: 2}
`)
	if got := strings.Join(f.Faults, " "); got != "partition kill slow" {
		t.Errorf("faults: got %s", got)
	}
	if f.beat("kill").Interval != 20*time.Second || f.beat("partition") != (Beat{On: 9 * time.Second, Off: 3 * time.Second}) || f.beat("slow").Interval != 7*time.Second {
		t.Errorf("beats: got %v", f.Beats)
	}
	if len(f.Targets["partition"]) != 3 || f.Targets["kill"][0].Word != "primaries" || f.Targets["slow"][0].Word != "all" {
		t.Errorf("targets: got %v", f.Targets)
	}
	if f.StartAfter != 2*time.Second || f.Lease != 30*time.Second || f.Timeout != 20*time.Second || f.Firewall != "nft" || len(f.Exempt) != 2 {
		t.Errorf("got %+v", f)
	}
	if got, want := f.Packet[0].netem(), "delay 50000us 10000us loss 5% 25% reorder 3% 25% rate 1mbit"; got != want {
		t.Errorf("netem: got %s, want %s", got, want)
	}
	if f.LostWrites.Mount != "/m" || f.Membership.Least != 2 || f.Membership.Wait != defaultWait {
		t.Errorf("got %+v %+v", f.LostWrites, f.Membership)
	}
}

// Without it the guide could show plans that are not read, or miss a fault.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")
	for _, block := range blocks[1:] {
		block, _, _ = strings.Cut(block, "```")
		var p plan.Problems
		root := plan.Parse("faults.md", []byte(block), &p)
		f := Read(root.Get("nemesis"), &p)
		f.Check([]string{"n1", "n2", "n3", "n4", "n5"}, &p)
		if list, _ := p.Sorted(); len(list) > 0 || len(f.Faults) == 0 {
			t.Errorf("%v in\n%s", list, block)
		}
	}
	for _, k := range kinds(Plan{}) {
		if !strings.Contains(string(text), "| `"+k.name+"` |") {
			t.Errorf("the guide has no row for %s", k.name)
		}
		for _, m := range k.moves {
			if !strings.Contains(string(text), "`"+m.f+"`") {
				t.Errorf("the guide doesn't tell of the operation %s", m.f)
			}
		}
	}
	if len(blocks) != 3 {
		t.Errorf("plans in the guide: got %d, want 2", len(blocks)-1)
	}
}

// Without it the word all could ask for a fault that nobody said where to inject, or forget one.
func TestAllFaults(t *testing.T) {
	for text, want := range map[string]string{
		"faults: all":   "partition packet clock pause kill",
		"faults: [all]": "partition packet clock pause kill",
		"{faults: all, disk-full: {path: /data}, scripts: [{name: slow, inject: x}]}": "partition packet clock disk-full pause kill slow",
	} {
		var p plan.Problems
		f := Read(plan.Parse("plan.yaml", []byte(text), &p), &p)
		if got := strings.Join(f.Faults, " "); got != want || p.Any() {
			t.Errorf("%s: faults are %s, want %s (%s)", text, got, want, mistakes(text))
		}
		if f.Without("kill", "pause"); f.has("kill") || !f.has("partition") {
			t.Errorf("%s: without processes faults are %v", text, f.Faults)
		}
	}
	var p plan.Problems
	f := Read(plan.Parse("plan.yaml", []byte("faults: [kill]"), &p), &p)
	if f.Without("kill"); !f.has("kill") {
		t.Error("a fault that the plan names is left out without a word")
	}
}
