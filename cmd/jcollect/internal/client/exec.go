package client

import (
	"errors"

	"jcheck/cmd/jcollect/internal/plan"
)

// execKind is the row of programs in any language.
func execKind() Kind {
	return Kind{Name: "exec", Doc: "a program of your own, in any language, that speaks JSON lines", Options: func() ([]plan.Field, Maker) {
		return nil, func(Use) (Driver, error) { return nil, errors.New("client exec can't be made yet") }
	}}
}
