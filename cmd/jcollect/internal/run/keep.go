package run

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"jcheck/internal/store"
)

// A kept is what test.json says of a run: what is needed to judge it again, and what somebody who looks at it later wants
// to know. Nothing of it is secret: the plan names secrets by where they are.
type kept struct {
	Schema      int         `json:"schema"`
	Name        string      `json:"name"`
	StartTime   string      `json:"start-time"`
	Version     string      `json:"version"`
	Args        []string    `json:"args"`
	Nodes       []string    `json:"nodes"`
	Concurrency int         `json:"concurrency"`
	Rate        float64     `json:"rate,omitempty"`
	TimeLimit   string      `json:"time-limit"`
	Seed        uint64      `json:"seed"`
	Workload    string      `json:"workload,omitempty"`
	Independent bool        `json:"independent"`           // values are [key value]
	EndedEarly  string      `json:"ended-early,omitempty"` // why the operations weren't done to their end
	Checks      []keptCheck `json:"checks"`
	Draw        []string    `json:"draw"`                // null: what is drawn if nobody says otherwise
	ZeroTime    string      `json:"zero-time,omitempty"` // when the history's times were 0: operations began then
}

// keptSchema is the version of the form of test.json.
const keptSchema = 1

// keepTest writes test.json.
func (f *life) keepTest() error {
	t := f.t
	k := kept{Schema: keptSchema, Name: t.Name, StartTime: f.begun.UTC().Format(time.RFC3339Nano), Version: f.l.Version, Args: f.l.Args,
		Nodes: t.Nodes, Concurrency: t.Concurrency, Rate: t.Rate, TimeLimit: t.TimeLimit.String(), Seed: t.Seed, Workload: t.Workload.Kind}
	j := f.judging()
	k.Independent, k.EndedEarly = j.keyed, j.early
	k.Draw = j.draw
	if !j.start.IsZero() {
		k.ZeroTime = j.start.UTC().Format(time.RFC3339Nano)
	}
	for _, c := range j.checks {
		k.Checks = append(k.Checks, keptCheck{c.Name, c.Options})
	}
	return f.run.Write(func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(k)
	}, store.TestFile)
}

// keepPlan writes the plan as it counts, the command line's changes included.
func (f *life) keepPlan() error {
	text, err := f.t.Root.YAML()
	if err != nil {
		return err
	}
	return f.run.Write(func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}, store.PlanFile)
}

// judging is what it takes to judge this run.
func (f *life) judging() judging {
	return judging{workload: f.t.Workload.Kind, checks: judgingChecks(union(f.checks, f.t.Checks)), keyed: f.keyed || f.recorder != nil && f.recorder.Keyed(),
		early: f.early, draw: f.t.drawn(), start: f.started}
}

// keptJudging is what it takes to judge a stored run again.
func keptJudging(r *store.Run) (judging, error) {
	path := r.Path(store.TestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return judging{}, fmt.Errorf("%w (hint: a folder without it is no run of jcollect; jcheck check reads any history)", err)
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return judging{}, fmt.Errorf("%s: %w", path, err)
	}
	j := judging{workload: k.Workload, keyed: k.Independent, early: k.EndedEarly, draw: k.Draw}
	if k.Draw == nil {
		j.draw = defaultDrawings()
	}
	if j.start, err = time.Parse(time.RFC3339Nano, k.ZeroTime); err != nil && k.ZeroTime != "" {
		return judging{}, fmt.Errorf("%s: zero-time: %w", path, err)
	}
	for _, c := range k.Checks {
		if slices.Contains(drawingNames(), c.Name) {
			continue // as older runs have them
		}
		v, err := values(c)
		if err != nil {
			return judging{}, fmt.Errorf("%s: check %s: %w", path, c.Name, err)
		}
		j.checks = append(j.checks, Check{c.Name, v})
	}
	return j, nil
}
