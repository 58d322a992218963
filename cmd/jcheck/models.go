package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/internal/cycle"
	"jcheck/render"
)

// model is what the lattice says of one consistency model. All names but Canonical are friendly ones.
type model struct {
	Name       string   `json:"name"`
	Canonical  string   `json:"canonical"`
	Meaning    string   `json:"meaning,omitempty"`
	Aliases    []string `json:"aliases"`
	Implies    []string `json:"implies"`    // directly
	ImpliedBy  []string `json:"implied-by"` // directly
	Forbids    []string `json:"forbids"`    // by itself
	ForbidsAll []string `json:"forbids-all"`
	Acyclic    string   `json:"acyclic,omitempty"` // what must have no cycle, as EDN
	Source     string   `json:"source"`
}

func modelsCommand(*env) *cobra.Command {
	var output string
	var svg bool
	c := &cobra.Command{
		Use:   "models [NAME]",
		Short: "Prints the consistency models, and what your database calls them",
		Long: `Prints the consistency models that jcheck elle -c accepts, and a table that says
which one to ask for, by what your database calls its isolation level.

NAME is a model (serializable, PL-SI) or a database (postgresql, mysql).`,
		Example: "  jcheck models\n  jcheck models snapshot-isolation\n  jcheck models postgresql",
		Args:    cli.Wants(0, 1, "model or database", "postgresql"),
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			if svg {
				return drawModels(c.OutOrStdout(), name, c.Flags().Changed("output"))
			}
			return printModels(c.OutOrStdout(), name, output)
		},
	}
	c.Flags().StringVar(&output, "output", "text", "text or json")
	c.Flags().BoolVar(&svg, "svg", false, "draw all models, stronger ones above, as SVG")
	return c
}

// drawModels answers `jcheck models --svg`.
func drawModels(w io.Writer, name string, output bool) error {
	if name != "" || output {
		return errors.New("--svg draws all models at once (hint: jcheck models --svg > models.svg)")
	}
	_, err := w.Write(render.LatticeSVG(latticeModels()))
	return err
}

// printModels answers `jcheck models [name]`.
func printModels(w io.Writer, name, output string) error {
	if output != "text" && output != "json" {
		return fmt.Errorf("unknown output %q (hint: text or json)", output)
	}
	all := allModels()
	if name == "" {
		if output == "json" {
			return printJSON(w, map[string]any{"models": all, "databases": levels[:]})
		}
		printLattice(w, all)
		printLevels(w, levels[:])
		return nil
	}
	if canonical, ok := cycle.Canonical(name); ok {
		i := slices.IndexFunc(all, func(m model) bool { return m.Canonical == canonical })
		if output == "json" {
			return printJSON(w, all[i])
		}
		printModel(w, all[i])
		return nil
	}
	if rows := levelsOf(name); len(rows) > 0 {
		if output == "json" {
			return printJSON(w, map[string]any{"databases": rows})
		}
		printLevels(w, rows)
		return nil
	}
	hint := "jcheck models lists them"
	if near := cycle.NearestModels(name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown model or database %q (hint: %s)", name, hint)
}

// levelsOf lists what is known of a database, by any part of its name.
func levelsOf(name string) []level {
	var rows []level
	for _, l := range levels {
		if strings.Contains(strings.ToLower(l.Database), strings.ToLower(name)) {
			rows = append(rows, l)
		}
	}
	return rows
}

// allModels reads the lattice out of internal/cycle, weaker models before stronger ones, else by name.
func allModels() []model {
	byName := map[string]*model{}
	var names []string // one per canonical model, sorted
	for _, n := range cycle.ModelNames() {
		canonical, _ := cycle.Canonical(n)
		friendly := cycle.Friendly(canonical)
		m := byName[friendly]
		if m == nil {
			m = newModel(friendly, canonical)
			byName[friendly] = m
			names = append(names, friendly)
		}
		if n != friendly {
			m.Aliases = append(m.Aliases, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		for _, weaker := range byName[n].Implies {
			byName[weaker].ImpliedBy = append(byName[weaker].ImpliedBy, n)
		}
	}
	return weakestFirst(names, byName)
}

// weakestFirst orders the models so that each stands after all that it implies. Of those that may come next, the
// first by name does.
func weakestFirst(names []string, byName map[string]*model) []model {
	placed := map[string]bool{}
	list := make([]model, 0, len(names))
	for len(list) < len(names) {
		before := len(list)
		for _, n := range names {
			ready := !placed[n]
			for _, weaker := range byName[n].Implies {
				ready = ready && placed[weaker]
			}
			if ready {
				placed[n] = true
				list = append(list, *byName[n])
			}
		}
		if len(list) == before {
			panic("jcheck: internal error: the models imply each other in a circle")
		}
	}
	return list
}

func newModel(friendly, canonical string) *model {
	m := &model{
		Name:      friendly,
		Canonical: canonical,
		Meaning:   modelMeaning(canonical),
		Aliases:   []string{}, ImpliedBy: []string{}, // [] in JSON, not null
		Implies: append([]string{}, cycle.Weaker(canonical)...),
		Forbids: append([]string{}, cycle.Proscribed(canonical)...),
		Acyclic: cycle.Projection(canonical),
		Source:  cycle.Source(canonical),
	}
	prohibited := cycle.Prohibited([]string{canonical}, nil)
	m.ForbidsAll = make([]string, 0, len(prohibited))
	for _, a := range cycle.AnomalyNames() {
		if prohibited[a] {
			m.ForbidsAll = append(m.ForbidsAll, a)
		}
	}
	return m
}

// title is every name of a model.
func (m *model) title() string {
	names := append([]string{m.Name}, m.Aliases...)
	if m.Canonical != m.Name {
		names = append(names, m.Canonical)
	}
	return strings.Join(names, " = ")
}

// The parts of the printed lattice. A model belongs to the first part whose prefix its canonical name has.
var latticeParts = [...]struct{ prefix, title string }{
	{"strong-session-", "Strong sessions: the order in which each client ran its own transactions counts"},
	{"strong-", "Strong: real time counts, a transaction that had finished before another began"},
	{"PL-SS", "All together"},
	{"", "Isolation of transactions"},
}

// latticePart is the place of a model's part in latticeParts, or -1 if nothing that is checked can rule the model out.
func latticePart(m *model) int {
	if len(m.ForbidsAll) == 0 {
		return -1
	}
	return slices.IndexFunc(latticeParts[:], func(p struct{ prefix, title string }) bool {
		return strings.HasPrefix(m.Canonical, p.prefix)
	})
}

// printLattice prints each model with what it adds to those that it implies.
func printLattice(w io.Writer, all []model) {
	fmt.Fprint(w, "CONSISTENCY MODELS (jcheck elle -c NAME)\n\n")
	fmt.Fprint(w, paragraph("", 0, "A model holds only where all models that it implies hold. It forbids what they "+
		"forbid, what is listed, and every anomaly that implies one of these (jcheck anomalies NAME). "+
		"Weaker models come first."))
	for _, part := range [...]int{3, 0, 1, 2} {
		fmt.Fprintf(w, "\n%s\n", latticeParts[part].title)
		for i := range all {
			if latticePart(&all[i]) == part {
				printEntry(w, &all[i])
			}
		}
	}
	var unchecked []string
	for i := range all {
		if latticePart(&all[i]) < 0 {
			unchecked = append(unchecked, all[i].title())
		}
	}
	fmt.Fprintf(w, "\nNamed only: nothing that is checked can rule these out\n%s\n", paragraph("", 2, listed(unchecked)))
}

// printEntry prints one model of the lattice.
func printEntry(w io.Writer, m *model) {
	fmt.Fprintf(w, "\n  %s\n", m.title())
	if text := m.Meaning; text != "" {
		fmt.Fprint(w, paragraph("", 4, text))
	}
	if len(m.Implies) > 0 {
		fmt.Fprint(w, paragraph("    implies", 12, listed(m.Implies)))
	}
	if len(m.Forbids) > 0 {
		fmt.Fprint(w, paragraph("    forbids", 12, listed(m.Forbids)))
	}
}

// printLevels prints what databases call their levels, which model that is, and by numbers who says so.
func printLevels(w io.Writer, rows []level) {
	var sources []string
	database := ""
	fmt.Fprint(w, "WHAT YOUR DATABASE CALLS IT → WHAT TO ASK FOR\n")
	for _, l := range rows {
		if l.Database != database {
			database = l.Database
			fmt.Fprintf(w, "\n%s\n", database)
		}
		cited := ""
		for _, s := range l.Sources {
			i := slices.Index(sources, s)
			if i < 0 {
				i = len(sources)
				sources = append(sources, s)
			}
			cited += fmt.Sprintf("[%d]", i+1)
		}
		fmt.Fprintf(w, "  %-47s%-20s %s\n", l.Level, l.Model, cited)
		if l.Note != "" {
			fmt.Fprint(w, paragraph("", 6, l.Note))
		}
	}
	fmt.Fprintln(w)
	for i, s := range sources {
		fmt.Fprint(w, paragraph(fmt.Sprintf("[%d]", i+1), 5, s))
	}
}

// printModel prints all that is known of one model.
func printModel(w io.Writer, m model) {
	const indent = 15
	fmt.Fprintf(w, "%s\n", m.title())
	if text := m.Meaning; text != "" {
		fmt.Fprint(w, paragraph("", 2, text))
	}
	fmt.Fprintln(w)
	fmt.Fprint(w, paragraph("  implies", indent, listed(m.Implies)))
	fmt.Fprint(w, paragraph("  implied by", indent, listed(m.ImpliedBy)))
	fmt.Fprint(w, paragraph("  forbids", indent, listed(m.Forbids)))
	fmt.Fprint(w, paragraph("  in all", indent, listed(m.ForbidsAll)))
	if m.Acyclic != "" {
		fmt.Fprint(w, paragraph("  no cycle in", indent, m.Acyclic))
	}
	fmt.Fprint(w, paragraph("  source", indent, m.Source))
	var rows []level
	for _, l := range levels {
		if canonical, _ := cycle.Canonical(l.Model); canonical == m.Canonical {
			rows = append(rows, l)
		}
	}
	for i, l := range rows {
		head := ""
		if i == 0 {
			head = "  ask it of"
		}
		fmt.Fprint(w, paragraph(head, indent, l.Database+": "+l.Level))
	}
	for _, o := range objectModels {
		if o.model == m.Name {
			fmt.Fprint(w, "\n", paragraph("", 2, "Of single objects, such as registers, queues and locks, "+o.command+" checks it."))
			return
		}
	}
	if len(m.ForbidsAll) == 0 {
		fmt.Fprint(w, "\n", paragraph("", 2, "Nothing that is checked can rule this model out: to ask for it alone is to ask nothing."))
		return
	}
	fmt.Fprintf(w, "\n  jcheck elle -c %s history.edn\n", m.Name)
}

// printJSON prints a value as indented JSON, names with <, > and & as they are.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
