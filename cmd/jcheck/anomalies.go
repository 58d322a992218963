package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/check"
	"jcheck/cmd/internal/cli"
	"jcheck/fixtures"
	"jcheck/history"
	"jcheck/internal/cycle"
)

// anomaly is all that `jcheck anomalies NAME` tells. Models have their friendly names.
type anomaly struct {
	Name        string   `json:"name"`
	Group       string   `json:"-"`
	Also        []string `json:"also-called"`
	Meaning     string   `json:"meaning"`
	Definition  string   `json:"definition"`
	Source      string   `json:"source"`
	ForbiddenBy []string `json:"forbidden-by"` // the weakest models that forbid it
	AndBy       []string `json:"and-by"`       // all stronger ones
	Implies     []string `json:"implies"`
	Verb        string   `json:"verb"`    // the command that finds it in History
	Flags       string   `json:"flags"`   // what Verb needs for that
	History     string   `json:"history"` // EDN; "" if no history shows it
}

func anomaliesCommand(*env) *cobra.Command {
	var output, form string
	c := &cobra.Command{
		Use:   "anomalies [NAME]",
		Short: "Explains the anomalies, each with a minimal history that shows it",
		Long: `Without a name, lists all anomalies with one line each. With one, prints what it
is, which models forbid it, and a minimal history that shows it.

NAME may also be a customary one: write-skew, lost-update, phantom, dirty-read.`,
		Example: "  jcheck anomalies G-single-item\n  jcheck anomalies G1a --history edn | jcheck elle -",
		Args:    cli.Wants(0, 1, "anomaly", "lost-update"),
		RunE: func(c *cobra.Command, args []string) error {
			w := c.OutOrStdout()
			switch {
			case output != "text" && output != "json":
				return fmt.Errorf("unknown output %q (hint: text or json)", output)
			case form != "" && len(args) == 0:
				return fmt.Errorf("--history wants the name of an anomaly (hint: jcheck anomalies)")
			case len(args) == 0:
				return printAnomalies(w, output)
			}
			a, err := findAnomaly(args[0])
			switch {
			case err != nil:
				return err
			case form != "":
				return printHistory(c.Context(), w, a, form)
			case output == "json":
				return printJSON(w, a)
			}
			return printAnomaly(c.Context(), w, a)
		},
	}
	c.Flags().StringVar(&output, "output", "text", "text or json")
	c.Flags().StringVar(&form, "history", "", "print only the minimal history, as edn or json")
	return c
}

// allAnomalies lists every kind in the order of `jcheck anomalies`: by group as in definitions, -process after the
// plain cycles, then -realtime, and the proofs after what is seen without a cycle.
func allAnomalies() []anomaly {
	var list []anomaly
	for _, g := range [...]string{
		groupCycle, groupProcess, groupRealtime, groupDirect, groupExists, groupObject, groupChecker, groupStatus, groupTable,
	} {
		for _, d := range definitions {
			if d.group == g {
				list = append(list, newAnomaly(d))
			}
		}
		for _, o := range orders {
			if o.group == g {
				list = append(list, ordered(o.suffix, o.group, o.text, o.source)...)
			}
		}
		if g == groupExists {
			for _, name := range cycle.AnomalyNames() {
				if strings.HasSuffix(name, "-cycle-exists") {
					list = append(list, existsAnomaly(name))
				}
			}
		}
	}
	return list
}

// ordered derives the -process or -realtime kinds from the plain cycles.
func ordered(suffix, group, text, source string) []anomaly {
	var list []anomaly
	for _, d := range definitions {
		if d.group != groupCycle {
			continue
		}
		o := definition{kind: d.kind + suffix, group: group, source: source}
		o.text = "As " + d.kind + ", " + text
		if o.kind == "G-single-item-realtime" {
			o.also = []string{"stale-read"}
		}
		list = append(list, newAnomaly(o))
	}
	return list
}

// existsAnomaly describes a proof that the dependencies forbidden by a model form a cycle.
func existsAnomaly(kind string) anomaly {
	canonical := strings.TrimSuffix(kind, "-cycle-exists")
	text := existsText + " Here it is " + cycle.Projection(canonical) + "."
	if _, shown := fixtures.Anomaly(kind); !shown {
		text += " Every cycle in it has a name that rules the model out as well, so that only a search that ran out of time " +
			"can report this name."
	}
	source := "jepsen-io/elle; " + cycle.Source(canonical)
	a := newAnomaly(definition{kind: kind, group: groupExists, text: text, source: source})
	a.Meaning = strings.Replace(a.Meaning, canonical, cycle.Friendly(canonical), 1)
	return a
}

// objectModels are the models that are checked of single objects, with the anomaly that rules them out. The tables of
// internal/cycle are about transactions.
var objectModels = [...]struct{ kind, model, command string }{
	{"nonlinearizable", "linearizable", "jcheck linearizable"},
	{"nonsequential", "sequential", "jcheck linearizable --order session"},
}

// strongerModels are all that imply a model, sorted.
func strongerModels(model string) []string {
	stronger := []string{}
	for todo := []string{model}; len(todo) > 0; todo = todo[1:] {
		for _, m := range cycle.ModelNames() {
			canonical, _ := cycle.Canonical(m)
			if m = cycle.Friendly(canonical); slices.Contains(cycle.Weaker(m), todo[0]) && !slices.Contains(stronger, m) {
				stronger, todo = append(stronger, m), append(todo, m)
			}
		}
	}
	slices.Sort(stronger)
	return stronger
}

func newAnomaly(d definition) anomaly {
	a := anomaly{
		Name:       d.kind,
		Group:      d.group,
		Also:       append([]string{}, d.also...),
		Meaning:    check.Meaning(d.kind),
		Definition: d.text,
		Source:     d.source,
	}
	not, alsoNot := cycle.Boundary([]string{d.kind})
	a.ForbiddenBy, a.AndBy = append([]string{}, not...), append([]string{}, alsoNot...)
	for _, o := range objectModels {
		if o.kind == d.kind {
			a.ForbiddenBy, a.AndBy = []string{o.model}, strongerModels(o.model)
		}
	}
	a.Implies = []string{}
	for _, name := range cycle.Implied(d.kind) {
		if name != d.kind {
			a.Implies = append(a.Implies, name)
		}
	}
	if c, ok := fixtures.Anomaly(d.kind); ok {
		text, err := fixtures.Read(c.File)
		if err != nil {
			panic("jcheck: internal error: " + err.Error()) // embedded
		}
		a.Verb, a.Flags, a.History = c.Verb, c.Flags(), string(text)
	}
	return a
}

// findAnomaly looks an anomaly up by its name or a customary one, whatever the case of its letters.
func findAnomaly(name string) (anomaly, error) {
	all := allAnomalies()
	wanted := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, ":")), " ", "-")
	same := func(s string) bool { return strings.ToLower(s) == wanted }
	// "write-skew" is a name of the tables, but who asks for it means G2-item: customary names come before those.
	for _, meant := range [...]func(anomaly) bool{
		func(a anomaly) bool { return a.Group != groupTable && same(a.Name) },
		func(a anomaly) bool { return slices.ContainsFunc(a.Also, same) },
		func(a anomaly) bool { return same(a.Name) },
	} {
		if i := slices.IndexFunc(all, meant); i >= 0 {
			return all[i], nil
		}
	}
	var names []string
	for _, a := range all {
		names = append(append(names, a.Name), a.Also...)
	}
	return anomaly{}, fmt.Errorf("unknown anomaly %q (hint: %s)", name, nearestOr(wanted, names, "jcheck anomalies"))
}

// printAnomalies prints one line per anomaly.
func printAnomalies(w io.Writer, output string) error {
	all := allAnomalies()
	if output == "json" {
		return printJSON(w, all)
	}
	group := ""
	for _, a := range all {
		if a.Group != group {
			if group != "" {
				fmt.Fprintln(w)
			}
			group = a.Group
			fmt.Fprintln(w, group)
		}
		text := a.Meaning
		if text == "" {
			text = a.Definition
		}
		if a.Group == groupExists {
			fmt.Fprintf(w, "  %s\n", a.Name)
			continue
		}
		fmt.Fprint(w, paragraph("  "+a.Name, 31, text))
	}
	fmt.Fprint(w, "\n", paragraph("", 0, "Dependencies. "+legend))
	fmt.Fprint(w, "\nMore on one, with a minimal history: jcheck anomalies G-single-item\n")
	return nil
}

// printAnomaly prints all that is known of one anomaly.
func printAnomaly(ctx context.Context, w io.Writer, a anomaly) error {
	fmt.Fprintln(w, a.Name)
	if a.Meaning != "" {
		fmt.Fprint(w, paragraph("", 2, strings.ToUpper(a.Meaning[:1])+a.Meaning[1:]+"."))
	}
	fmt.Fprintf(w, "\n%s", paragraph("", 2, a.Definition))
	if strings.Contains(a.Definition, " ww ") || strings.Contains(a.Definition, " rw ") {
		fmt.Fprintf(w, "\n%s", paragraph("", 2, legend))
	}
	fmt.Fprintln(w)
	const indent = 16
	if len(a.Also) > 0 {
		fmt.Fprint(w, paragraph("  also called", indent, listed(a.Also)))
	}
	fmt.Fprint(w, paragraph("  source", indent, a.Source))
	if len(a.ForbiddenBy) > 0 || a.Group != groupObject {
		fmt.Fprint(w, paragraph("  forbidden by", indent, listed(a.ForbiddenBy)))
	}
	if len(a.AndBy) > 0 {
		fmt.Fprint(w, paragraph("  and so by", indent, listed(a.AndBy)))
	}
	if len(a.Implies) > 0 {
		fmt.Fprint(w, paragraph("  implies", indent, listed(a.Implies)))
	}
	if a.History == "" {
		fmt.Fprint(w, "\n  No history can show it by this name.\n")
		return nil
	}
	h, err := history.Read(ctx, a.Name+".edn", []byte(a.History), history.Options{})
	if err != nil {
		return fmt.Errorf("internal error: history of %s: %w", a.Name, err)
	}
	fmt.Fprintf(w, "\nA minimal history:\n\n%s", sketch(h))
	flags := a.Flags
	if flags != "" {
		flags += " "
	}
	fmt.Fprintf(w, "\nThe same as EDN:\n\n%s\nTry it:\n\n  jcheck anomalies %s --history edn | jcheck %s %s-\n",
		a.History, a.Name, a.Verb, flags)
	return nil
}

// printHistory prints the history alone, to be piped into jcheck elle.
func printHistory(ctx context.Context, w io.Writer, a anomaly, form string) error {
	switch {
	case a.History == "":
		return fmt.Errorf("no history can show %s by this name", a.Name)
	case form == "edn":
		_, err := io.WriteString(w, a.History)
		return err
	case form != "json":
		return fmt.Errorf("unknown form %q of a history (hint: edn or json)", form)
	}
	h, err := history.Read(ctx, a.Name+".edn", []byte(a.History), history.Options{})
	if err != nil {
		return fmt.Errorf("internal error: history of %s: %w", a.Name, err)
	}
	out := history.NewWriter(w, history.FormatJSON)
	for id := range h.All() {
		if err := out.Write(h.Op(id)); err != nil {
			return err
		}
	}
	return out.Flush()
}
