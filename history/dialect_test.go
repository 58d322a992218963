package history

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shown is the operations of a text, one a line, and its warnings.
func shown(t *testing.T, text string, o Options) string {
	t.Helper()
	h, err := Read(t.Context(), "x", []byte(text), o)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	w := NewWriter(&b, FormatEDN)
	for id := range h.All() {
		op := h.Op(id)
		op.Index = -1
		if err := w.Write(op); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.Warnings() {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

func TestPorcupineLog(t *testing.T) {
	// Without this, a log of Porcupine's could be misread, a broken line lose its neighbours or have a wrong place, or a
	// log that was cut short pass for a whole one.
	const log = "# some test\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\nWARN jepsen.core - something else\nINFO  jepsen.util - 0\t:ok\t:read\t3\r\n" +
		"INFO  jepsen.util - 1   :invoke :cas    [1 2]\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 1\t:info\t:cas\t:timed-out\n"
	for _, c := range []struct{ name, in, want string }{
		{"whole", log, "{:type :invoke, :process 0, :f :read, :value nil}\n{:type :ok, :process 0, :f :read, :value 3}\n" +
			"{:type :invoke, :process 1, :f :cas, :value [1 2]}\n{:type :info, :process :nemesis, :f :start, :value nil}\n{:type :info, :process 1, :f :cas, :value nil}\n"},
		{"broken", log + "INFO  jepsen.util - 2\t:invoke\t:cas\t[1 2\nINFO  jepsen.util - 2\t:done\t:cas\t[1 2]\nINFO  jepsen.util - 2\t:ok\t:cas\t1 2\n",
			"x:8:35: the end of the line within an operation, want a process, type, f and value\n" +
				"x:9:23: the type the keyword :done, want :invoke, :ok, :fail or :info\nx:10:33: \"2\" behind the value, want the end of the line"},
		{"cut", log + "INFO  jepsen.util - 2\t:invoke\t:cas\t[1", "x:8:1: an operation that isn't closed before the end of the input (hint: " + hintTruncated + ")"},
	} {
		if got := shown(t, c.in, Options{}); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	got := shown(t, log+"INFO  jepsen.util - 2\t:invoke\t:cas\t[1", Options{Lenient: true})
	if !strings.Contains(got, ":f :cas, :value nil") || !strings.Contains(got, "x:8:1: an operation that isn't closed") {
		t.Errorf("lenient: got\n%s", got)
	}
}

func TestPorcupineKV(t *testing.T) {
	// Without this, the keys of Porcupine's maps could be lost, or "" be taken for a value.
	const first = `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}` + "\n"
	got := shown(t, first+`{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}`+"\n"+`{:process 1, :type :invoke, :f :get, :key "7", :value nil}`+"\n"+
		`{:process 1, :type :ok, :f :get, :key "7", :value ""}`, Options{})
	want := `{:type :invoke, :process 0, :f :append, :value ["0" "x 0 0 y"]}` + "\n" + `{:type :ok, :process 0, :f :append, :value ["0" "x 0 0 y"]}` + "\n" +
		`{:type :invoke, :process 1, :f :get, :value ["7" nil]}` + "\n" + `{:type :ok, :process 1, :f :get, :value ["7" nil]}` + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := shown(t, first+`{:process 0, :type :ok, :f :append}`, Options{}); !strings.Contains(got, "x:2:1: ") || !strings.Contains(got, "a map with a :key") {
		t.Errorf("without a key: got %s", got)
	}
}

// etcdOps are requests of two clients: puts, reads, txns that expect a revision, one that nobody knows the end of, and
// some that no map of keys knows.
const etcdOps = `{"ClientId":1,"Input":{"Type":"txn","Txn":{"Conditions":null,"OperationsOnSuccess":[{"Type":"put-operation","Put":{"Key":"a","Value":{"Value":"1"}}}]}},"Call":100,"Output":{"Txn":{"Failure":false,"Results":[{}]},"Revision":2,"Error":""},"Return":200}
{
  "ClientID": 2, "Input": {"Type": "range", "Range": {"Start": "a"}}, "Call": 150,
  "Output": {"Range": {"KVs": null, "Count": 0}, "Revision": 1}, "Return": 180
}
{"ClientId":1,"Input":{"Type":"txn","Txn":{"Conditions":[{"Key":"a","ExpectedRevision":2}],"OperationsOnSuccess":[{"Type":"put-operation","Put":{"Key":"a","Value":{"Value":"2"}}}]}},"Call":210,"Output":{"Error":"timeout"},"Return":250}
{"ClientId":2,"Input":{"Type":"txn","Txn":{"Conditions":[{"Key":"a","ExpectedRevision":0}],"OperationsOnSuccess":[{"Type":"put-operation","Put":{"Key":"a","Value":{"Hash":77}}}],"OperationsOnFailure":[{"Type":"range-operation","Range":{"Start":"a"}}]}},"Call":220,"Output":{"Txn":{"Failure":true,"Results":[{"KVs":[{"Key":"a","Value":{"Value":"1"},"ModRevision":2}]}]},"Revision":2},"Return":240}
{"ClientId":2,"Input":{"Type":"range","Range":{"Start":"a","End":"b"}},"Call":260,"Output":{"Range":{"KVs":[]}},"Return":270}
{"ClientId":2,"Input":{"Type":"leaseRevoke","LeaseRevoke":{"LeaseID":1}},"Call":280,"Output":{"LeaseRevoke":{}},"Return":290}
`

const etcdWant = `{:time 100, :type :invoke, :process 1, :f :put, :value ["a" "1"]}
{:time 150, :type :invoke, :process 2, :f :get, :value ["a" nil]}
{:time 180, :type :ok, :process 2, :f :get, :value ["a" nil]}
{:time 200, :type :ok, :process 1, :f :put, :value ["a" "1"]}
{:time 210, :type :invoke, :process 1, :f :cas, :value ["a" ["1" "2"]]}
{:time 220, :type :invoke, :process 2, :f :get, :value ["a" nil]}
{:time 240, :type :ok, :process 2, :f :get, :value ["a" "1"]}
{:time 250, :type :info, :process 1, :f :cas, :value ["a" ["1" "2"]]}
{:time 280, :type :invoke, :process 2, :f :lease-revoke, :value nil}
{:time 290, :type :ok, :process 2, :f :lease-revoke, :value nil}
x:8:1: a read of several keys, or of the past (1 times) is left out, want requests of one key at a time (hint: what these answered isn't checked)
`

func TestEtcdOperations(t *testing.T) {
	// Without this, a request of etcd's could become another operation than it was, or be left out in silence.
	if got := shown(t, etcdOps, Options{}); got != etcdWant {
		t.Errorf("got\n%s\nwant\n%s", got, etcdWant)
	}
	if got := shown(t, "["+strings.ReplaceAll(strings.TrimSpace(etcdOps), "}\n{", "},\n{")+"]", Options{}); got != strings.Replace(etcdWant, "x:8:1", "x:8:1", 1) {
		t.Errorf("in one array: got\n%s", got)
	}
	got := shown(t, strings.Replace(etcdOps, `"Call": 150`, `"Call": 190`, 1), Options{})
	if !strings.Contains(got, "x:2:1: an object that is no request") {
		t.Errorf("return before call: got %s", got)
	}
	got = shown(t, etcdOps[:300], Options{Lenient: true})
	if !strings.Contains(got, ":time 200") || !strings.Contains(got, "isn't closed before the end") {
		t.Errorf("lenient: got %s", got)
	}
}

func TestEtcdReport(t *testing.T) {
	// Without this, one client's requests could be judged without those of the others, or a problem be told of the
	// wrong client's file.
	dir := t.TempDir()
	first, second, _ := strings.Cut(etcdOps, "\n")
	for name, text := range map[string]string{"client-1": first, "client-10": second} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, reportName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, want := h.Len(), strings.Count(etcdWant, ":time"); got != want {
		t.Errorf("%d operations, want %d", got, want)
	}
	if got, want := h.Pos(1).String(), filepath.Join(dir, "client-10", reportName)+":1:1"; got != want {
		t.Errorf("the second client begins at %s, want %s", got, want)
	}
	_, err = Open(t.Context(), filepath.Join(dir, "client-1", reportName), Options{})
	var bad *ReadError
	if !errors.As(err, &bad) || bad.Problems[0].Code != "one-client" {
		t.Errorf("one client alone: %v, want a problem", err)
	}
}

// Any bytes taken for a log of another checker.
func FuzzReadDialects(f *testing.F) {
	for _, seed := range []string{"INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n",
		"{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n{:process 0, :type :ok, :f :get, :key \"0\", :value \"\"}", etcdOps} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := Read(t.Context(), "text", data, Options{})
		var bad *ReadError
		switch {
		case err == nil:
			if text := dump(h, nil); text == "" && h.Len() > 0 {
				t.Errorf("%d operations that can't be shown", h.Len())
			}
		case !errors.As(err, &bad) || len(bad.Problems) == 0:
			t.Errorf("%T %v, want a ReadError with problems", err, err)
		}
	})
}
