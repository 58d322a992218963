package all

import (
	"testing"
	"time"

	"context"

	"jcheck/check"
	"jcheck/history"
)

// FuzzCheckers runs every checker of the table on whatever reads as a history.
func FuzzCheckers(f *testing.F) {
	// Without this, a history that no test has thought of could end a checker in a panic, or be called valid by one that
	// had nothing to look at.
	for _, seed := range []string{
		"{:process 0 :type :invoke :f :add :value 1}\n{:process 0 :type :ok :f :add :value 1}\n{:process 1 :type :invoke :f :read}\n{:process 1 :type :ok :f :read :value #{1 2 2.5 nil}}",
		"{:process 0 :type :invoke :f :read :value [1 nil]}\n{:process 0 :type :ok :f :read :value [1 [1 1]]}\n{:process 0 :type :ok :f :add :value [2 9]}",
		"{:process 0 :type :ok :f :transfer :value {:from 1 :to 2 :amount 3}}\n{:process 0 :type :ok :f :read :value {1 nil 2 \"x\"}}",
		"{:process 0 :type :ok :f :enqueue :value [1]}\n{:process 0 :type :info :f :drain :value [1 [1]]}\n{:process 0 :type :ok :f :dequeue :value nil}",
		"{:process 0 :type :ok :f :read :value [[:r 1 nil] [:r 2 1]]}\n{:process 0 :type :ok :f :write :value [[:w 1 1]]}",
		"{:process 0 :type :ok :f :txn :value [[:poll {0 [[1 2]]}] [:send 0 [1 2]]]}\n{:type :ok :f :send :value [[:send 0 [3 1]]]}",
		"{:process 0 :type :info :f :generate :value {1 2} :exception {:via []}}\n{:process :nemesis :type :info :f :kill :value [1 2]}",
		"{:process 0 :type :ok :f :add :value -9223372036854775808}\n{:process 0 :type :ok :f :decrement :value -9223372036854775808}",
		"[]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		for _, keyed := range []history.Independent{history.IndependentAuto, history.IndependentOn} {
			h, err := history.Read(t.Context(), "fuzz", text, history.Options{Independent: keyed})
			if err != nil {
				return
			}
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
			for _, c := range Checkers() {
				if c.OwnVerb {
					continue // elle and linearizable have fuzz targets of their own
				}
				for _, v := range []Values{{}, {CompatOption: true, "linearizable": true}} {
					r, err := c.Run(ctx, h, v)
					if err == nil && r.Verdict == check.Unknown && len(r.Reasons) == 0 && len(r.Parts) == 0 {
						t.Errorf("%s: unknown without a reason", c.Name)
					}
					if err == nil && r.Verdict == check.Invalid && len(r.Anomalies) == 0 && len(r.Parts) == 0 {
						t.Errorf("%s: invalid without an anomaly", c.Name)
					}
				}
			}
			stop()
			if ctx.Err() == context.DeadlineExceeded {
				t.Error("checking took too long")
			}
		}
	})
}
