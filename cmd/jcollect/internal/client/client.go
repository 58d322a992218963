// Package client speaks to the database under test: it performs one operation at a time for a process, and says of each
// whether it happened, certainly never will, or may yet.
package client

import (
	"context"

	"jcheck/history"
)

// A Call is an operation to perform.
type Call struct {
	F       string
	Process int32
	Value   history.Value
	Key     *history.Value  // the independent key that the operation is about; nil if there are none
	Extra   []history.Field // what else the generator said, final: true among it
}

// An Outcome is how an operation ended: Ok with its value, Fail if it certainly did not and never will happen, Info if
// nobody knows. A forgotten Outcome must not read as success: Type's zero is Invoke, which the interpreter refuses.
type Outcome struct {
	Type  history.Type
	Value history.Value   // of Ok; otherwise the invocation's value is kept
	Error history.Value   // why not Ok: a vector of a keyword and texts, or a text; nil if Ok
	Extra []history.Field // more to be recorded
	// EndProcess ends the process although the outcome is known: its connection broke, say, after the answer.
	EndProcess bool
}

// A Session is what one process uses, one call at a time.
type Session interface {
	// Invoke performs the call. It returns soon after ctx ends; the interpreter takes it as Info if it doesn't.
	Invoke(ctx context.Context, c Call) Outcome
	// Close frees what the session holds. Nothing is asked of the session afterwards. If an Invoke goes on although its ctx
	// ended, Close is called while it still runs, and should make it return.
	Close() error
}

// A Process says for whom a session is opened.
type Process struct {
	Node        string // the name of the node that it talks to
	Addr        string // where the control node reaches that node
	Number      int32
	Concurrency int
	Nodes       []string
}

// A Driver opens sessions to one kind of database.
type Driver interface {
	// Setup makes what the workload needs, tables say, through the given node. It is called once before the first
	// operation, after Teardown, and may be called again.
	Setup(ctx context.Context, p Process) error
	// Open begins a session. It must not change what is in the database. A session that can't be opened makes the
	// operation a Fail.
	Open(ctx context.Context, p Process) (Session, error)
	// Teardown removes what Setup made.
	Teardown(ctx context.Context, p Process) error
}
