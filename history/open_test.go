package history

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, text string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

// problem is the code of an error's only problem, or "" if there is no error.
func problem(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var bad *ReadError
	if !errors.As(err, &bad) || len(bad.Problems) != 1 {
		t.Fatalf("%T %v, want a ReadError with one problem", err, err)
	}
	return bad.Problems[0].Code
}

// Without it a history could be overlooked in a folder, or the wrong one of several taken.
func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(t.Context(), dir, Options{})
	if got := problem(t, err); got != "no-history" {
		t.Errorf("empty folder: %s, want no-history", got)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "none"), Options{}); problem(t, err) != "missing-file" {
		t.Errorf("missing file: %v", err)
	}
	// Each file has one more operation than the one before, and is preferred to it.
	for i, file := range []struct {
		name string
		text []byte
	}{
		{"test.jepsen", []byte("JEPSEN")},
		{"history.edn.zst", zstded(t, "{:type :ok}")},
		{"history.jsonl.gz", gzipped(t, strings.Repeat("{\"type\":\"ok\"}\n", 2))},
		{"history.edn.gz", gzipped(t, strings.Repeat("{:type :ok}\n", 3))},
		{"history.jsonl", []byte(strings.Repeat("{\"type\":\"ok\"}\n", 4))},
		{"history.json", []byte("[" + strings.Repeat("{\"type\":\"ok\"},", 4) + "{\"type\":\"ok\"}]")},
		{"history.edn", []byte("{\"type\":\"ok\"}\n" + strings.Repeat("{\"type\":\"ok\"}\n", 5))}, // JSON in spite of its name
	} {
		if err := os.WriteFile(filepath.Join(dir, file.name), file.text, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := Open(t.Context(), dir, Options{})
		if i == 0 {
			if got := problem(t, err); got != "no-history" || !strings.Contains(err.Error(), file.name) {
				t.Errorf("%s: %v, want no-history and the file's name", file.name, err)
			}
			continue
		}
		if err != nil || h.Len() != i {
			t.Fatalf("%s: %v, want %d operations", file.name, err, i)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Without it a large file could be read wrongly because it is mapped, or not be given back.
func TestOpenMapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	line := "{:type :ok, :process 0, :f :txn, :value [[:append 1 2]], :error \"late\"}\n"
	n := mapFrom/len(line) + 1
	if err := os.WriteFile(path, []byte(strings.Repeat(line, n)), 0o600); err != nil {
		t.Fatal(err)
	}
	var last, total int64
	h, err := Open(t.Context(), path, Options{Progress: func(d, all int64) { last, total = d, all }})
	if err != nil {
		t.Fatal(err)
	}
	if op := h.Op(ID(n - 1)); h.Len() != n || op.Extra[0].Value.String() != `"late"` {
		t.Errorf("%d operations, the last %v, want %d", h.Len(), op, n)
	}
	if last != total || total != int64(n*len(line)) {
		t.Errorf("progress ended at %d of %d, want %d", last, total, n*len(line))
	}
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context: %v", err)
	}
}

// Without it what was cut off could pass for a whole history, or its good part be lost to those who ask for it.
func TestTruncated(t *testing.T) {
	var text strings.Builder
	for range 6000 { // several blocks of zstd
		text.WriteString("{:type :ok, :process 0, :value [[:append 1 2]]}\n")
	}
	whole := text.String()
	for name, data := range map[string][]byte{
		"plain":       []byte(whole[:len(whole)-20]),
		"in a list":   []byte("[" + whole),
		"gzip":        gzipped(t, whole)[:150],
		"gzip's end":  gzipped(t, whole)[:len(gzipped(t, whole))-3],
		"zstd":        zstded(t, whole)[:len(zstded(t, whole))-3],
		"json":        []byte(strings.Repeat("{\"type\":\"ok\"}\n", 100) + "{\"type\":"),
		"json's list": []byte("[" + strings.Repeat("{\"type\":\"ok\"},\n", 100)),
	} {
		_, err := Read(t.Context(), name, data, Options{})
		if got := problem(t, err); got != "truncated" {
			t.Errorf("%s: %s, want truncated", name, got)
		}
		h, err := Read(t.Context(), name, data, Options{Lenient: true})
		if err != nil {
			t.Errorf("%s, lenient: %v", name, err)
			continue
		}
		if h.Len() < 100 || len(h.Warnings()) != 1 || h.Warnings()[0].Code != "truncated" || h.Warnings()[0].Pos.Line < 100 {
			t.Errorf("%s, lenient: %d operations, warnings %v", name, h.Len(), h.Warnings())
		}
	}
	if _, err := Read(t.Context(), "x", []byte("{:type :ok}{:type"), Options{Lenient: true}); err != nil {
		t.Errorf("lenient: %v", err)
	}
	if _, err := Read(t.Context(), "x", []byte("{:type :no}{:type"), Options{Lenient: true}); problem(t, err) != "unknown-type" {
		t.Errorf("lenient of another problem: %v", err)
	}
}

// Without it a file that was cut off within a keyword, a number or an escape would be called wrong, not short.
func TestTruncatedAnywhere(t *testing.T) {
	const ednLast = `{:type :invoke, :process 12, :time 16, :error "a\u0041", :value [[:append :x 1/2] [:r "a" #{1}]], :c \newline, :n ##NaN, :d #inst "2020"}`
	const jsonLast = `{"type":"invoke","process":12,"error":"a\u0041b","time":1,"value":[["append","x",-1.5e3],["r","a",null]],"n":true}`
	for whole, last := range map[string]string{
		"{:type :ok}\n":         ednLast,
		"[{:type :ok}\n":        ednLast,
		"{\"type\":\"ok\"}\n":   jsonLast,
		"[{\"type\":\"ok\"},\n": jsonLast,
	} {
		for n := 1; n < len(last); n++ {
			text := whole + last[:n]
			_, err := Read(t.Context(), "x", []byte(text), Options{})
			if got := problem(t, err); got != "truncated" {
				t.Errorf("%s: %s, want truncated", text, got)
			}
			if h, err := Read(t.Context(), "x", []byte(text), Options{Lenient: true}); err != nil || h.Len() != 1 {
				t.Errorf("%s, lenient: %v", text, err)
			}
		}
	}
}

// Without it broken or hostile compressed files could end in a panic, or fill the memory.
func TestUnpackProblems(t *testing.T) {
	whole := strings.Repeat("{:type :ok, :process 0}\n", 1000)
	broken := gzipped(t, whole)
	broken[len(broken)-6] ^= 0xff // its checksum
	for _, c := range []struct {
		data []byte
		o    Options
		want string
	}{
		{[]byte("\x1f\x8b"), Options{}, "truncated"}, {[]byte("\x1f\x8bnonsense that is long enough"), Options{}, "corrupt"}, {broken, Options{}, "corrupt"},
		{[]byte("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), Options{}, "corrupt"},
		{gzipped(t, whole), Options{MaxBytes: 10_000}, "too-large"}, {zstded(t, whole), Options{MaxBytes: 10_000}, "too-large"},
		{gzipped(t, whole), Options{MaxBytes: 100_000}, ""}, {gzipped(t, ""), Options{}, "empty"}, {gzipped(t, "\x00\x01"), Options{}, "binary"},
		{append(gzipped(t, whole), gzipped(t, whole)...), Options{}, ""},
	} {
		_, err := Read(t.Context(), "packed", c.data, c.o)
		if got := problem(t, err); got != c.want {
			t.Errorf("%.20q: %s (%v), want %s", c.data, got, err, c.want)
		}
	}
}

// Without it a broken file could fill the screen, or hide how broken it is.
func TestManyProblems(t *testing.T) {
	_, err := Read(t.Context(), "x", []byte(strings.Repeat("{:type :okay}\n{:type :ok}}\n", 150)), Options{})
	var bad *ReadError
	if !errors.As(err, &bad) || len(bad.Problems) != MaxProblems || bad.More != 200 {
		t.Fatalf("%d problems and %d more, want 100 and 200", len(bad.Problems), bad.More)
	}
	if p := bad.Problems[99]; p.Pos.Line != 100 || p.Code != "syntax" {
		t.Errorf("the hundredth: %v", p)
	}
}

// Without it one missing bracket could cost a tree of the whole file, or a value be refused only for being long.
func TestLongValues(t *testing.T) {
	line := "{:type :ok, :process 0, :f :txn, :value [[:r 1 [1 2]]]}\n"
	rest := strings.Repeat(line, 3*lastWindow/len(line))
	_, err := Read(t.Context(), "x", []byte("{:type :ok, :value [[:r 1 [2]]\n"+rest), Options{})
	if got := problem(t, err); got != "syntax" || !strings.Contains(err.Error(), "x:1:20: ") {
		t.Errorf("a missing bracket: %s %v, want a syntax problem at 1:20", got, err)
	}
	for _, element := range []string{"[1 {:a 1.5}]", `\newline`, `"a\u0041b"`, "12345678901234567890/7", "#{}"} {
		value := "[" + strings.Repeat(element+" ", 3*lastWindow/2/len(element)) + "]"
		h, err := Read(t.Context(), "x", []byte("{:type :ok, :value "+value+"}\n"+line), Options{})
		if err != nil || h.Len() != 2 || len(h.Elems(0)) != 3*lastWindow/2/len(element) {
			t.Errorf("a long list of %s: %v", element, err)
		}
	}
	long := strings.Repeat("x", 2*lastWindow)
	for _, text := range []string{"{:type :ok :value \"" + long + "\\n\"}", "{:type :ok :value " + long + "}", `{"type":"ok","value":"` + long + `\n"}`} {
		h, err := Read(t.Context(), "x", []byte(text), Options{})
		if err != nil || len(h.Value(h.Scalar(0)).Text) < len(long) {
			t.Errorf("a long %.30q: %v", text, err)
		}
	}
}

// Without it large unpacked text could be lost on its way, or what Read unpacks need closing, which nobody expects.
func TestUnpackLarge(t *testing.T) {
	line := "{:type :ok, :process 0, :f :txn, :value [[:append 1 2]], :error \"late\"}\n"
	n := 3 * mapFrom / len(line)
	text := strings.Repeat(line, n)
	path := filepath.Join(t.TempDir(), "packed")
	for _, data := range [][]byte{gzipped(t, text), zstded(t, text)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if op := h.Op(ID(n - 1)); h.Len() != n || op.Extra[0].Value.String() != `"late"` {
			t.Errorf("%d operations, the last %v, want %d", h.Len(), op, n)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if h, err = Read(t.Context(), "packed", data, Options{}); err != nil || h.Len() != n || h.close != nil {
			t.Errorf("Read: %v", err)
		}
		if _, err := Open(t.Context(), path, Options{MaxBytes: 2 * mapFrom}); problem(t, err) != "too-large" {
			t.Errorf("more than allowed: %v", err)
		}
	}
}
