package client

import (
	"context"
	"net"
	"testing"
	"time"
)

// wired is a wire and its other end.
func wired(t *testing.T) (*wire, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w, err := dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sever(); c.Close() })
	return w, c
}

// Without this, looking whether the peer has left could wait for a library's reader in the background, for ever.
func TestGoneWhileReading(t *testing.T) {
	w, peer := wired(t)
	read := make(chan struct{})
	go func() {
		_, _ = w.Read(make([]byte, 1)) // it ends when the wire is severed
		close(read)
	}()
	time.Sleep(20 * time.Millisecond) // the reader should be waiting; if it isn't yet, the test shows less
	answer := make(chan bool, 1)
	go func() { answer <- w.gone() }()
	select {
	case gone := <-answer:
		if gone {
			t.Error("a peer that is there is gone")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
	}
	w.sever()
	<-read
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
}

// Without this a request sent into a connection that the peer had closed would count as unknown.
func TestGone(t *testing.T) {
	w, peer := wired(t)
	if err := peer.Close(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(5 * time.Second); !w.gone(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("a peer that has left is there")
		}
	}
}

// Without this a write that blocks could outlive its operation, and be done after it was called undone.
func TestSeverWhileWriting(t *testing.T) {
	w, _ := wired(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	defer w.guard(ctx)()
	n, err := w.Write(make([]byte, 64<<20))
	if err == nil {
		t.Fatal("64 MiB were written to a peer that doesn't read")
	}
	if sent := w.sever(); sent != int64(n) {
		t.Errorf("%d bytes were sent, and %d counted", n, sent)
	}
	if n, err := w.Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("%d bytes were written to a severed wire: %v", n, err)
	}
}
