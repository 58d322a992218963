package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// connectLimit bounds how long a session waits for a connection, whatever its operation may take.
const connectLimit = 10 * time.Second

// goodbyeLimit bounds how long the peer is told that a session is over.
const goodbyeLimit = time.Second

// refusalPause is how long we wait before we say that a connection was refused: clients of a node that is down would
// otherwise take the operations away from those that have something to do, and fill the history with failures.
const refusalPause = 100 * time.Millisecond

// dial reaches an address.
func dial(ctx context.Context, addr string) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		select {
		case <-ctx.Done():
		case <-time.After(refusalPause):
		}
		return nil, err
	}
	w := &wire{Conn: c}
	w.expect()
	return w, nil
}

// A wire is the one connection that a session has. It counts the bytes that the system took from us: a request of which
// none was taken certainly never happens, and one of which some were may happen.
type wire struct {
	net.Conn
	mu   sync.Mutex // held while writing
	sent int64
	cut  bool
	room atomic.Int64 // bytes that may still be read before the answer is too long
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

// Read gets bytes of the answer that is expected.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if w.room.Add(-int64(n)) < 0 {
		return n, &garbageError{"an answer that is too long"}
	}
	return n, err
}

// maxReply bounds an answer of a database, and with it what a broken or hostile one can make us hold.
const maxReply = 64 << 20

// expect begins another answer, and tells how many bytes have been sent by now.
func (w *wire) expect() int64 {
	w.room.Store(maxReply + 1<<20)
	return w.count()
}

// gone tells whether the peer has closed the connection while nobody was looking. A request sent into it would be taken by
// the system, and its fate be unknown for no need.
func (w *wire) gone() bool {
	_, end := w.peek()
	return end
}

// peek tells whether something can be read, and whether that is the end, or an error.
func (w *wire) peek() (something, end bool) {
	raw, ok := w.Conn.(syscall.Conn)
	if !ok {
		return false, false
	}
	c, err := raw.SyscallConn()
	if err != nil {
		return false, true
	}
	return peeked(c)
}

// fresh tells whether another request may be sent: the peer is there, and has said nothing that nobody asked for, which
// would be taken for the answer. What TLS has to say by itself can't be told from that; there only what was read counts.
func (w *wire) fresh(r *bufio.Reader, secure bool) bool {
	something, end := w.peek()
	return !end && r.Buffered() == 0 && (secure || !something)
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
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	c := tls.Client(w, serverNamed(conf, host))
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
	case isEnd(err):
		return perhaps("lost", "the connection was closed before the answer")
	}
	var op *net.OpError
	if errors.As(err, &op) { // without the addresses, which differ each time
		err = op.Err
	}
	return perhaps("lost", err.Error())
}

// isEnd tells of a peer that closed the connection.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// A garbageError is an answer that isn't what the protocol allows.
type garbageError struct{ text string }

func (e *garbageError) Error() string { return e.text }
