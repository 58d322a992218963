package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jcheck/internal/store"
)

// A Store is a store as a browser sees it.
type Store struct {
	root *os.Root
	dir  string
	// local says that only this machine may ask. Then a name that leads here by somebody else's doing is refused: a page
	// of the internet could otherwise read what is served.
	local bool
}

// Open shows the store in a folder. It is to be closed.
func Open(dir string, local bool) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (hint: --store DIR, the folder of all runs)", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Store{root, dir, local}, nil
}

// Close gives the folder back.
func (s *Store) Close() error { return s.root.Close() }

// filesPath is where files are shown.
const filesPath = "/files/"

// policy lets a page show its own style and pictures, and nothing else: no scripts, no other site.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

// ServeHTTP answers one request.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	switch {
	case s.local && !localName(r.Host):
		http.Error(w, fmt.Sprintf("this is not %s (hint: ask for localhost, or jcollect serve --host)", r.Host), http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		s.runs(w, r)
	case strings.HasPrefix(r.URL.Path, filesPath):
		s.file(w, r, strings.TrimPrefix(r.URL.Path, filesPath))
	default:
		http.NotFound(w, r)
	}
}

// localName tells whether a request was sent to this machine by a name that can't mean another.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// perPage is how many runs a page lists.
const perPage = 128

// A row is one run in the list.
type row struct {
	Name, Time, Verdict, Path string
	Files                     []string // of those that have a link of their own
}

// shownFiles have a link beside each run that has them.
var shownFiles = [...]string{store.CheckDir + "/index.html", "timeline.html", "report.txt", store.ResultsEDN, store.HistoryText, store.LogFile}

// runs lists the runs, the last one first, from the one after a given time on.
func (s *Store) runs(w http.ResponseWriter, r *http.Request) {
	runs, err := store.Runs(s.dir)
	if err != nil {
		s.failed(w, err)
		return
	}
	slices.Reverse(runs)
	after := r.URL.Query().Get("after")
	var rows []row
	more := ""
	for _, run := range runs {
		if after != "" && run.Stamp+" "+run.Name >= after {
			continue
		}
		if len(rows) == perPage {
			last := rows[perPage-1]
			more = "/?after=" + url.QueryEscape(last.Time+" "+last.Name)
			break
		}
		rows = append(rows, s.row(run))
	}
	write(w, "runs", map[string]any{"Dir": s.dir, "Rows": rows, "More": more, "All": len(runs), "After": after})
}

// row is a run in the list.
func (s *Store) row(run *store.Run) row {
	dir := path.Join(run.Name, run.Stamp)
	r := row{Name: run.Name, Time: run.Stamp, Path: linked(dir) + "/", Verdict: s.verdict(dir)}
	for _, name := range shownFiles {
		if info, err := s.root.Stat(path.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			r.Files = append(r.Files, name)
		}
	}
	return r
}

// mostOfResults is how much of a run's results is looked at: the verdict stands at the beginning.
const mostOfResults = 64 << 10

// verdict is the one that a run's results begin with: valid, invalid, unknown, or none if it has no results.
func (s *Store) verdict(dir string) string {
	f, err := s.root.Open(path.Join(dir, store.ResultsJSON))
	if err != nil {
		return "none"
	}
	defer f.Close() // only read from: nothing can be lost
	d := json.NewDecoder(io.LimitReader(f, mostOfResults))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "none"
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			break
		}
		if key == "valid?" {
			value, err := d.Token()
			if err != nil {
				break
			}
			return word(value)
		}
		var other json.RawMessage
		if d.Decode(&other) != nil {
			break
		}
	}
	return "none"
}

// word is a verdict of a file of results.
func word(value json.Token) string {
	switch value {
	case true:
		return "valid"
	case false:
		return "invalid"
	}
	return "unknown"
}

// linked is a path in the store as a link.
func linked(name string) string { return filesPath + (&url.URL{Path: name}).EscapedPath() }

// file shows a file or a folder of the store, or packs a folder.
func (s *Store) file(w http.ResponseWriter, r *http.Request, name string) {
	folder := strings.HasSuffix(name, "/") || name == ""
	if name = strings.TrimSuffix(name, "/"); name == "" {
		name = "."
	}
	if !fs.ValidPath(name) {
		http.NotFound(w, r)
		return
	}
	info, err := s.root.Stat(name)
	switch dir, packed := strings.CutSuffix(name, ".zip"); {
	case err == nil && info.IsDir() && !folder:
		http.Redirect(w, r, linked(name)+"/", http.StatusSeeOther)
	case err == nil && info.IsDir():
		s.folder(w, name)
	case err == nil && info.Mode().IsRegular():
		s.content(w, r, name, info)
	case packed && !folder && s.isFolder(dir):
		s.zip(w, r, dir)
	default:
		http.NotFound(w, r)
	}
}

func (s *Store) isFolder(name string) bool {
	info, err := s.root.Stat(name)
	return err == nil && info.IsDir()
}

// content sends a file.
func (s *Store) content(w http.ResponseWriter, r *http.Request, name string, info fs.FileInfo) {
	f, err := s.root.Open(name)
	if err != nil {
		s.failed(w, err)
		return
	}
	defer f.Close() // only read from: nothing can be lost
	w.Header().Set("Content-Type", contentType(name))
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// contentType is what a browser is to take a file for. What isn't known to be a page or a picture is text, or bytes.
func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".zip", ".gz", ".zst", ".pcap", ".jepsen":
		return "application/octet-stream"
	}
	return "text/plain; charset=utf-8"
}

// failed tells that something of ours can't be read.
func (s *Store) failed(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

// shownTime is a moment as the list of files shows it.
func shownTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
