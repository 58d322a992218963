package history

import "jcheck/internal/edn"

// Value is a readable value of any kind: what a Sym stands for, what a result's field holds.
type Value = edn.Value

// Field is a named value; the order of fields is kept.
type Field struct {
	Name  string
	Value Value
}

// Op is one operation made readable, for printing, tests and small histories.
type Op struct {
	ID      ID
	Index   int64
	Time    int64 // ns since the start of the run; NoTime if unrecorded
	Type    Type
	Process Value // nil (the zero Value) if absent
	F       Value // a keyword, or nil if absent
	Value   Value
	Key     *Value  // independent key, if the history is keyed
	Extra   []Field // error, exception, node, ... as recorded
}
