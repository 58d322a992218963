//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
)

// jumpingClock runs a test on a machine whose clock is moved meanwhile, an hour on and two hours back.
const jumpingClock = `cd /root && /root/jcollect init >plan.yaml
/root/jcollect run plan.yaml --time-limit 8s --set client.faults= >out 2>&1 & run=$!
n=0; until [ -s store/current/history.edn ] || [ $n = 300 ]; do sleep 0.1; n=$((n+1)); done
sleep 2; date -s "+1 hour" >/dev/null; sleep 2; date -s "-2 hours" >/dev/null
wait $run; code=$?; cat out; exit $code`

// Without this a jump of the control node's own clock could turn the times of a history back, end a run too early or
// never, or lose what was recorded.
func TestUMLControlNodesClock(t *testing.T) {
	l := labtest.UpUML(t, 1)
	r := labtest.Remote(t, l, "n1")
	if err := r.Upload(t.Context(), remote.File{Local: build(t), Remote: "/root/jcollect", Mode: 0o755}); err != nil {
		t.Fatal(err)
	}
	res, err := r.Exec(t.Context(), remote.Command{Script: jumpingClock, Timeout: 2 * time.Minute})
	if err != nil || !strings.HasPrefix(string(res.Stdout), "VALID") {
		t.Fatalf("%v\n%s", err, res.Stdout)
	}
	local := filepath.Join(t.TempDir(), "history.edn")
	if err := r.Download(t.Context(), remote.File{Local: local, Remote: "/root/store/latest/history.edn"}); err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(t.Context(), local, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	var last int64
	for id := range h.All() {
		now := h.Time(id)
		if now < last {
			t.Errorf("the time goes from %d back to %d", last, now)
		}
		last = now
	}
	if took := time.Duration(last); h.Len() < 200 || took < 8*time.Second || took > time.Minute {
		t.Errorf("%d entries over %s, want some hundreds over some 10 s", h.Len(), took)
	}
}
