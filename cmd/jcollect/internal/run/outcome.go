package run

import (
	"jcheck/check"
)

// The exit codes of a run. They are jcheck's.
const (
	exitValid   = 0
	exitInvalid = 1
	exitUnknown = 2
	exitCrash   = 255
)

// An Outcome is how a run ended.
type Outcome struct {
	Dir     string // of the run in the store; "" if it came to none
	Judged  bool   // there was a history, and it was looked at
	Verdict check.Verdict
	Err     error    // what ended the run early, or why there is no verdict
	Told    bool     // the user was told of Err when it happened
	Trouble []error  // what failed beside it: it changes no verdict
	Logs    []string // of the database, as they were downloaded
}

// Code is the exit code of the run.
func (o Outcome) Code() int {
	switch {
	case !o.Judged:
		return exitCrash
	case o.Verdict == check.Valid:
		return exitValid
	case o.Verdict == check.Invalid:
		return exitInvalid
	}
	return exitUnknown
}
