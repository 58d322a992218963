package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// maxLine is how long an answer may be. It is kept in memory as a whole.
const maxLine = 32 << 20

// maxTail is how much of what a program said last on stderr is kept for messages.
const maxTail = 300

// errLongLine is a line that doesn't end.
var errLongLine = fmt.Errorf("more than %d bytes without the end of a line", maxLine)

// An unsentError is a message of which nothing was taken by the program's pipe.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// A program is a process that was started, with pipes to it. All its children die with it, except for those that make
// themselves a group of their own.
type program struct {
	cmd    *exec.Cmd
	in     *os.File // what it reads
	out    *bufio.Reader
	outEnd *os.File // what it writes
	stderr *os.File

	ended  chan struct{} // closed once it ended and was reaped
	killed sync.Once
	tail   tail
}

// launch starts a program. Its pipes are ours, not the library's: that would wait for whoever holds them open.
func launch(path string, o execOptions, dir string, log *lineWriter) (*program, error) {
	var files []*os.File
	closeAll := func() {
		for _, f := range files {
			_ = f.Close() // nothing was written
		}
	}
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll()
			return nil, err
		}
		files = append(files, r, w)
	}
	p := &program{cmd: exec.Command(path), in: files[1], out: bufio.NewReaderSize(files[2], 1<<16), outEnd: files[2], stderr: files[4],
		ended: make(chan struct{})}
	p.cmd.Args = o.command
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), o.env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = files[0], files[3], files[5]
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		closeAll()
		return nil, err
	}
	for _, theirs := range []int{0, 3, 5} {
		_ = files[theirs].Close()
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(io.MultiWriter(&p.tail, log), p.stderr) // ends when it is closed, or we close it
		log.end()
	}()
	go p.reap(copied)
	return p, nil
}

// reap waits for the program, kills what it leaves behind, and closes the pipes.
func (p *program) reap(copied <-chan struct{}) {
	awaitExit(p.cmd)
	killGroup(p.cmd) // before it is reaped: its number is its own until then
	_ = p.cmd.Wait() // its state says how it ended
	select {
	case <-copied:
	case <-time.After(100 * time.Millisecond): // a child that escaped holds the pipe open
	}
	_ = p.stderr.Close()
	<-copied
	close(p.ended)
}

// until lets reading and writing fail when ctx ends.
func (p *program) until(ctx context.Context) (release func()) {
	deadline, _ := ctx.Deadline() // the zero time is none
	p.limit(deadline)
	stop := context.AfterFunc(ctx, func() { p.limit(time.Unix(1, 0)) })
	return func() { stop() }
}

// limit sets the deadline of the pipes. They can't be set if they were closed, and then fail anyway.
func (p *program) limit(t time.Time) {
	_ = p.in.SetWriteDeadline(t)
	_ = p.outEnd.SetReadDeadline(t)
}

// write sends a line.
func (p *program) write(line []byte) error {
	n, err := p.in.Write(line)
	if err != nil && n == 0 {
		return &unsentError{err}
	}
	return err
}

// send is write for a limited time.
func (p *program) send(ctx context.Context, line []byte) error {
	defer p.until(ctx)()
	return p.write(line)
}

// read is the next line.
func (p *program) read() ([]byte, error) {
	var line []byte
	for {
		part, err := p.out.ReadSlice('\n')
		if err == nil && line == nil {
			return part, nil // good until the next call
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxLine:
			return nil, errLongLine
		}
	}
}

// waiting is the next line that is there already; false if there is none, or only its beginning.
func (p *program) waiting() ([]byte, bool) {
	if p.out.Buffered() == 0 && readable(p.outEnd) {
		_, _ = p.out.Peek(1) // takes what is there; an error comes again when it matters
	}
	there, _ := p.out.Peek(p.out.Buffered()) // which can't fail
	if bytes.IndexByte(there, '\n') < 0 {
		return nil, false
	}
	line, err := p.out.ReadSlice('\n')
	return line, err == nil
}

// settle waits for the end, but not long.
func (p *program) settle(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.ended:
		return true
	case <-t.C:
		return false
	}
}

// kill ends the program and its children at once.
func (p *program) kill() {
	p.killed.Do(func() {
		select {
		case <-p.ended:
		default:
			_ = p.cmd.Process.Kill() // reap kills the group
		}
		_ = p.in.Close()
		_ = p.outEnd.Close()
	})
}

// end says farewell, and kills whoever doesn't heed it.
func (p *program) end(farewell []byte, grace time.Duration) {
	p.limit(time.Now().Add(grace / 4))
	if p.write(farewell) == nil {
		_ = p.in.Close()
		p.settle(grace)
	}
	p.kill()
	p.settle(grace) // SIGKILL needs a moment
}

// last is how the program ended, and what it said last.
func (p *program) last() string {
	text := "the program closed its output, and runs"
	select {
	case <-p.ended:
		text = p.cmd.ProcessState.String()
	default:
	}
	if said := p.tail.text(); said != "" {
		text += "; it said " + said
	}
	return text
}
