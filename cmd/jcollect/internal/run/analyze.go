package run

import (
	"context"
	"fmt"
	"io"

	"jcheck/internal/store"
)

// Analyze judges a stored run again, with the checks that its test has, and rewrites its results.
func Analyze(ctx context.Context, r *store.Run, out io.Writer, p Page) Outcome {
	o := Outcome{Dir: r.Dir()}
	j, err := keptJudging(r)
	if err != nil {
		o.Err = err
		return o
	}
	d, err := j.judge(ctx, r)
	if err != nil {
		o.Err = err
		return o
	}
	defer d.Close() // only read from: nothing can be lost
	o.Judged, o.Verdict = true, d.Result.Verdict
	if ctx.Err() != nil { // what is stored was judged to the end
		if err := d.report(out, r.Dir(), p); err != nil {
			o.Trouble = append(o.Trouble, fmt.Errorf("print the report: %w", err))
		}
		return o
	}
	_, o.Trouble = d.finish(ctx, r, j, out, p)
	return o
}
