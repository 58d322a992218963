package main

import (
	"errors"
	"fmt"
	"os"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/linearizable"
)

// witnessFile is where linearizations are written, as JSON lines if its name ends so, else as EDN.
type witnessFile string

// keep writes what was found, if a witness is wanted. That nothing was found the result tells, as an old file may lie there.
func (w witnessFile) keep(h *history.History, r *check.Result, found []linearizable.Linearization) error {
	switch {
	case w == "":
		return nil
	case len(found) == 0:
		r.Notes = append(r.Notes, check.Note{Code: "no-witness", Text: "No order was written to " + string(w) + ": none was found"})
		return nil
	}
	return w.write(h, found)
}

// write writes linearizations one after another, an operation a line, in the order in which they took effect. Where there
// are several, the field part numbers them. A file that could not be written whole isn't left behind.
func (w witnessFile) write(h *history.History, found []linearizable.Linearization) error {
	file, err := os.Create(string(w))
	if err != nil {
		return fmt.Errorf("write the witness: %w", err)
	}
	err = errors.Join(w.lines(file, h, found), file.Close())
	if err != nil {
		return fmt.Errorf("write the witness: %w", errors.Join(err, os.Remove(string(w))))
	}
	return nil
}

func (w witnessFile) lines(file *os.File, h *history.History, found []linearizable.Linearization) error {
	out := history.NewWriter(file, formatOf(string(w)))
	for i, l := range found {
		for _, id := range l.Ops {
			op := h.Op(id)
			if len(found) > 1 {
				op.Extra = append(op.Extra, history.Field{Name: "part", Value: edn.NewInt(int64(i))})
			}
			if err := out.Write(op); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
