package generator

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// Nemesis is the process that injects faults; clients are counted from 0.
const Nemesis int32 = -1

// Act says what is to be done with an operation.
type Act uint8

// The acts. All but Perform are for whoever runs the test, and are never recorded in a history.
const (
	Perform Act = iota // a client, or the nemesis, performs it
	Sleep              // its process does nothing for SleepNS
	Log                // Value, a text, is logged
)

// Template is an operation before somebody is found to do it.
type Template struct {
	F       string
	Value   history.Value
	Key     *history.Value  // the independent key that it is about, apart from Value; nil if there are none
	Extra   []history.Field // more to be recorded with it and its completion: final? true, say
	Act     Act
	SleepNS int64 // of Sleep
}

// Op is an operation that a process is to begin, or, given to Update, one that it began or completed.
type Op struct {
	Template
	Type    history.Type // Invoke, or Info for the nemesis; of a completion OK, Fail or Info
	Process int32
	TimeNS  int64 // since the start of the run; one to begin may lie in the future

	counts []string // counters that its value used, which Begin moves on
}

// Crashed tells of a completion whether its process ends with it: a client's whose outcome nobody knows, or one with the
// field end-process?.
func (op Op) Crashed() bool {
	if op.Process < 0 || op.Act != Perform {
		return false
	}
	if op.Type == history.Info {
		return true
	}
	for _, f := range op.Extra {
		if f.Name == "end-process?" && f.Value.Bool() {
			return true
		}
	}
	return false
}

// Final tells whether an operation belongs to the last ones of a test, after all faults were healed.
func (t Template) Final() bool {
	for _, f := range t.Extra {
		if f.Name == FinalField {
			return f.Value.Bool()
		}
	}
	return false
}

// FinalField is the name of the field of final operations, as checkers read it.
const FinalField = "final?"

// Record is the operation as a history has it, with the given index.
func (op Op) Record(index int64) history.Op {
	process := edn.NewInt(int64(op.Process))
	if op.Process < 0 {
		process = edn.NewKeyword("nemesis")
	}
	return history.Op{Index: index, Time: op.TimeNS, Type: op.Type, Process: process, F: edn.NewKeyword(op.F),
		Value: op.Value, Key: op.Key, Extra: op.Extra}
}
