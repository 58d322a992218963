package render

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"jcheck/check"
)

// many is a result with more anomalies than have their entries in memory at a time, in itself and in a part.
func many(t *testing.T) (r check.Result) {
	_, a := nasty(t)
	fact := check.Anomaly{Kind: "dirty", Ops: a.Ops[:1]}
	for range maxAtOnce + 1 {
		r.Anomalies = append(r.Anomalies, a, fact)
	}
	r.Parts = []check.Part{{Name: ":x", Result: check.Result{Anomalies: r.Anomalies}}}
	return r
}

// TestStream checks that what is written piece by piece is what the whole value prints. Without it, a result with many
// anomalies could lack some, or be laid out otherwise than one with few.
func TestStream(t *testing.T) {
	h, _ := nasty(t)
	r := many(t)
	for _, c := range [...]struct {
		s     syntax
		whole []byte
		write func(io.Writer) error
	}{
		{ednSyntax(), EDN(h, "f", r), func(w io.Writer) error { return WriteEDN(w, h, "f", r) }},
		{jsonSyntax(), JSON(h, "f", r), func(w io.Writer) error { return WriteJSON(w, h, "f", r) }},
	} {
		want := append(layout(nil, withFile("f", ResultMap(h, r)), 0, c.s), '\n')
		var pieces countingWriter
		if err := c.write(&pieces); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pieces.Bytes(), want) || !bytes.Equal(c.whole, want) {
			t.Errorf("written in pieces: %d bytes; at once: %d, want %d", pieces.Len(), len(c.whole), len(want))
		}
		if pieces.most > 2*spoutful || pieces.Len() < 4*spoutful {
			t.Errorf("a piece of %d bytes among %d, want pieces of about %d", pieces.most, pieces.Len(), spoutful)
		}
		if err := c.write(brokenWriter{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want that nobody reads it", err)
		}
	}
}

// countingWriter keeps what is written, and the size of the largest piece.
type countingWriter struct {
	bytes.Buffer
	most int
}

func (w *countingWriter) Write(b []byte) (int, error) {
	w.most = max(w.most, len(b))
	return w.Buffer.Write(b)
}

// brokenWriter is a pipe whose reader is gone.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
