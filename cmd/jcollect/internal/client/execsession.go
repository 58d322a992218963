package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// An execSession speaks to one program.
type execSession struct {
	driver  *execDriver
	program *program
	id      int64 // of the newest message that wants an answer
	useful  bool  // the program gave an answer that counts
	died    bool  // it ended by itself, or hung up
}

// closeGrace is how long a program may take to end by itself.
const closeGrace = time.Second

// maxStray is how many lines that mean nothing a program may print before an answer: late second answers, empty lines.
const maxStray = 1000

// Invoke asks the program, and makes what it says an outcome. Whatever it does wrong, the operation may have happened: Info,
// and the program is killed.
func (s *execSession) Invoke(ctx context.Context, c Call) Outcome {
	return s.exchange(ctx, message{kind: "invoke", call: c})
}

// exchange sends one message and takes the answer to it.
func (s *execSession) exchange(ctx context.Context, m message) Outcome {
	s.id++
	m.id = s.id
	release := s.program.until(ctx)
	defer release()
	if out, ahead := s.ahead(); ahead {
		return out
	}
	err := s.program.write(m.line())
	if err != nil {
		return s.lost(ctx, err)
	}
	for range maxStray {
		line, err := s.program.read()
		if err != nil {
			return s.lost(ctx, err)
		}
		a, err := parseAnswer(line)
		switch {
		case errors.Is(err, errBlank):
			continue
		case err == nil && s.over(a):
			continue
		case err == nil && a.id != s.id:
			err = fmt.Errorf("it answered operation %d, and was asked for %d", a.id, s.id)
		case err == nil:
			err = a.fits(m)
		}
		if err != nil {
			return s.broken("malformed-answer", err.Error())
		}
		s.useful = true
		s.driver.answered(true)
		return a.outcome(m.call)
	}
	return s.broken("malformed-answer", fmt.Sprintf("%d lines that mean nothing", maxStray))
}

// over tells of a second answer to an operation that is over.
func (s *execSession) over(a answer) bool {
	if a.id <= 0 || a.id >= s.id {
		return false
	}
	s.driver.log.once(fmt.Sprintf("a program answered operation %d again, which was over; it isn't heeded", a.id))
	return true
}

// ahead looks at what the program said since its last answer. An answer to what it wasn't asked yet would be taken for
// that of the next operation: the program is killed before that is sent.
func (s *execSession) ahead() (Outcome, bool) {
	for {
		line, whole := s.program.waiting()
		if !whole {
			return Outcome{}, false
		}
		a, err := parseAnswer(line)
		switch {
		case errors.Is(err, errBlank) || err == nil && s.over(a):
			continue
		case err == nil:
			err = fmt.Errorf("it answered operation %d before it was asked", a.id)
		}
		out := s.broken("malformed-answer", err.Error())
		out.Type = history.Fail
		return out, true
	}
}

// broken kills a program that can't be trusted any more.
func (s *execSession) broken(code, text string) Outcome {
	s.program.kill()
	s.driver.log.once("a program was killed: " + text)
	return Outcome{Type: history.Info, Error: keyed(code, text), EndProcess: true}
}

// lost is the outcome if the program couldn't be written to or read from. Only of an operation that it certainly never
// saw do we know that it didn't happen.
func (s *execSession) lost(ctx context.Context, err error) Outcome {
	var unsent *unsentError
	switch {
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
		s.program.kill()
		return Outcome{Type: history.Info, Error: edn.NewKeyword("timeout"), EndProcess: true}
	case errors.Is(err, errLongLine):
		return s.broken("malformed-answer", err.Error())
	}
	s.died = true
	s.program.settle(100 * time.Millisecond) // for the exit code, if it ended
	out := Outcome{Type: history.Info, Error: keyed("client-ended", s.program.last()), EndProcess: true}
	s.program.kill()
	if errors.As(err, &unsent) && errors.Is(err, syscall.EPIPE) {
		out.Type = history.Fail
	}
	return out
}

// Close asks the program to end, and makes it.
func (s *execSession) Close() error {
	if s.died && !s.useful {
		s.driver.answered(false)
	}
	s.program.end([]byte(`{"type":"close"}`+"\n"), closeGrace)
	return nil
}
