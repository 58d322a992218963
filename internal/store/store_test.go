package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// at is a moment for runs to start at.
var at = time.Date(2026, 11, 23, 2, 30, 0, 123e6, time.UTC)

// create makes a run or fails.
func create(t *testing.T, root, name string) *Run {
	t.Helper()
	r, err := Create(root, name, at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// op is a completed read of a client.
func op(i int64) history.Op {
	return history.Op{Index: i, Time: i * 1000, Type: history.OK, Process: edn.NewInt(i % 3), F: edn.NewKeyword("read"), Value: edn.NewInt(i)}
}

// Without this two runs that start at the same moment could write into one folder.
func TestRunsNeverShareAFolder(t *testing.T) {
	root := t.TempDir()
	var wg sync.WaitGroup
	dirs := make([]string, 20)
	for i := range dirs {
		wg.Go(func() {
			r, err := Create(root, "a test", at)
			if err != nil {
				t.Error(err)
				return
			}
			dirs[i] = r.Dir()
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for _, d := range dirs {
		if seen[d] {
			t.Errorf("%s was given twice", d)
		}
		seen[d] = true
	}
	if want := filepath.Join(root, "a_test", "20261123T023000.123Z"); !seen[want] {
		t.Errorf("the folders are %v, want %s among them", dirs, want)
	}
	runs, err := Runs(root)
	if err != nil || len(runs) != len(dirs) {
		t.Errorf("%d runs are listed (%v), want %d", len(runs), err, len(dirs))
	}
}

// Without this the links could point nowhere, or latest to a run that saved nothing.
func TestLinks(t *testing.T) {
	root := t.TempDir()
	first := create(t, root, "a")
	if err := first.Saved(); err != nil {
		t.Fatal(err)
	}
	second := create(t, root, "b")
	for link, want := range map[string]*Run{"latest": first, "current": second, "a/latest": first, "0": first, "-1": second} {
		which := filepath.Join(root, link)
		if len(link) < 3 {
			which = link
		}
		got, err := Find(root, which)
		if err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		if got.Name != want.Name || got.Stamp != want.Stamp {
			t.Errorf("%s is %s/%s, want %s/%s", link, got.Name, got.Stamp, want.Name, want.Stamp)
		}
	}
	for _, which := range []string{"2", "-3", filepath.Join(root, "none")} {
		if r, err := Find(root, which); err == nil {
			t.Errorf("%s was found: %v", which, r)
		}
	}
	left, err := filepath.Glob(filepath.Join(root, ".link-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// Without this a folder of the user's that happens to be named latest could be lost.
func TestLinkReplacesNothingElse(t *testing.T) {
	root := t.TempDir()
	mine := filepath.Join(root, "latest", "mine")
	if err := os.MkdirAll(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := create(t, root, "a").Saved(); err == nil || !strings.Contains(err.Error(), "something else has that name") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

// Without this a name in a plan could reach outside of the store, or hide the store's own links.
func TestSafeNames(t *testing.T) {
	for name, want := range map[string]string{
		"redis-set": "redis-set", "": "_", ".": "_.", "..": "_..", "../../etc/passwd": "_.._.._etc_passwd", "a b\n'$(x)": "a_b____x_",
		"-rf": "_-rf", "ä/ö": "___", strings.Repeat("x", 300): strings.Repeat("x", 120), "a\x00b": "a_b",
	} {
		if got := SafeName(name); got != want {
			t.Errorf("SafeName(%q) is %q, want %q", name, got, want)
		}
	}
	root := t.TempDir()
	for _, name := range []string{"latest", "current"} {
		r := create(t, root, name)
		if err := r.Saved(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := create(t, root, "x")
	if got := r.Path("../..", "a/b"); !strings.HasPrefix(got, r.Dir()+string(filepath.Separator)) {
		t.Errorf("a path of the run is %s, outside of %s", got, r.Dir())
	}
}

// Without this what jcollect records might not be what jcheck reads, nor be there while the run goes on.
func TestRecordIsReadableAtEveryMoment(t *testing.T) {
	run := create(t, t.TempDir(), "a")
	rec, err := run.Record()
	if err != nil {
		t.Fatal(err)
	}
	key := edn.NewInt(7)
	ops := []history.Op{
		{Index: 0, Type: history.Invoke, Process: edn.NewInt(0), F: edn.NewKeyword("read"), Key: &key},
		{Index: 1, Time: 5, Type: history.Info, Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword("start"), Value: edn.NewString("a\tb\nc")},
		{Index: 2, Time: 9, Type: history.Fail, Process: edn.NewInt(0), F: edn.NewKeyword("read"), Key: &key,
			Extra: []history.Field{{Name: "error", Value: edn.NewKeyword("timeout")}}},
	}
	for _, op := range ops {
		if err := rec.Write(op); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for countLines(t, run.Path(HistoryText)) < len(ops) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is on disk after 5 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
	// A folder is read by its EDN, the JSON by its name; both before the recording ends.
	for _, path := range []string{run.Dir(), run.Path(HistoryJSON)} {
		h, err := history.Open(context.Background(), path, history.Options{Independent: history.IndependentOn})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Len(); got != len(ops) {
			t.Errorf("%s has %d operations, want %d", path, got, len(ops))
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := rec.Close(); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(run.Path(HistoryText))
	want := "0\t:invoke\t:read\t[7 nil]\n:nemesis\t:info\t:start\t\"a\\tb\\nc\"\n0\t:fail\t:read\t[7 nil]\t:timeout\n"
	if err != nil || string(got) != want {
		t.Errorf("history.txt is %q (%v), want %q", got, err, want)
	}
	if rec.Count() != len(ops) || !rec.Keyed() {
		t.Errorf("count is %d, keyed %v, want %d, true", rec.Count(), rec.Keyed(), len(ops))
	}
	if err := rec.Write(ops[0]); err == nil {
		t.Error("a closed recorder takes operations")
	}
	if _, err := run.Record(); err == nil {
		t.Error("a second recording overwrites the first")
	}
}

// countLines is how many line ends a file has.
func countLines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// fullDisk is a file on a disk that has room bytes left.
type fullDisk struct {
	*os.File
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	n, err := f.File.Write(p[:min(len(p), f.room)])
	f.room -= n
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

// Without this a full disk could leave half a line at the end, so that the whole history is no history.
func TestFullDiskLeavesWholeLines(t *testing.T) {
	for room := range 150 {
		run := create(t, t.TempDir(), "a")
		rec, err := run.Record()
		if err != nil {
			t.Fatal(err)
		}
		edn := rec.files[0]
		edn.f = &fullDisk{edn.f.(*os.File), room}
		var full error
		for i := range int64(3) {
			full = errors.Join(full, rec.Write(op(i)), rec.Flush())
		}
		if !errors.Is(full, syscall.ENOSPC) {
			t.Fatalf("with room for %d bytes: error is %v", room, full)
		}
		if err := rec.Write(op(9)); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("after the disk was full: error is %v", err)
		}
		if err := rec.Close(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("close: error is %v", err)
		}
		text, err := os.ReadFile(run.Path(HistoryEDN))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > room || len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("with room for %d bytes the file ends in the middle of a line: %q", room, text)
		}
		if len(text) > 0 {
			h, err := history.Read(context.Background(), "x", text, history.Options{})
			if err != nil {
				t.Errorf("with room for %d bytes: %v", room, err)
			} else if h.Len() != strings.Count(string(text), "\n") {
				t.Errorf("with room for %d bytes: %d operations in %q", room, h.Len(), text)
			}
		}
	}
}

// Without this a result that can't be written whole could replace the one that was there.
func TestWriteIsWholeOrNothing(t *testing.T) {
	run := create(t, t.TempDir(), "a")
	put := func(text string, fail error) error {
		return run.Write(func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fail)
		}, "n1", "x.log")
	}
	if err := put("one", nil); err != nil {
		t.Fatal(err)
	}
	if err := put("tw", syscall.ENOSPC); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error is %v", err)
	}
	got, err := os.ReadFile(run.Path("n1", "x.log"))
	if err != nil || string(got) != "one" {
		t.Errorf("the file is %q (%v), want one", got, err)
	}
	left, err := os.ReadDir(run.Path("n1"))
	if err != nil || len(left) != 1 {
		t.Errorf("in the folder are %v (%v), want the file alone", left, err)
	}
}

// What recording costs per operation, all three files.
func BenchmarkRecord(b *testing.B) {
	run, err := Create(b.TempDir(), "a", at)
	if err != nil {
		b.Fatal(err)
	}
	rec, err := run.Record()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := range int64(b.N) {
		if err := rec.Write(op(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := rec.Close(); err != nil {
		b.Fatal(err)
	}
}
