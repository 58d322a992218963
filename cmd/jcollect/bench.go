package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/interpreter"
	"jcheck/internal/edn"
	"jcheck/internal/store"
)

// benchPlan is what is measured.
type benchPlan struct {
	rate        int // operations a second by a timetable; 0 is as many as there can be
	ops         int
	concurrency int
	dir         string
}

// benchFigures are what came of it; a program reads them (internal/sim/measure).
type benchFigures struct {
	Operations int64   `json:"operations"`
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"per-second"`
	LateP50    float64 `json:"late-p50-ms"` // how much later than its time an operation began; only with a rate
	LateP99    float64 `json:"late-p99-ms"`
	LateMax    float64 `json:"late-max-ms"`
}

// benchCommand measures what the interpreter and the recorder sustain. It is for who works on jcollect, so the help
// doesn't list it.
func benchCommand(e *env) *cobra.Command {
	var p benchPlan
	c := &cobra.Command{
		Use: "bench", Short: "Measure how many operations a second can be performed and recorded", Hidden: true, Args: cli.Wants(0, 0, "", ""),
		RunE: func(c *cobra.Command, _ []string) error {
			figures, err := p.measure(c)
			if err != nil {
				return err
			}
			line, err := json.Marshal(figures)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", line)
			return err
		},
	}
	f := c.Flags()
	f.IntVar(&p.rate, "rate", 0, "operations a second, by a timetable; 0 is as many as there can be")
	f.IntVar(&p.ops, "ops", 200_000, "how many operations")
	f.IntVar(&p.concurrency, "concurrency", 10, "clients, which do nothing")
	f.StringVar(&p.dir, "dir", "", "where the history is written, and deleted again (a temporary folder)")
	return c
}

// measure performs reads and writes by clients that do nothing, and records them as a run does.
func (p benchPlan) measure(c *cobra.Command) (f benchFigures, err error) {
	if p.rate < 0 || p.ops <= 0 || p.concurrency <= 0 {
		return f, errors.New("bench wants positive numbers (hint: --ops 200000 --concurrency 10)")
	}
	root, err := os.MkdirTemp(p.dir, "jcollect-bench-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	run, err := store.Create(root, "bench", time.Now())
	if err != nil {
		return f, err
	}
	recorder, err := run.Record()
	if err != nil {
		return f, err
	}
	start := time.Now()
	sum, err := interpreter.Run(c.Context(), interpreter.Options{
		Generator: p.generator(), Driver: client.Noop{}, Use: client.Use{Concurrency: p.concurrency}, Sink: recorder, Seed: 1,
	})
	if err = errors.Join(err, recorder.Close()); err != nil {
		return f, err
	}
	took := time.Since(start).Seconds() // until all is on disk
	f = benchFigures{Operations: sum.OK, Seconds: took, PerSecond: float64(sum.OK) / took}
	if p.rate > 0 {
		ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
		f.LateP50, f.LateP99, f.LateMax = ms(sum.Late.Quantile(0.5)), ms(sum.Late.Quantile(0.99)), ms(sum.Late.Max)
	}
	return f, nil
}

// generator is the usual mix of reads and writes.
func (p benchPlan) generator() generator.Generator {
	write := generator.Draw(func(d *generator.Dice) generator.Template {
		return generator.Template{F: "write", Value: edn.NewInt(int64(d.IntN(5)))}
	})
	g := generator.Mix(generator.Repeat(generator.Do(generator.Template{F: "read"})), generator.Repeat(write))
	if p.rate > 0 {
		g = timetable{gapNS: int64(time.Second) / int64(p.rate), g: g}
	}
	return generator.Limit(p.ops, g)
}

// A timetable gives the operations of g times of their own, gapNS apart, and keeps to them: an operation that is late has
// a time that is over.
type timetable struct {
	gapNS, nextNS int64
	g             generator.Generator
}

// Op is the next operation of g, at its time.
func (t timetable) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	op, status, next := t.g.Op(ctx)
	if status == generator.Done || status == generator.Broken {
		return op, status, next
	}
	t.g = next
	if status == generator.Ready {
		op.TimeNS = t.nextNS
		t.nextNS += t.gapNS
	}
	return op, status, t
}

// Update tells g.
func (t timetable) Update(ctx generator.Context, op generator.Op) generator.Generator {
	t.g = t.g.Update(ctx, op)
	return t
}
