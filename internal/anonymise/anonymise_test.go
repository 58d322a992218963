package anonymise

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

const private = `{:process 0, :type :invoke, :f :txn, :value [[:append "alice" 17] [:r :iban nil]], :error "host db1"}
{:process 0, :type :ok, :f :txn, :value [[:append "alice" 17] [:r :iban [4.5 \x nil true 0]]], :node "db1"}
{:process 1, :type :invoke, :f :txn, :value [[:rp [:= 17] nil] [:r "12" nil]]}
{:process 1, :type :ok, :f :txn, :value [[:rp [:= 17] {"alice" 17}] [:r "12" []]]}
{:process :nemesis, :type :info, :f :kill, :value ["db1"]}
`

// rewritten is the private history with other names, as it would be written, and the map of names.
func rewritten(t *testing.T, o Options) (text, names string) {
	t.Helper()
	h, err := history.Read(context.Background(), "private.edn", []byte(private), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var out bytes.Buffer
	w := history.NewWriter(&out, history.FormatEDN)
	n := New(h, o)
	for id := range h.All() {
		if err := w.Write(n.Op(h, h.Op(id))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String(), string(edn.Append(nil, n.Map()))
}

func TestNothingPrivateIsLeft(t *testing.T) {
	// Without this, somebody could publish what they meant to hide.
	text, names := rewritten(t, Options{})
	for _, secret := range []string{"alice", "17", ":iban", "4.5", `\x`, `"12"`, "db1", "host"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is still in\n%s", secret, text)
		}
		if secret != "host" && !strings.Contains(names, secret) {
			t.Errorf("%s isn't in the map %s", secret, names)
		}
	}
	for _, word := range []string{":append", ":rp", ":=", "nil", "true", " 0]", ":kill", ":nemesis"} {
		if !strings.Contains(text, word) {
			t.Errorf("%s is missing in\n%s", word, text)
		}
	}
}

func TestOptions(t *testing.T) {
	// Without this, a seed could give other names each time, and what was to be kept could be lost.
	one, _ := rewritten(t, Options{Seed: 1})
	again, _ := rewritten(t, Options{Seed: 1})
	if one != again {
		t.Errorf("with the same seed it is\n%s\nand then\n%s", one, again)
	}
	differs := false
	for seed := range uint64(20) {
		other, _ := rewritten(t, Options{Seed: seed})
		differs = differs || other != one
	}
	if !differs {
		t.Error("20 seeds give the same names")
	}
	kept, _ := rewritten(t, Options{KeepNumbers: true, KeepFields: []string{"error"}})
	for _, part := range []string{" 17]", "4.5", `"12"`, `:error "host db1"`} {
		if !strings.Contains(kept, part) {
			t.Errorf("%s isn't kept in\n%s", part, kept)
		}
	}
	if strings.Contains(kept, "alice") {
		t.Errorf("numbers alone are to be kept, but there is alice in\n%s", kept)
	}
}
