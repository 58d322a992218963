package web

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed page.html
var page string

// write sends one of the pages of page.html.
func write(w http.ResponseWriter, name string, values map[string]any) {
	var b bytes.Buffer
	t, err := template.New("").Parse(page)
	if err == nil {
		err = t.ExecuteTemplate(&b, name, values)
	}
	if err != nil {
		http.Error(w, "internal error: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // who asked is gone: there is nobody to tell
}
