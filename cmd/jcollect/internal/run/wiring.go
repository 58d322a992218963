package run

import (
	"context"

	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
)

// phases are the generators of a test, for clients.
type phases struct {
	main  generator.Generator
	final generator.Generator // nil if there are no final operations
}

func (f *life) phases() phases {
	return phases{main: generator.Repeat(generator.Do(generator.Template{F: "read"}))}
}

func (t *Test) workloadKind() (string, []history.Field) { return "", nil }

func (t *Test) workloadChecks() []Check { return nil }

func (f *life) faultDB() fault.Database { return nil }

func (f *life) setupOS(context.Context) error { return nil }

func (f *life) setupDB(context.Context) error { return nil }
