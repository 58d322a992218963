package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"jcheck/fixtures"
	"jcheck/history"
	"jcheck/linearizable"
	"jcheck/render"
)

const guideHead = `# Anomalies

What each anomaly is, with the smallest history that shows it, as ` + "`jcheck elle --out DIR`" + ` draws it: one box per transaction,
its micro-ops from top to bottom, those that matter on yellow; an arrow leads from what must come first, and says why. Hover
over anything to see it whole. Single objects are drawn [otherwise](counterexamples.md).

` + "`jcheck anomalies NAME --history edn | jcheck elle --out DIR -`" + ` makes these drawings. Which model forbids what is in
[models.md](models.md), and in one picture:

![The consistency models, stronger ones above](img/models.svg)
`

// TestAnomalyGuide checks docs/anomalies.md, which is made from the same tables as `jcheck anomalies`, and its drawings.
// Without it, the guide could tell of anomalies that jcheck doesn't know, or show drawings that it wouldn't make.
//
// Drawings are compared where jcheck-draw is found: `make docs-pictures` builds it and makes them anew.
func TestAnomalyGuide(t *testing.T) {
	t.Chdir("../..")
	d := newDrawer()
	defer d.Close()
	var guide strings.Builder
	guide.WriteString(guideHead)
	var unseen []string
	for _, a := range allAnomalies() {
		c, ok := fixtures.Anomaly(a.Name)
		svg, why := []byte(nil), ""
		switch {
		case ok && c.Verb == linearizable.Checker:
			svg = objectPicture(t, c)
		case ok && c.Verb == fixtures.Elle && d.server:
			svg, why = guidePicture(t, d, a.Name, c)
		}
		path := filepath.Join("docs", "img", a.Name+".svg")
		compare(t, path, svg)
		if _, err := os.Stat(path); err != nil {
			if why != "" {
				t.Logf("%s is not drawn: %s", a.Name, why)
			}
			if a.Meaning == "" {
				continue // a name of the tables
			}
			unseen = append(unseen, fmt.Sprintf("- %s: %s\n", a.Name, a.Meaning))
			continue
		}
		fmt.Fprintf(&guide, "\n## %s\n\n%s\n", a.Name, strings.TrimSuffix(a.Definition, "\n"))
		if len(a.ForbiddenBy) > 0 {
			fmt.Fprintf(&guide, "\nForbidden by %s, and whatever is stronger.\n", strings.Join(a.ForbiddenBy, ", "))
		}
		fmt.Fprintf(&guide, "\n![%s: %s](img/%s.svg)\n", a.Name, a.Meaning, a.Name)
	}
	fmt.Fprintf(&guide, "\n## Without a drawing\n\nThese are names without a history of their own, or anomalies without a transaction to show.\n\n%s",
		strings.Join(unseen, ""))
	leader, _ := fixtures.Anomaly("leader") // for the guide on counterexamples
	compare(t, filepath.Join("docs", "img", "leader.svg"), objectPicture(t, leader))
	compare(t, filepath.Join("docs", "img", "models.svg"), render.LatticeSVG(latticeModels()))
	compare(t, filepath.Join("docs", "anomalies.md"), []byte(guide.String()))
}

// objectPicture draws why a history of a single object is wrong.
func objectPicture(t *testing.T, c fixtures.Case) []byte {
	t.Helper()
	text, err := fixtures.Read(c.File)
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(t.Context(), c.File, text, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := linearizable.Options{}
	for _, option := range c.Options {
		if initial, ok := strings.CutPrefix(option, "initial="); ok {
			o.Initial = initial
		}
		if option == "order=session" {
			o.Order = linearizable.SessionOrder
		}
	}
	r, err := linearizableCheck(o, "")(t.Context(), h)
	if err != nil || len(r.Anomalies) == 0 {
		t.Fatalf("%s: %v, %v", c.File, r.Verdict, err)
	}
	return render.LinearSVG(h, r.Anomalies[0])
}

// guidePicture draws the anomaly of its own history, or says why there is nothing to draw.
func guidePicture(t *testing.T, d *drawer, kind string, c fixtures.Case) (svg []byte, why string) {
	t.Helper()
	var f elleFlags
	flags := pflag.NewFlagSet("elle", pflag.ContinueOnError)
	f.define(flags)
	if err := flags.Parse(append(strings.Fields(c.Flags()), "--out", "unused")); err != nil {
		t.Fatal(err)
	}
	j, err := f.job(&env{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, flags, 1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fixtures.Read(c.File)
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(context.Background(), c.File, text, j.read)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.check(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Anomalies {
		if a.Kind == kind && len(a.Ops) > 0 {
			p := render.DrawAnomaly(context.Background(), d, h, a, kind)
			if p.SVG == nil {
				t.Errorf("%s: %s", kind, p.Why)
			}
			return p.SVG, ""
		}
	}
	return nil, "its history shows no transaction of it"
}

// compare compares a file with what it should hold, or writes it if asked to. Nothing to hold is no question.
func compare(t *testing.T, path string, want []byte) {
	t.Helper()
	if want == nil {
		return
	}
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what jcheck makes now (%v): make docs-pictures", path, err)
	}
}
