// Package all is the table of checkers: what each is called, which histories it is for, which options it has, and its
// function. Commands make their verbs and flags of it, and `jcheck check` looks here for what applies to a history.
//
// A new checker is a row of Checkers, and a row of corpus_test.go if the corpus has results of the original.
package all

import (
	"context"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Checker is one row of the table.
type Checker struct {
	Name  string // the verb: "set-full"
	Doc   string // one line for lists of checkers, without a full stop
	About string // a paragraph for the checker's help: what operations it wants, and what it concludes
	// Functions are those of the operations that the checker looks at. Others are left alone with a note; a history that
	// has no others is an error. None means that it looks at all operations.
	Functions []string
	Options   []Option
	// Recognise tells from the operations whether the history is of this checker's workload: 0 if not, else how well it
	// fits, and why in a few words. nil means that the checker is never picked by itself.
	Recognise func(s *Shape) (fit Fit, why string)
	// Always says that the checker fits any history: it joins whatever else is checked.
	Always bool
	// AskedBy is an option that makes the checker join, if it is given.
	AskedBy string
	// OwnKeys says that Check judges independent keys by itself, or has nothing to do with them. For all others Run does.
	OwnKeys bool
	// OwnVerb says that the command has a verb of this name that isn't made from the row.
	OwnVerb bool
	// Validate tells of options that make no sense on any history. nil if none can be wrong.
	Validate func(v Values) error
	Check    func(ctx context.Context, h *history.History, v Values) check.Result
}

// Fit is how well a checker fits a history. The checkers with the best fit are run.
type Fit int

// The usual grades. Between two, the more special checker should have the better one.
const (
	No       Fit = 0
	Possible Fit = 30 // the operations' names are right
	Likely   Fit = 60 // and so are their values
	Certain  Fit = 90 // no other workload looks like that
)

// OptionKind tells what an option's value is.
type OptionKind uint8

// The kinds of options.
const (
	Switch OptionKind = iota // given or not
	Number                   // an integer
	Ratio                    // a number such as 0.99
	Text                     // a text, or EDN
	List                     // texts with commas between
	Files                    // names of files, of which the checker gets the content
	Places                   // the name of a file that is a map from index to place, of which the checker gets the map
)

// Option is an option of a checker, of which the command makes a flag. Checkers that share an option's name share the
// flag in `jcheck check`, so kind and meaning must be the same.
type Option struct {
	Name  string // the flag without dashes
	Short string // the flag of one letter, if there is one
	Kind  OptionKind
	Doc   string // what it does; a word in backquotes names the value
}

// File is one that was given by an option of kind Files.
type File struct {
	Name string
	Text []byte
}

// Order is one that was given by an option of kind Places.
type Order struct {
	File  string
	Place map[int64]float64 // by the index of the completion
}

// CompatOption is the option of every checker that asks for the original's answer where that is a mistake.
const CompatOption = "jepsen-compat"

// Values are the options that were given, by name: bool, int64, float64, string, []string, []File or Order by kind.
type Values map[string]any

// On tells whether a Switch was given.
func (v Values) On(name string) bool { b, _ := v[name].(bool); return b }

// Number is the value of an option of that kind; false if it wasn't given.
func (v Values) Number(name string) (int64, bool) { n, ok := v[name].(int64); return n, ok }

// Ratio is the value of an option of that kind; false if it wasn't given.
func (v Values) Ratio(name string) (float64, bool) { n, ok := v[name].(float64); return n, ok }

// Text is the value of an option of that kind; false if it wasn't given.
func (v Values) Text(name string) (string, bool) { s, ok := v[name].(string); return s, ok }

// List is the value of an option of that kind; nil if it wasn't given. An empty list that was given isn't nil.
func (v Values) List(name string) []string { l, _ := v[name].([]string); return l }

// Files is the value of an option of that kind; nil if it wasn't given.
func (v Values) Files(name string) []File { f, _ := v[name].([]File); return f }

// Order is the value of an option of kind Places; nil if it wasn't given.
func (v Values) Order(name string) map[int64]float64 { o, _ := v[name].(Order); return o.Place }

// Compat tells whether the original's answer is wanted where that is a mistake.
func (v Values) Compat() bool { return v.On(CompatOption) }

// Validate tells of the first option that makes no sense to the checker that has it, whether or not it will be asked.
func Validate(v Values) error {
	for _, c := range Checkers() {
		if c.Validate == nil || !slices.ContainsFunc(c.Options, func(o Option) bool { _, given := v[o.Name]; return given }) {
			continue
		}
		if err := c.Validate(v); err != nil {
			return err
		}
	}
	return nil
}

// Find is the checker of that name.
func Find(name string) (Checker, bool) {
	for _, c := range Checkers() {
		if c.Name == name {
			return c, true
		}
	}
	return Checker{}, false
}
