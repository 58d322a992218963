package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// restStore is a small correct service: registers under /kv/KEY.
func restStore() http.Handler {
	var mu sync.Mutex
	kept := make(map[string]json.RawMessage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		key := strings.TrimPrefix(r.URL.Path, "/kv/")
		var asked struct{ V, Old, New json.RawMessage }
		if body, err := io.ReadAll(r.Body); err != nil || len(body) > 0 && json.Unmarshal(body, &asked) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch r.Method {
		case http.MethodGet:
			v, ok := kept[key]
			if !ok {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			fmt.Fprintf(w, `{"node":{"v":%s}}`, v)
		case http.MethodPut:
			kept[key] = asked.V
		case http.MethodPost:
			if string(kept[key]) != string(asked.Old) {
				w.WriteHeader(http.StatusConflict)
				return
			}
			kept[key] = asked.New
		case http.MethodDelete:
			clear(kept)
		}
	})
}

// restSection is the plan of it, as the guide shows it, with another port.
func restSection(t *testing.T, port string) string {
	t.Helper()
	guide, err := os.ReadFile("../../../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(guide), "<!-- http -->\n```yaml\nclient:\n")
	text, _, ends := strings.Cut(text, "```")
	if !found || !ends || !strings.Contains(text, "port: 8080") {
		t.Fatal("the guide has no plan of a service over HTTP")
	}
	return strings.Replace(text, "port: 8080", "port: "+port, 1)
}

// portOf is the port of a test's server.
func portOf(t *testing.T, s *httptest.Server) string {
	t.Helper()
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(at.Host)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Without this a plan's requests could be sent with other values than the operations', or answers be misread.
func TestHTTPWorkload(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(restStore())
	defer s.Close()
	d := made(t, Use{}, "%s", restSection(t, portOf(t, s)))
	next, _ := registers()
	h := trial{driver: d, sessions: 8, span: lasting(), next: next}.run(t)
	wantValid(t, judged(t, h, "linearizable", nil))
}

// Without this a value with quotes or slashes could become part of the request around it.
func TestHTTPHostileValues(t *testing.T) {
	s := httptest.NewServer(restStore())
	defer s.Close()
	d := made(t, Use{}, "%s", restSection(t, portOf(t, s)))
	session, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, text := range []string{`"}, {"`, "a/../b?c#d", "{{value}}", "é\x00\n\r", "%2f", "<&>\u2028", strings.Repeat("x", 10<<20)} {
		key, v := edn.NewString(text[:min(len(text), 30)]), edn.NewString(text)
		if out := session.Invoke(t.Context(), Call{F: "write", Value: v, Key: &key}); out.Type != history.OK {
			t.Errorf("write %.30q: %v %.200s", text, out.Type, out.Error)
		}
		if out := session.Invoke(t.Context(), Call{F: "read", Key: &key}); out.Type != history.OK || !edn.Equal(out.Value, v) {
			t.Errorf("read %.30q: %v %.200s %.200s", text, out.Type, out.Value, out.Error)
		}
	}
	for _, c := range []Call{{F: "cas", Value: num(1), Key: new(history.Value)}, {F: "write", Value: edn.NewFloat(0), Key: nil}, {F: "eat"}} {
		if out := session.Invoke(t.Context(), c); out.Type != history.Fail {
			t.Errorf("%v: %v, want fail", c, out.Type)
		}
	}
}

// Without this a mistake in a plan's requests would show as failed operations only.
func TestHTTPMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`{kind: http}`:                                                          "lacks the key operations",
		`{kind: http, operations: {}}`:                                          "want a map of operations",
		`{kind: http, operations: []}`:                                          "want a map of operations",
		`{kind: http, operations: {r: 1}}`:                                      `operation r is`,
		`{kind: http, operations: {r: {path: x}}}`:                              `doesn't begin with /`,
		`{kind: http, operations: {r: {path: "/{{vlaue}}"}}}`:                   `{{vlaue}} stands for nothing`,
		`{kind: http, operations: {r: {path: "/{{value|sql}}"}}}`:               `"sql"`,
		`{kind: http, operations: {r: {path: /, ok: [2xx, 9xx]}}}`:              `"9xx" is no status`,
		`{kind: http, operations: {r: {path: /, headers: {"a b": c}}}}`:         `"a b" can't be the name of a header`,
		`{kind: http, operations: {r: {path: /, method: STEAL}}}`:               `"STEAL"`,
		`{kind: http, password-env: JCOLLECT_NONE, operations: {r: {path: /}}}`: `the environment has no JCOLLECT_NONE`,
		`{kind: http, password: secret, operations: {r: {path: /}}}`:            `client has no key "password"`,
		`{kind: http, operations: {read: {path: /}}}`:                           `a read whose value nobody looks for is always nil`,
		`{kind: http, setup: [{}], operations: {r: {path: /}}}`:                 `request lacks the key path`,
	} {
		var p plan.Problems
		Read(plan.Parse("p.yaml", []byte(text), &p), &p)
		list, _ := p.Sorted()
		if len(list) != 1 || !strings.Contains(list[0].String(), want) {
			t.Errorf("%s: got %v, want %s", text, list, want)
		}
	}
}

// Without this a part of an answer could be taken for another, or a number be rounded.
func TestPicked(t *testing.T) {
	body := `{"a": [{"b": 12345678901234567890}, {"7": null}], "t": "x"}`
	for path, want := range map[string]string{
		"a.0.b": "12345678901234567890N", "a.1.7": "nil", "a.2": "nil", "t": `"x"`, "z": "nil", "a.1": "{7 nil}",
		".": `{"a" [{"b" 12345678901234567890N} {7 nil}], "t" "x"}`,
	} {
		v, err := picked([]byte(body), path)
		if err != nil || v.String() != want {
			t.Errorf("%s: got %s %v, want %s", path, v, err, want)
		}
	}
	for _, path := range []string{"z.z", "t.z", "a.b.c", "a.7.b"} { // a misspelt path must not make every register look empty
		if v, err := picked([]byte(body), path); err == nil {
			t.Errorf("%s: got %s, want an error", path, v)
		}
	}
	for _, body := range []string{"", "{", `{"a":1} x`, strings.Repeat("[", 100000), "nil"} {
		if v, err := picked([]byte(body), "."); err == nil {
			t.Errorf("%.20s: got %s, want an error", body, v)
		}
	}
}

// Without this a value could break out of its place in a query: what stands behind an & would be another parameter.
func TestValuesInQueries(t *testing.T) {
	for _, text := range []string{"a&b=c", "a+b", "a b", "100%", "a/b?c#d", "ü;x"} {
		f := filler{call: Call{Value: edn.NewString(text)}}
		target := f.fill("/kv/{{value}}?v={{value}}", "url")
		u, err := url.Parse("http://n1" + target)
		if err != nil || f.err != nil {
			t.Fatalf("%q: %v %v", text, err, f.err)
		}
		if got := u.Query().Get("v"); got != text || len(u.Query()) != 1 {
			t.Errorf("%q: the query %q has %q", text, u.RawQuery, got)
		}
		if got := u.Path; got != "/kv/"+text {
			t.Errorf("%q: the path is %q", text, got)
		}
	}
}
