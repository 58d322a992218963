package history

import (
	"bytes"
	"context"
)

// FromOps makes a history of operations, for tests and for programs that record by themselves. It is what Read makes of
// their EDN: IDs are places in ops, and if every Index is 0, indices are places too. A negative Index and NoTime mean that
// none was recorded. Values are tuples of independent keys if an op has a Key.
func FromOps(ops []Op) (*History, error) {
	dense, o := true, Options{Format: FormatEDN}
	for i := range ops {
		dense = dense && ops[i].Index == 0
		if ops[i].Key != nil {
			o.Independent = IndependentOn
		}
	}
	if len(ops) == 0 {
		return merge("ops", nil, nil, o) // which as a file would be an error
	}
	var text bytes.Buffer
	w := NewWriter(&text, FormatEDN)
	for _, op := range ops {
		if dense {
			op.Index = -1
		}
		if err := w.Write(op); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return Read(context.Background(), "ops", text.Bytes(), o)
}
