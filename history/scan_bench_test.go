package history

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"jcheck/internal/edn"
)

// appendText spells n list-append txns of ten clients, as appendLoad makes them.
func appendText(b *testing.B, n int, f Format) []byte {
	var text bytes.Buffer
	w := NewWriter(&text, f)
	l := &appendLoad{}
	var open [10][]loadMop
	write := func(p int, t Type, mops []loadMop) {
		items := make([]Value, len(mops))
		for i, m := range mops {
			arg, name := Value{}, "r"
			if !m.read {
				arg, name = edn.NewInt(int64(m.elem)), "append"
			} else if t != Invoke {
				seen := make([]Value, m.seen)
				for j := range seen {
					seen[j] = edn.NewInt(int64(l.lists[m.key][j]))
				}
				arg = edn.NewVector(seen)
			}
			items[i] = edn.NewVector([]Value{edn.NewKeyword(name), edn.NewInt(int64(m.key)), arg})
		}
		op := Op{Index: -1, Time: int64(l.next) * 12345, Type: t, Process: edn.NewInt(int64(p)), F: edn.NewKeyword("txn"), Value: edn.NewVector(items)}
		if err := w.Write(op); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		p := i % len(open)
		if open[p] != nil {
			write(p, OK, open[p])
		}
		open[p] = l.txn(i)
		write(p, Invoke, open[p])
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// BenchmarkScan measures the scanners alone, on one core: MB/s, and allocations of a whole piece.
func BenchmarkScan(b *testing.B) {
	for _, f := range []Format{FormatEDN, FormatJSON} {
		text := appendText(b, 20_000, f)
		registers := bytes.Repeat([]byte(`{:type :ok, :process 3, :f :cas, :value [14 [3 5]], :time 1234567890, :index 1234567, :node "n1"}`+"\n"), 40_000)
		if f == FormatJSON {
			registers = bytes.Repeat([]byte(`{"type":"ok","process":3,"f":"cas","value":[14,[3,5]],"time":1234567890,"index":1234567,"node":"n1"}`+"\n"), 40_000)
		}
		for name, text := range map[string][]byte{"append": text, "register": registers} {
			b.Run(fmt.Sprintf("%v/%s", f, name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					l, bad := sniff(text, f)
					if bad != nil {
						b.Fatal(bad)
					}
					if got := run(l.newFormat(l.start), len(text)); !got.last {
						b.Fatalf("ended at %d", got.end)
					}
				}
			})
		}
	}
}

// BenchmarkRead measures reading as a whole, on all cores.
func BenchmarkRead(b *testing.B) {
	text := appendText(b, 100_000, FormatEDN)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(context.Background(), "text", text, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
