package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/cycle"
	"jcheck/internal/sim"
)

// listRecipes prints which anomalies can be woven in, and what finds them.
func listRecipes(w io.Writer) error {
	fmt.Fprintf(w, "%-48s%-18s%s\n", "ANOMALY", "WORKLOAD", "FOUND BY")
	for _, r := range sim.Recipes() {
		fmt.Fprintf(w, "%-48s%-18s%s\n", r.Name, r.Workload, strings.TrimSpace("jcheck elle "+recipeFlags(r, sim.StrictSerializable)))
	}
	return nil
}

// maxInjected bounds how many anomalies are woven into one history: all are drawn before it begins.
const maxInjected = 100_000

// anomaliesToInject makes of typed names those that checkers report, each as many times as wanted: "G0*3" is three of G0.
func anomaliesToInject(typed []string) ([]string, error) {
	var names, known []string
	for _, r := range sim.Recipes() {
		known = append(known, r.Name)
	}
	if typed != nil && len(typed) == 0 {
		return nil, fmt.Errorf("--inject names no anomaly (hint: jcheck gen --inject list)")
	}
	for _, word := range typed {
		name, times, err := repeated(word)
		if err != nil || len(names)+times > maxInjected {
			return nil, fmt.Errorf("--inject: %q is not an anomaly and a number (hint: G0*3; at most %d in all)", word, maxInjected)
		}
		a, err := findAnomaly(name)
		if err != nil {
			return nil, fmt.Errorf("--inject: unknown anomaly %q (hint: %s)", name, nearestOr(name, known, "jcheck gen --inject list"))
		}
		if !slices.Contains(known, a.Name) {
			return nil, fmt.Errorf("--inject: no history can show %s by this name (hint: jcheck gen --inject list)", a.Name)
		}
		names = append(names, slices.Repeat([]string{a.Name}, times)...)
	}
	return names, nil
}

// repeated splits "G0*3" into the name and the number.
func repeated(word string) (string, int, error) {
	name, number, found := strings.Cut(word, "*")
	if !found {
		return name, 1, nil
	}
	times, err := strconv.Atoi(number)
	if err == nil && (times < 1 || times > maxInjected) {
		err = strconv.ErrRange
	}
	return name, times, err
}

// levelFits refuses proofs that a cycle exists in a history that has worse to tell: a proof is reported only where no cycle
// with a name of its own rules out the model, and weaker levels have such cycles.
func levelFits(anomalies []string, l sim.Level) error {
	for _, name := range anomalies {
		if strings.HasSuffix(name, "-cycle-exists") && l != sim.StrictSerializable {
			return fmt.Errorf("--inject: in a %s history other anomalies hide %s (hint: --level %s)", l, name, sim.StrictSerializable)
		}
	}
	return nil
}

// workloadFor is the workload that can show the anomalies: the one asked for, or the first that can.
func workloadFor(anomalies []string, w sim.Workload, asked bool) (sim.Workload, error) {
	anomalies = slices.Compact(slices.Sorted(slices.Values(anomalies)))
	candidates := []sim.Workload{sim.ListAppend, sim.RWRegister, sim.ClosedPredicate}
	if asked {
		candidates = []sim.Workload{w}
	}
	for _, c := range candidates {
		if len(shownBy(anomalies, c)) == len(anomalies) {
			return c, nil
		}
	}
	if !asked {
		return w, fmt.Errorf("--inject: no workload can show all of these (hint: jcheck gen --inject list)")
	}
	shown := shownBy(anomalies, w)
	for _, name := range anomalies {
		if !slices.Contains(shown, name) {
			others := slices.DeleteFunc(workloadWords(), func(word string) bool {
				c, err := sim.ParseWorkload(word)
				return err != nil || len(shownBy([]string{name}, c)) == 0
			})
			return w, fmt.Errorf("--inject: %s can't show %s (hint: --workload %s)", w, name, strings.Join(others, " or "))
		}
	}
	return w, nil
}

// shownBy are those of the anomalies that a workload can show.
func shownBy(anomalies []string, w sim.Workload) []string {
	return slices.DeleteFunc(slices.Clone(anomalies), func(name string) bool {
		_, ok := sim.FindRecipe(name, w)
		return !ok
	})
}

// recipeFlags are the options of `jcheck elle` that find an anomaly in a history of a level.
func recipeFlags(r sim.Recipe, level sim.Level) string {
	var flags []string
	models := r.Models
	if models == nil && level != sim.StrictSerializable {
		// The strictest model would find what the level permits, too.
		if not, _ := cycle.Boundary([]string{r.Name}); len(not) > 0 {
			models = not[:1]
		}
	}
	if len(models) > 0 {
		flags = append(flags, "-c "+strings.Join(models, ","))
	}
	for _, o := range r.Options {
		flags = append(flags, "--"+o)
	}
	return strings.Join(flags, " ")
}

// genReport is what there is to say about a history that was made.
type genReport struct {
	o     sim.Options
	lines [][]int64 // by anomaly woven in: the lines of its operations
	ops   int64     // transactions invoked
}

// note takes notice of an operation.
func (r *genReport) note(op *sim.Op) {
	switch {
	case op.Inject > 0:
		r.lines[op.Inject-1] = append(r.lines[op.Inject-1], op.Index+1)
	case op.Type == history.Invoke && op.Init == nil:
		r.ops++
	}
}

// listedInjections is of how many anomalies of a kind it is told where they are.
const listedInjections = 3

// print tells where each anomaly is and what finds it, and whether the history is shorter than asked for.
func (r *genReport) print(w io.Writer, path string) {
	told := map[string]int{}
	for i, name := range r.o.Inject {
		if told[name]++; told[name] > listedInjections {
			continue
		}
		recipe, _ := sim.FindRecipe(name, r.o.Workload) // has been checked
		command := strings.Join(strings.Fields("jcheck elle "+recipeFlags(recipe, r.o.Level)+" "+path), " ")
		lines := strings.Trim(strings.ReplaceAll(fmt.Sprint(r.lines[i]), " ", ", "), "[]")
		fmt.Fprintf(w, "jcheck: injected %s at lines %s; to find it: %s\n", name, lines, command)
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if more := told[name] - listedInjections; more > 0 {
			fmt.Fprintf(w, "jcheck: injected %s %s more\n", name, amount.Of(more, "time"))
		}
	}
	if r.o.Workload == sim.ClosedPredicate && r.ops < int64(r.o.Txns) {
		fmt.Fprintf(w, "jcheck: ended after %s: each row had changed once (hint: a larger --key-count)\n", amount.Of(int(r.ops), "transaction"))
	}
}
