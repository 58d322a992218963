package client

import (
	"errors"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A class says what is known about an operation after an error.
type class uint8

// The classes. The zero value is the one that can't make a good database look bad.
const (
	maybe class = iota // it may have happened, or happen later: info
	never              // it did not happen and never will: fail
)

func (c class) String() string { return [...]string{"info", "fail"}[c] }

// A fate is a row of the tables of errors: what a code means for an operation that changes something.
type fate struct {
	code  string // as the database says it; with * at the end it stands for all that begin so
	class class
	why   string
}

// A fateTable is what is known about the errors of one database. What has no row is maybe.
type fateTable struct {
	name string // the keyword of its errors
	doc  string
	rows []fate
}

// row looks up a code: its own row, else the longest one with *.
func (t fateTable) row(code string) (found fate, ok bool) {
	for _, f := range t.rows {
		prefix, wild := strings.CutSuffix(f.code, "*")
		if f.code == code {
			return f, true
		}
		if wild && strings.HasPrefix(code, prefix) && len(prefix) >= len(found.code) {
			found, ok = f, true
		}
	}
	return found, ok
}

// class is what a code means; maybe if it has no row.
func (t fateTable) class(code string) class {
	f, _ := t.row(code)
	return f.class
}

// said is a failure that the database itself told of.
func (t fateTable) said(code, text string) *failure {
	return &failure{words: []string{t.name, code, text}, class: t.class(code), answered: true}
}

// fateTables are all tables, in the order of docs/errors.md.
func fateTables() []fateTable {
	return []fateTable{wireFates(), redisFates(), postgresFates(), mysqlFates(), etcdFates(), httpFates()}
}

// wireFates are the errors that have nothing to do with what a database says.
func wireFates() fateTable {
	return fateTable{name: "", doc: "Whatever the database", rows: []fate{
		{"no-client", never, "no connection could be made (refused, unreachable, wrong password): nothing was asked"},
		{"not-sent", never, "the connection was found broken before the first byte of the request was taken"},
		{"unknown-f", never, "the object has no such operation: nothing was asked"},
		{"malformed", never, "the value is none for the operation: nothing was asked"},
		{"timeout", maybe, "no answer within the operation's time; the connection is closed"},
		{"lost", maybe, "the connection broke after some of the request was sent"},
		{"garbage", maybe, "the answer isn't one of the protocol, is cut off, or is longer than 64 MiB"},
		{"unknown", maybe, "an error that no table has"},
		{"mismatch", never, "a cas found another value than it expected"},
		{"empty", never, "a dequeue found nothing"},
		{"insufficient", never, "a transfer found too little in its account"},
	}}
}

// A failure is why an operation isn't ok.
type failure struct {
	words    []string // a keyword, and texts
	class    class
	answered bool // the database said so: the connection is as good as before
}

func (f *failure) Error() string { return strings.Join(f.words, ": ") }

// fail is a failure of an operation that certainly never happens.
func fail(words ...string) *failure { return &failure{words: words, class: never} }

// refuse is such a failure that leaves the connection as it was.
func refuse(words ...string) *failure { return &failure{words: words, class: never, answered: true} }

// perhaps is a failure of an operation that may have happened.
func perhaps(words ...string) *failure { return &failure{words: words, class: maybe} }

// maxErrorText bounds how much of an error is recorded.
const maxErrorText = 500

// value is the failure as it is recorded.
func (f *failure) value() history.Value {
	items := []history.Value{edn.NewKeyword(f.words[0])}
	for _, w := range f.words[1:] {
		if len(w) > maxErrorText {
			w = w[:maxErrorText] + "..."
		}
		items = append(items, edn.NewString(strings.ToValidUTF8(w, "?")))
	}
	return edn.NewVector(items)
}

// asFailure is err as a failure; what isn't one already may be anything.
func asFailure(err error) *failure {
	if err == nil {
		return nil
	}
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return perhaps("unknown", err.Error())
}

// finish is the outcome of an operation. One that only reads can't have changed anything, so that its errors are all
// definite: an info would needlessly cost the process.
func finish(reads bool, v history.Value, err error) Outcome {
	if err == nil {
		return Outcome{Type: history.OK, Value: v}
	}
	f := asFailure(err)
	if f.class == never || reads {
		return Outcome{Type: history.Fail, Error: f.value()}
	}
	return Outcome{Type: history.Info, Error: f.value()}
}
