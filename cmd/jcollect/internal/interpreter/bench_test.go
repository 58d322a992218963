package interpreter

import (
	"errors"
	"io"
	"testing"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
)

// written is a sink that encodes as a run does.
type written struct{ forms []*history.Writer }

func (w written) Write(op history.Op) error {
	var errs []error
	for _, f := range w.forms {
		if err := f.Write(op); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w written) Flush() error {
	var errs []error
	for _, f := range w.forms {
		if err := f.Flush(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// BenchmarkNoop would miss an operation that costs more than 20 µs: at 50,000 a second, both processors are busy then.
func BenchmarkNoop(b *testing.B) {
	b.ReportAllocs()
	read := generator.Repeat(generator.Do(generator.Template{F: "read"}))
	sum, err := Run(b.Context(), Options{
		Generator: generator.Limit(b.N, generator.Mix(read, read)), Driver: client.Noop{}, Use: client.Use{Concurrency: 10},
		Sink: written{[]*history.Writer{history.NewWriter(io.Discard, history.FormatEDN), history.NewWriter(io.Discard, history.FormatJSON)}},
	})
	if err != nil || sum.OK != int64(b.N) {
		b.Errorf("got %+v, %v", sum, err)
	}
}
