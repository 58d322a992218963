package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"jcheck/internal/store"
)

// An entry is a file in the list of a folder.
type entry struct {
	Name, Link, Size, Time, Preview string
	Folder, Picture                 bool
}

// A crumb is a folder on the way to the one that is shown.
type crumb struct{ Name, Link string }

// Limits of a list of files.
const (
	maxEntries   = 2000
	maxPreviews  = 100
	previewBytes = 4 << 10
)

// folder lists a folder: its folders first, pictures as pictures, and the beginnings of texts.
func (s *Store) folder(w http.ResponseWriter, name string) {
	d, err := s.root.Open(name)
	if err != nil {
		s.failed(w, err)
		return
	}
	defer d.Close() // only read from: nothing can be lost
	list, err := d.ReadDir(-1)
	if err != nil {
		s.failed(w, err)
		return
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var entries []entry
	previews := 0
	for _, e := range list[:min(len(list), maxEntries)] {
		at := path.Join(name, e.Name())
		info, err := s.root.Stat(at)
		if err != nil {
			continue // a link to nowhere, or out of the store
		}
		x := entry{Name: e.Name(), Link: linked(at), Time: shownTime(info.ModTime()), Folder: info.IsDir()}
		switch ext := strings.ToLower(path.Ext(at)); {
		case x.Folder:
			x.Link += "/"
		case !info.Mode().IsRegular():
			continue
		case ext == ".png" && hasFile(list, strings.TrimSuffix(e.Name(), path.Ext(at))+".svg"):
			x.Size = shownSize(info.Size()) // the same picture is shown as SVG
		case ext == ".png" || ext == ".svg":
			x.Size, x.Picture = shownSize(info.Size()), true
		default:
			x.Size = shownSize(info.Size())
			if previews < maxPreviews {
				previews++
				x.Preview = s.preview(at)
			}
		}
		entries = append(entries, x)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return order(a) - order(b) })
	verdict := ""
	if s.isRun(name) {
		verdict = s.verdict(name)
	}
	write(w, "folder", map[string]any{"Path": path.Join(s.dir, name), "Crumbs": crumbs(name), "Entries": entries,
		"More": max(0, len(list)-maxEntries), "Zip": linked(name) + ".zip", "Packable": name != ".", "Verdict": verdict})
}

// hasFile tells whether a folder, sorted by names, has an entry of that name.
func hasFile(list []fs.DirEntry, name string) bool {
	_, found := slices.BinarySearchFunc(list, name, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
	return found
}

// order is where an entry stands: folders, pictures, files.
func order(e entry) int {
	switch {
	case e.Folder:
		return 0
	case e.Picture:
		return 1
	}
	return 2
}

// isRun tells whether a folder is that of a run.
func (s *Store) isRun(name string) bool {
	info, err := s.root.Stat(path.Join(name, store.TestFile))
	return err == nil && info.Mode().IsRegular()
}

// crumbs are the folders on the way to one.
func crumbs(name string) []crumb {
	list := []crumb{{"store", filesPath}}
	if name == "." {
		return list
	}
	at := ""
	for part := range strings.SplitSeq(name, "/") {
		at = path.Join(at, part)
		list = append(list, crumb{part, linked(at) + "/"})
	}
	return list
}

// preview is the beginning of a text; "" if it is none.
func (s *Store) preview(name string) string {
	f, err := s.root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close() // only read from: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(f, previewBytes))
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		return ""
	}
	for range utf8.UTFMax { // the last letter may be cut
		if r, size := utf8.DecodeLastRune(text); r == utf8.RuneError && size == 1 {
			text = text[:len(text)-1]
		}
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// zip packs a folder while it is sent. Links are left out.
func (s *Store) zip(w http.ResponseWriter, r *http.Request, dir string) {
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+store.SafeName(strings.ReplaceAll(dir, "/", "-"))+`.zip"`)
	if r.Method == http.MethodHead {
		return
	}
	z := zip.NewWriter(w)
	err := fs.WalkDir(s.root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		return s.pack(z, name, path.Dir(dir))
	})
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // so that the browser sees that its file isn't whole
	}
}

// pack adds a file to an archive, by its name below a folder.
func (s *Store) pack(z *zip.Writer, name, below string) error {
	f, err := s.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // only read from: nothing can be lost
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, err := zip.FileInfoHeader(info)
	if err != nil {
		return err
	}
	h.Name, h.Method = strings.TrimPrefix(name, below+"/"), zip.Deflate
	to, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return err
}

// shownSize is a number of bytes for people.
func shownSize(n int64) string {
	units := []string{"B", "kB", "MB", "GB"}
	v, i := float64(n), 0
	for v >= 999.5 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.3g %s", v, units[i])
}
