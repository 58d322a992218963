//go:build linux

package agent

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An entry of an archive: a folder if its name ends in "/", a link if it has a target.
type entry struct{ name, text, target string }

// tarOf makes a tar archive.
func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o755, Size: int64(len(e.text)), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag = tar.TypeDir
		case e.target != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.target
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf makes a zip archive.
func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err == nil {
			_, err = f.Write([]byte(e.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed runs a program that packs its input; nil if it isn't here.
func packed(t *testing.T, b []byte, program string) []byte {
	t.Helper()
	cmd := exec.Command(program, "-c")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Logf("no %s here: %v", program, err)
		return nil
	}
	return out
}

// unpackTo writes an archive down and unpacks it.
func unpackTo(t *testing.T, archive []byte, to string) Answer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "an archive")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	request, err := json.Marshal(Unpack{Archive: file, To: to})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ask(t, t.TempDir(), "unpack", string(request))
	return a
}

// Without this a kind of archive could come out wrong, keep its top folder, or leave parts beside it.
func TestUnpack(t *testing.T) {
	entries := []entry{{"top-1.2/", "", ""}, {"top-1.2/bin/x", "program", ""}, {"top-1.2/lib", "", "bin"}}
	plain := tarOf(t, entries...)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(plain); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, archive := range map[string][]byte{"tar": plain, "gzip": z.Bytes(), "bzip2": packed(t, plain, "bzip2"), "xz": packed(t, plain, "xz"),
		"zip": zipOf(t, entries[:2]...)} {
		if archive == nil {
			continue
		}
		dir := t.TempDir()
		to := filepath.Join(dir, "a b", "to")
		for range 2 { // the second wipes the first
			if a := unpackTo(t, archive, to); a.Error != nil {
				t.Fatalf("%s: %v", name, a.Error)
			}
		}
		if text, err := os.ReadFile(filepath.Join(to, "bin", "x")); err != nil || string(text) != "program" {
			t.Errorf("%s: bin/x is %q, %v", name, text, err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "a b", "*")); err != nil || len(left) != 1 {
			t.Errorf("%s: there lies %q, want one folder; %v", name, left, err)
		}
		if target, err := os.Readlink(filepath.Join(to, "lib")); name != "zip" && (err != nil || target != "bin") {
			t.Errorf("%s: the link leads to %q, %v", name, target, err)
		}
	}
	to := t.TempDir()
	if a := unpackTo(t, tarOf(t, entry{"a", "1", ""}, entry{"b/c", "2", ""}), to); a.Error != nil {
		t.Fatalf("without a single top folder: %v", a.Error)
	}
	if text, err := os.ReadFile(filepath.Join(to, "b", "c")); err != nil || string(text) != "2" {
		t.Errorf("b/c is %q, %v", text, err)
	}
}

// Without this an archive could write anywhere on a node, or a plan with a slip wipe a folder of somebody else.
func TestUnpackRefuses(t *testing.T) {
	for name, archive := range map[string][]byte{
		"up":               tarOf(t, entry{"../evil", "x", ""}),
		"up in the middle": tarOf(t, entry{"a/../../evil", "x", ""}),
		"from the root":    tarOf(t, entry{"/evil", "x", ""}),
		"link out":         tarOf(t, entry{"l", "", "/etc"}),
		"link up":          tarOf(t, entry{"a/l", "", "../../x"}),
		"link by a chain":  tarOf(t, entry{"top", "x", ""}, entry{"d", "", "."}, entry{"d/l", "", ".."}, entry{"x", "", "d/.."}),
		"through a link":   tarOf(t, entry{"l", "", "/tmp"}, entry{"l/evil", "x", ""}),
		"zip up":           zipOf(t, entry{"../evil", "x", ""}),
		"nothing in it":    tarOf(t),
		"junk":             []byte("this is no archive at all, whatever it is"),
		"empty":            {},
		"cut off":          tarOf(t, entry{"a", strings.Repeat("x", 5000), ""})[:2000],
	} {
		dir := t.TempDir()
		a := unpackTo(t, archive, filepath.Join(dir, "to"))
		if a.Error == nil {
			t.Errorf("%s: was unpacked", name)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
	theirs := t.TempDir()
	if err := os.WriteFile(filepath.Join(theirs, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := tarOf(t, entry{"a", "1", ""})
	if a := unpackTo(t, good, theirs); a.Error == nil || a.Error.Code != Refused {
		t.Errorf("over files of somebody else: %+v", a.Error)
	}
	if a := unpackTo(t, good, filepath.Join(theirs, "precious")); a.Error == nil || a.Error.Code != Refused {
		t.Errorf("over a file: %+v", a.Error)
	}
	file := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	request, err := json.Marshal(Unpack{Archive: file, To: filepath.Join(t.TempDir(), "to"), SHA256: strings.Repeat("0", 64)})
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := ask(t, t.TempDir(), "unpack", string(request)); a.Error == nil || !strings.Contains(a.Error.Text, "checksum") {
		t.Errorf("with another checksum: %+v", a.Error)
	}
}
