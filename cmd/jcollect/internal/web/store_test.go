package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jcheck/internal/store"
)

// filled is a store with some runs, and what it is asked.
func filled(t *testing.T, files map[string]string) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get asks for a path as a browser on this machine does.
func get(s *Store, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:8080"+target, nil))
	return w
}

const (
	firstRun  = "bank/20261123T010000.000Z/"
	secondRun = "set it/20261123T020000.000Z/"
)

func twoRuns(t *testing.T) *Store {
	return filled(t, map[string]string{
		firstRun + "test.json": "{}", firstRun + "history.txt": "0\t:invoke\n", firstRun + "results.edn": "{}",
		firstRun + "results.json": `{"file": "x", "bank": {"valid?": true}, "valid?": false}`,
		firstRun + "n1/db.log":    "<script>alert(1)</script>\n" + strings.Repeat("ä", previewBytes),
		firstRun + "n1/core":      "\x7fELF\x00\x01",
		firstRun + "rate.svg":     "<svg xmlns='http://www.w3.org/2000/svg'/>",
		firstRun + "rate.png":     "the same picture",
		secondRun + "test.json":   "{}", secondRun + "results.json": `{"valid?": "unknown"}`, secondRun + "check/index.html": "<p>hello",
		"cut/20261123T030000.000Z/test.json": "{}",
	})
}

// Without this the list could miss a run, show another's verdict, or call one valid that has none.
func TestRuns(t *testing.T) {
	s := twoRuns(t)
	page := get(s, "/").Body.String()
	at := -1
	for _, want := range []string{"no verdict", "cut", "20261123T030000.000Z", "unknown", `href="/files/set%20it/20261123T020000.000Z/"`, "check/index.html", "invalid", ">bank<",
		firstRun + "results.edn", firstRun + "history.txt"} {
		next := strings.Index(page[at+1:], want)
		if next < 0 {
			t.Fatalf("the list has no %q after byte %d:\n%s", want, at, page)
		}
		at += 1 + next
	}
}

// Without this a store of many runs would be one page that no browser shows, or some runs would be on none.
func TestManyRuns(t *testing.T) {
	files := map[string]string{}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := 2*perPage + 5
	for i := range want {
		stamp := begin.Add(time.Duration(i/2) * time.Hour).Format("20060102T150405.000Z") // two at each time
		files[fmt.Sprintf("test%d/%s/test.json", i, stamp)] = "{}"
	}
	s := filled(t, files)
	seen := map[string]bool{}
	for target, pages := "/", 0; target != ""; pages++ {
		if pages > 3 {
			t.Fatal("there is always another page")
		}
		page := get(s, target).Body.String()
		for i := range want {
			if strings.Contains(page, fmt.Sprintf(">test%d<", i)) {
				seen[fmt.Sprint(i)] = true
			}
		}
		_, rest, found := strings.Cut(page, `<a href="/?after=`)
		target = ""
		if found {
			more, _, _ := strings.Cut(rest, `"`)
			target = "/?after=" + html.UnescapeString(more)
		}
	}
	if len(seen) != want {
		t.Errorf("the pages list %d runs, want %d", len(seen), want)
	}
}

// Without this a folder could hide files, show a picture twice, or a log could bring a page of its own into the list.
func TestFolder(t *testing.T) {
	s := twoRuns(t)
	page := get(s, "/files/"+firstRun).Body.String()
	for _, want := range []string{"✗ invalid", s.dir + "/bank/20261123T010000.000Z", ">n1/<", "<img src=\"/files/bank/20261123T010000.000Z/rate.svg\"", "0\t:invoke", "Z.zip"} {
		if !strings.Contains(page, want) {
			t.Errorf("the folder has no %q:\n%s", want, page)
		}
	}
	if strings.Count(page, "<img") != 1 || !strings.Contains(page, "rate.png</a>") {
		t.Errorf("a picture is shown twice, or its PNG isn't listed:\n%s", page)
	}
	page = get(s, "/files/"+firstRun+"n1/").Body.String()
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, ">core<") {
		t.Errorf("the folder of a node is\n%s", page)
	}
	if strings.ContainsRune(page, '\uFFFD') || strings.Contains(page, "ELF") {
		t.Error("a preview has half a letter, or is of a file that is no text")
	}
	if w := get(s, "/files/bank"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/files/bank/" {
		t.Errorf("a folder without its slash: %d, %s", w.Code, w.Header().Get("Location"))
	}
}

// Without this whoever can ask could read the machine's other files, and a log could run as a script.
func TestNothingElseIsServed(t *testing.T) {
	s := twoRuns(t)
	secret := filepath.Join(filepath.Dir(s.dir), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"out": secret, "up": "../..", "latest": strings.TrimSuffix(firstRun, "/")} {
		if err := os.Symlink(target, filepath.Join(s.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range []string{"/files/../secret", "/files/%2e%2e/secret", "/files/..%2fsecret", "/files/out", "/files/up/", "/files/up/secret", "/files//etc/passwd",
		"/files/%2fetc/passwd", "/files/bank/../../secret", "/files/x%00y", "/files/up.zip", "/../secret", "/secret", "/files/nothing", "/files/bank\\..\\..\\secret"} {
		if w := get(s, target); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "secret\n") || w.Body.String() == "secret" {
			t.Errorf("%s: %d %q", target, w.Code, w.Body.String())
		}
	}
	if w := get(s, "/files/latest/"); w.Code != http.StatusOK {
		t.Errorf("a link within the store: %d", w.Code)
	}
	for name, want := range map[string]string{firstRun + "n1/db.log": "text/plain", firstRun + "rate.svg": "image/svg+xml", "set%20it/20261123T020000.000Z/check/index.html": "text/html"} {
		w := get(s, "/files/"+name)
		h := w.Header()
		if w.Code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), want) || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "script") {
			t.Errorf("%s: %d, %v", name, w.Code, h)
		}
	}
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodPost, "http://localhost/", nil), httptest.NewRequest(http.MethodGet, "http://evil.example/", nil)} {
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code < 400 {
			t.Errorf("%s %s: %d", r.Method, r.Host, w.Code)
		}
	}
}

// Without this what somebody sends to a colleague might not be all that the run left.
func TestZip(t *testing.T) {
	s := twoRuns(t)
	w := get(s, "/files/"+strings.TrimSuffix(firstRun, "/")+".zip")
	text := w.Body.Bytes()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatalf("%d: %v", w.Code, err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimPrefix(f.Name, "20261123T010000.000Z/"))
		if strings.HasSuffix(f.Name, "history.txt") {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != "0\t:invoke\n" {
				t.Errorf("history.txt is %q (%v)", got, err)
			}
		}
	}
	slices.Sort(names)
	want := []string{"history.txt", "n1/core", "n1/db.log", "rate.png", "rate.svg", "results.edn", "results.json", "test.json"}
	if !slices.Equal(names, want) {
		t.Errorf("packed are %q, want %q", names, want)
	}
}

// Without this the verdict of a long result could take the whole file to find, or one cut off be taken for valid.
func TestVerdict(t *testing.T) {
	for text, want := range map[string]string{
		`{"valid?": true}`: "valid", `{"a": [1, {"valid?": true}], "valid?": "unknown"}`: "unknown", `{"a": {"valid?": true}}`: "none", `{"valid`: "none", ``: "none",
		`{"file": "valid?", "valid?": false, "long": "` + strings.Repeat("x", mostOfResults): "invalid", store.ResultsJSON: "none",
	} {
		if got := filled(t, map[string]string{"a/b/results.json": text}).verdict("a/b"); got != want {
			t.Errorf("%.60s: %s, want %s", text, got, want)
		}
	}
}
