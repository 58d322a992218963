//go:build linux

package agent

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk mounts a disk of 8 MB in memory that goes with the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no disk can be mounted here: %v (hint: run as root)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillWith asks for a disk to be filled or freed.
func fillWith(t *testing.T, state, verb string, in Fill) (Filled, *Error) {
	t.Helper()
	request, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ask(t, state, verb, string(request))
	var done Filled
	if a.Error == nil {
		if err := json.Unmarshal(a.OK, &done); err != nil {
			t.Fatal(err)
		}
	}
	return done, a.Error
}

// Without this a full disk could have room left, healing leave it full, or the agent itself fail on a full disk.
func TestFill(t *testing.T) {
	dir, state := smallDisk(t), t.TempDir()
	some, failed := fillWith(t, state, "fill", Fill{ID: "a/b", Dir: dir, Free: 1 << 20})
	if failed != nil || some.Free > 1<<20 || some.Free < 1<<20-8192 {
		t.Fatalf("left %d bytes free, want 1 MB; %v", some.Free, failed)
	}
	// The same id again, and now the agent's own folder lies on the disk that is full.
	full := filepath.Join(dir, "state")
	if a, _ := ask(t, full, "leases", ""); a.Error != nil {
		t.Fatal(a.Error)
	}
	all, failed := fillWith(t, full, "fill", Fill{ID: "a/b", Dir: dir})
	if failed != nil || all.Free > 8192 || all.File != some.File {
		t.Fatalf("left %d bytes free in %s, want none; %v", all.Free, all.File, failed)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), make([]byte, 20000), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("writing to a full disk gave %v", err)
	}
	if a, _ := ask(t, full, "clock-save", ""); a.Error != nil {
		t.Errorf("the agent can't write its own files any more: %v", a.Error)
	}
	for range 2 {
		free, failed := fillWith(t, full, "unfill", Fill{ID: "a/b", Dir: dir})
		if failed != nil || free.Free < 7<<20 {
			t.Errorf("freed, %d bytes are free; %v", free.Free, failed)
		}
	}
	if _, err := os.Stat(all.File); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// Without this a slip could fill a disk of hundreds of gigabytes, or that of the machine around a container.
func TestFillRefuses(t *testing.T) {
	dir, state := smallDisk(t), t.TempDir()
	if _, failed := fillWith(t, state, "fill", Fill{ID: "x", Dir: dir, Max: 1 << 20}); failed == nil || failed.Code != Refused {
		t.Errorf("more than its limit: %v", failed)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, failed := fillWith(t, state, "fill", Fill{ID: "x", Dir: filepath.Join(dir, "none")}); failed == nil || failed.Code != NotFound {
		t.Errorf("a folder that is missing: %v", failed)
	}
}
