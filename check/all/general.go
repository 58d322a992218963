package all

import (
	"context"
	"path"
	"path/filepath"

	"jcheck/check"
	"jcheck/check/availability"
	"jcheck/check/logfile"
	"jcheck/check/stats"
	"jcheck/check/unhandled"
	"jcheck/history"
)

// general are the checkers that look at any history.
func general() []Checker {
	return []Checker{{
		Name: stats.Checker,
		Doc:  "how operations ended, and whether each function ever succeeded",
		About: `Counts the completions of clients, in all and by function. Unknown if some
function never succeeded: the test didn't test it.`,
		Always:  true,
		OwnKeys: true,
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return stats.Check(ctx, h, stats.Options{JepsenCompat: v.Compat()})
		},
	}, {
		Name: unhandled.Checker,
		Doc:  "which exceptions the clients did not expect",
		About: `Lists the exceptions that the harness wrote down with indeterminate operations
(the field :exception), by class, the most frequent first. Always valid.`,
		Always:  true,
		OwnKeys: true,
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return unhandled.Check(ctx, h, unhandled.Options{JepsenCompat: v.Compat()})
		},
	}, {
		Name: availability.Checker,
		Doc:  "which part of the operations succeeded",
		About: `Invalid if less than the fraction --availability of what clients asked for
succeeded: 1 is total availability, as Maelstrom asks for by default.`,
		Options:  []Option{{Name: "availability", Kind: Ratio, Doc: "the `FRACTION` of operations that must succeed, from 0 to 1"}},
		AskedBy:  "availability",
		OwnKeys:  true,
		Validate: func(v Values) error { return availabilityOptions(v).Validate() },
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return availability.Check(ctx, h, availabilityOptions(v))
		},
	}, {
		Name: logfile.Checker,
		Doc:  "the logs of nodes for lines that must not be there",
		About: `Invalid if some line of a log matches the pattern, a regular expression of Go.
A log's node is the folder that it lies in.`,
		Options: []Option{
			{Name: "pattern", Kind: Text, Doc: "the regular expression `RE` that no line may match"},
			{Name: "log", Kind: Files, Doc: "the logs, `FILES` with commas between"},
		},
		AskedBy:  "pattern",
		OwnKeys:  true,
		Validate: func(v Values) error { return logOptions(v).Validate() },
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return logfile.Check(ctx, h, logOptions(v))
		},
	}}
}

func availabilityOptions(v Values) availability.Options {
	least, _ := v.Ratio("availability")
	return availability.Options{Least: least}
}

// logOptions are the pattern and the files that were given.
func logOptions(v Values) logfile.Options {
	var o logfile.Options
	o.Pattern, _ = v.Text("pattern")
	for _, f := range v.Files("log") {
		node := path.Base(path.Dir(filepath.ToSlash(f.Name)))
		o.Logs = append(o.Logs, logfile.Log{Node: node, Text: f.Text})
	}
	return o
}
