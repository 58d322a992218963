package main

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// failing is a stream that breaks.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Without this `jcheck gen | head` could complain, or a full disk pass for success.
func TestGenIntoBrokenStreams(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		told string
	}{
		{fmt.Errorf("write |1: %w", syscall.EPIPE), exitValid, ""},
		{errors.New("disk full"), exitUsage, "jcheck: write simulated history: disk full\n"},
	} {
		var stderr bytes.Buffer
		code := run([]string{"gen", "-n", "10k", "--inject", "G0"}, nil, failing{c.err}, &stderr)
		if code != c.code || stderr.String() != c.told {
			t.Errorf("%v: exit code %d, told %q; want %d, %q", c.err, code, stderr.String(), c.code, c.told)
		}
	}
}

// Without this a number of transactions could overflow, or be read as another one.
func TestParseCount(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "500": 500, "100k": 100_000, "2K": 2000, "1M": 1_000_000, "100M": maxTxns, "100000000": maxTxns} {
		if got, err := parseCount(text); got != want || err != nil {
			t.Errorf("%s is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "k", "0", "-1", "1.5k", "1G", "101M", "100001k", "99999999999999999999", "1 k"} {
		if got, err := parseCount(text); err == nil {
			t.Errorf("%q is %d, want an error", text, got)
		}
	}
}

// Without this a level, workload or format that the help names could be refused.
func TestGenTakesWhatItsHelpNames(t *testing.T) {
	for _, level := range append(levelWords(), "strict") {
		for _, w := range workloadWords() {
			for _, format := range []string{"edn", "json"} {
				var stdout, stderr bytes.Buffer
				code := run([]string{"gen", "-n", "20", "--level", level, "--workload", w, "--format", format}, nil, &stdout, &stderr)
				if code != exitValid || stderr.Len() > 0 || stdout.Len() == 0 {
					t.Errorf("%s %s %s: exit code %d: %s", level, w, format, code, stderr.String())
				}
			}
		}
	}
}
