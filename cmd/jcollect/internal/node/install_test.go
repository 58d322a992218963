package node

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// program is the head of a program for Linux on some machine.
func program(t *testing.T, m elf.Machine) []byte {
	t.Helper()
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(m), Version: 1, Ehsize: 64, Phentsize: 56, Shentsize: 64}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Without this --helper could send a program to nodes that can't run it.
func TestAgentsByArchitecture(t *testing.T) {
	dir := t.TempDir()
	for name, m := range map[string]elf.Machine{"one": elf.EM_AARCH64, "two": elf.EM_RISCV} {
		if err := os.WriteFile(filepath.Join(dir, name), program(t, m), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a, err := NewAgents(dir)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{"linux-arm64": "one", "linux-riscv64": "two", "linux-s390x": "", "linux-386": ""} {
		got, err := a.find(kind)
		if filepath.Base(got) != want && want != "" || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", kind, got, err, want)
		}
	}
	if a, err = NewAgents(filepath.Join(dir, "one")); err != nil || len(a.paths) != 1 {
		t.Errorf("a single file gave %v, %v", a.paths, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "junk"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := NewAgents(path); err == nil || !strings.Contains(err.Error(), "--helper: ") {
			t.Errorf("%s gave %v", path, err)
		}
	}
}

// Without this a release could bring agents along and not find them, or leave half of one in the cache.
func TestEmbeddedAgents(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("a program")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"builds/linux-arm64.gz": {Data: packed.Bytes()}, "builds/linux-arm.gz": {Data: packed.Bytes()[:20]}}
	for range 2 {
		path, err := embedded(files, "linux-arm64")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if info, err2 := os.Stat(path); err != nil || err2 != nil || string(text) != "a program" || info.Mode()&0o100 == 0 {
			t.Errorf("%s is %q, %v, %v", path, text, err, err2)
		}
	}
	if path, err := embedded(files, "linux-s390x"); path != "" || err != nil {
		t.Errorf("what isn't there gave %q, %v", path, err)
	}
	if _, err := embedded(files, "linux-arm"); err == nil {
		t.Error("half an agent was taken for one")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "jcollect", "agents")); err != nil || len(left) != 1 {
		t.Errorf("the cache holds %v, %v", left, err)
	}
}
