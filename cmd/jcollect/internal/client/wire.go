package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// connectLimit bounds how long a session waits for a connection, whatever its operation may take.
const connectLimit = 10 * time.Second

// dial reaches an address.
func dial(ctx context.Context, addr string) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c}, nil
}

// A wire is the one connection that a session has. It counts the bytes that the system took from us: a request of which
// none was taken certainly never happens, and one of which some were may happen.
type wire struct {
	net.Conn
	mu   sync.Mutex // held while writing
	sent int64
	cut  bool
}

// Write sends bytes unless the wire was cut.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return 0, net.ErrClosed
	}
	n, err := w.Conn.Write(b)
	w.sent += int64(n)
	return n, err
}

// count tells how many bytes have been sent by now.
func (w *wire) count() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// sever closes the connection and tells how many bytes were ever sent. Nothing is sent afterwards, not even by a library
// that still writes in the background: closing comes first since it ends a Write that blocks and holds the lock.
func (w *wire) sever() int64 {
	_ = w.Conn.Close() // the peer may have closed it already, and there is no more to be done about it
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	return w.sent
}

// guard makes everything on the wire end when ctx does. The function that it returns ends the guard.
func (w *wire) guard(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() { w.sever() })
	return func() { stop() }
}

// secure speaks TLS over the wire if conf says so.
func secure(ctx context.Context, w *wire, conf *tls.Config, addr string) (net.Conn, error) {
	if conf == nil {
		return w, nil
	}
	if conf.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		conf = conf.Clone()
		conf.ServerName = host
	}
	c := tls.Client(w, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		w.sever()
		return nil, err
	}
	return c, nil
}

// wireFailure says what an error of a connection means for a request, sent being how many bytes of it were.
func wireFailure(ctx context.Context, err error, sent int64) *failure {
	var protocol *garbageError
	var timeout net.Error
	switch {
	case sent == 0:
		return fail("not-sent", err.Error())
	case errors.As(err, &protocol):
		return perhaps("garbage", err.Error())
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return perhaps("timeout", "no answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return perhaps("lost", "the connection was closed before the answer")
	}
	return perhaps("lost", err.Error())
}

// A garbageError is an answer that isn't what the protocol allows.
type garbageError struct{ text string }

func (e *garbageError) Error() string { return e.text }
