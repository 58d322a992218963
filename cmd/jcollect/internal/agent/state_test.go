//go:build linux

package agent

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Without this a daemon called "../x" could write elsewhere, or two daemons share a pid file.
func TestSafeNamesAreDifferentFileNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[./a%-]{0,200}`))
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		name := SafeName(a)
		if name == "" || len(name) > maxName || strings.ContainsAny(name, "/\x00 '\"$`\n") || name[0] == '.' || name[0] == '-' || filepath.Base(name) != name {
			t.Fatalf("%q becomes %q", a, name)
		}
		if a != b && name == SafeName(b) {
			t.Fatalf("%q and %q both become %q", a, b, name)
		}
	})
}

// ask runs a verb as a node does, in a folder of the test.
func ask(t *testing.T, state, verb, request string) (Answer, int) {
	t.Helper()
	var out bytes.Buffer
	code := Main(t.Context(), []string{"--state", state, verb}, strings.NewReader(request), &out)
	var a Answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%s answered %q: %v", verb, out.Bytes(), err)
	}
	if (code == 0) != (a.Error == nil) {
		t.Errorf("%s ended with %d and answered %s", verb, code, out.Bytes())
	}
	return a, code
}

// Without this a request that makes no sense could end without an answer, in a panic, or be taken for another.
func TestRequestsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ verb, request, want string }{
		{"no-such", "{}", "no verb"},
		{"status", `{"name":`, "can't be read"},
		{"status", `{"nmae":"x"}`, "nmae"},
		{"status", `[1]`, "can't be read"},
		{"status", `{}`, "name"},
		{"start", `{"name":"x"}`, "either args or run"},
		{"arm", `{"id":"x","ttl_ms":0,"heal":[{"script":"true"}]}`, "time"},
		{"arm", `{"id":"x","ttl_ms":10}`, "commands"},
		{"arm", `{"id":"x","ttl_ms":10,"heal":[{}]}`, "empty"},
		{"arm", `{"id":"","ttl_ms":10,"heal":[{"script":"true"}]}`, "needs an id"},
		{"arm", `{"id":"x","ttl_ms":9999999999,"heal":[{"script":"true"}]}`, "up to"},
		{"renew", `{"name":"x"}`, "no lease"},
		{"again", `{"name":"x"}`, "never started"},
		{"await", `{"addr":"127.0.0.1:1"}`, "timeout"},
		{"await", `{"addr":"127.0.0.1:1","timeout_ms":150}`, "took no connection"},
		{"matching", `{"pattern":"","signal":"KILL"}`, "no pattern"},
		{"matching", `{"pattern":"(","signal":"KILL"}`, "no pattern"},
		{"matching", `{"pattern":".*","signal":"KILL"}`, "no pattern"},
		{"signal", `{"name":"x","signal":"9; rm"}`, "no signal"},
		{"unpack", `{"archive":"/x","to":"/"}`, "can be replaced"},
		{"unpack", `{"archive":"/x","to":"rel"}`, "can be replaced"},
		{"list", `{"paths":["rel"]}`, "from the root"},
		{"list", `{"paths":["/[x"]}`, "syntax"},
		{"fill", `{"id":"x","dir":"rel"}`, "from the root"},
		{"corrupt", `{"how":"bitflip","file":"rel"}`, "no chunks"},
		{"corrupt", `{"how":"bitflip","file":"/x","mod":2,"index":2}`, "no chunks"},
		{"corrupt", `{"how":"bitflip","file":"/no/such"}`, "no such"},
		{"corrupt", `{"how":"bitflip","file":"/dev/null"}`, "no plain file"},
		{"clock-strobe", `{"delta_ms":1,"x":1}`, "can't be read"},
		{"runner", `{"name":"x","run":"true"}`, "nobody listens"},
		{"keeper", `{"name":"x"}`, "nobody listens"},
	} {
		a, _ := ask(t, t.TempDir(), c.verb, c.request)
		if a.Error == nil || !strings.Contains(a.Error.Error(), c.want) {
			t.Errorf("%s %s: answered %+v, want an error with %q", c.verb, c.request, a.Error, c.want)
		}
	}
}
