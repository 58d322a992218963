package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestIsElleCLI holds what is elle-cli's form and what is a verb's. Without it, a file named like a verb, or a flag of
// elle-cli in an unusual place, could be taken for the other.
func TestIsElleCLI(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-m", "list-append", "h.edn"}, true},
		{[]string{"-mlist-append", "h.edn"}, true},
		{[]string{"--model", "list-append"}, true},
		{[]string{"--model=list-append"}, true},
		{[]string{"h.edn", "-vm", "bank"}, true},
		{[]string{"-v", "-c", "serializable", "-m", "bank", "elle"}, true},
		{[]string{"elle", "h.edn"}, false},
		{[]string{"elle", "-m"}, false},
		{[]string{"--max-anomalies", "3"}, false},
		{[]string{"h.edn", "--", "-m"}, false},
		{[]string{"-cm"}, false},
		{[]string{"--version"}, false},
	} {
		if got := isElleCLI(c.args, []string{"elle", "models"}); got != c.want {
			t.Errorf("%q: got %v, want %v", c.args, got, c.want)
		}
	}
}

// TestRaise holds which exit code wins: 255, then 254, 1, 2, 0. Without it, an unreadable file could hide behind an
// invalid one.
func TestRaise(t *testing.T) {
	order := []int{exitValid, exitUnknown, exitInvalid, exitUsage, exitInternal}
	for i, a := range order {
		for j, b := range order {
			e := env{}
			e.raise(a)
			e.raise(b)
			if want := order[max(i, j)]; e.code != want {
				t.Errorf("%d then %d: got %d, want %d", a, b, e.code, want)
			}
		}
	}
}

// TestParseSize holds the spellings of a size. Without it, 1G could come to mean 1 byte.
func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"65536": 65536, "1K": 1 << 10, "512M": 512 << 20, "2g": 2 << 30, "1.5GiB": 3 << 29, "4 GB": 4 << 30, "1T": 1 << 40,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "G", "-1", "0", "nan", "inf", "1e30", "9999999T", "1X", "1 2"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

// TestOutDirs checks that several histories never share a directory. Without it, one's proofs would overwrite another's, or
// be written beside the directory asked for.
func TestOutDirs(t *testing.T) {
	got := outDirs("o", []string{"a/h.edn", "b/h.edn", "-", "h-2.edn", "h.json", ".json", "...json", "a/..", "."})
	want := []string{"o/h", "o/h-2", "o/stdin", "o/h-2-2", "o/h-3", "o/history", "o/history-2", "o/history-3", "o/history-4"}
	for i := range want {
		want[i] = filepath.FromSlash(want[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := outDirs("o", []string{"a/h.edn"}); !slices.Equal(got, []string{"o"}) {
		t.Errorf("got %q, want the directory itself", got)
	}
}

// TestPackedTextCounts checks that the text of compressed input counts as memory in use. Without it, a small file that
// unpacks to more than the machine has would get the program killed, whatever --max-memory says.
func TestPackedTextCounts(t *testing.T) {
	if anonymousMemory("/proc/self/statm") == 0 {
		t.Skip("this system doesn't tell how much memory a process has")
	}
	path := filepath.Join(t.TempDir(), "blank.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 400 {
		if _, err := z.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	limit := strconv.FormatInt(memoryInUse()+(100<<20), 10)
	code := run([]string{"elle", "--max-memory", limit, path}, strings.NewReader(""), &stdout, &stderr)
	if code != exitUnknown || !strings.Contains(stdout.String(), "(memory)") {
		t.Errorf("got exit code %d, %s%s", code, &stdout, &stderr)
	}
}

// fullDisk is where nothing can be written.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestFullDisk checks that output which can't be written is an error of every verb. Without it, a table cut short by a
// full disk would pass for the whole.
func TestFullDisk(t *testing.T) {
	for _, args := range []string{"models", "models --svg", "models --output json", "anomalies", "anomalies G0", "anomalies --output json",
		"help", "elle --help", "--version", "gen -n 5", "gen --inject list", "-m list-append -h"} {
		var stderr strings.Builder
		code := run(strings.Fields(args), strings.NewReader(""), fullDisk{}, &stderr)
		if want := "jcheck: "; code != exitUsage || !strings.Contains(stderr.String(), "no space left") || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("jcheck %s: got code %d and %q, want %d and one line %q... about the space", args, code, stderr.String(), exitUsage, want)
		}
	}
}
