package agent

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

const (
	dialLimit = 2 * time.Second        // of one try
	dialEvery = 100 * time.Millisecond // between tries
)

// await waits for a port.
func (a *agent) await(ctx context.Context, in Port) (None, error) {
	if in.Timeout <= 0 {
		return None{}, errorf(Usage, "waiting for %s needs a timeout", in.Addr)
	}
	limit := time.Duration(in.Timeout) * time.Millisecond
	if in.Addr == "" {
		return None{}, a.settle(ctx, in.Daemon, limit)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dialer := net.Dialer{Timeout: dialLimit}
	var last error
	for {
		conn, err := dialer.DialContext(ctx, "tcp", in.Addr)
		if err == nil {
			return None{}, conn.Close()
		}
		if last == nil || ctx.Err() == nil { // the end of our own patience says nothing of the port
			last = err
		}
		if in.Daemon != "" {
			if err := a.stillThere(ctx, in.Daemon, in.Addr+" took connections"); err != nil {
				return None{}, err
			}
		}
		select {
		case <-ctx.Done():
			return None{}, errorf(Timeout, "%s took no connection within %v: last seen: %v", in.Addr, limit, last)
		case <-time.After(dialEvery):
		}
	}
}

// settle waits whether a daemon ends badly at once: for want of a program, say. One that ends well has done its work.
func (a *agent) settle(ctx context.Context, daemon string, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; {
		rec, _, found, err := a.load(daemon)
		if err != nil {
			return err
		}
		if found && rec.Ended && !rec.Well {
			return a.stillThere(ctx, daemon, "its first moments were over")
		}
		if pause(ctx, deadline) != nil {
			return ctx.Err()
		}
	}
}

// stillThere fails with what a daemon wrote last if it has ended: nothing will listen any more.
func (a *agent) stillThere(ctx context.Context, daemon, before string) error {
	s, err := a.status(ctx, Named{daemon})
	if err != nil || s.State == StateRunning {
		return err
	}
	how := s.Exit
	if how == "" {
		how = "nobody saw how"
	}
	// Where its log is says who downloads it: the node may be gone by the time that somebody reads this.
	return errorf(Failed, "daemon %s ended (%s) before %s%s", daemon, how, before, tail(s.Log))
}

// tail is the last lines of a log that aren't ours, for a message.
func tail(path string) string {
	const most, lines = 2000, 3
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	text, err := lastBytes(f, most)
	if closed := f.Close(); err != nil || closed != nil {
		return ""
	}
	var said []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && !strings.Contains(l, " jcollect: ") {
			said = append(said, l)
		}
	}
	if len(said) == 0 {
		return "; it wrote nothing"
	}
	return fmt.Sprintf("; it wrote last: %s", strings.Join(said[max(0, len(said)-lines):], " / "))
}

// lastBytes is the end of a file.
func lastBytes(f *os.File, most int64) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-most), most))
	return strings.ToValidUTF8(string(text), "?"), err
}
