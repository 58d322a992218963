package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"jcheck/render"
)

// drawGreeting is the first line of a drawer that speaks our protocol: see cmd/jcheck-draw/serve.go.
const drawGreeting = "jcheck-draw 1"

// The ways in which a drawer is stopped.
var (
	errDrawTime   = errors.New("took too long and was stopped")
	errDrawMemory = errors.New("needed too much memory and was stopped")
)

// drawProcess is a running jcheck-draw.
type drawProcess struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *said
	drawn  int // graphs so far
	ended  bool
}

// startDrawProcess starts jcheck-draw and waits until it greets. cache is where it may write.
func startDrawProcess(ctx context.Context, path, cache string, l drawLimits) (*drawProcess, error) {
	p := &drawProcess{cmd: exec.Command(path, "-serve"), stderr: &said{}}
	p.cmd.Env = append(os.Environ(), "TMPDIR="+cache, "TMP="+cache)
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = time.Second // a grandchild that keeps our pipes open must not hold us up
	ownGroup(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	err = p.within(ctx, l.start, l.memory, func() error {
		line, err := p.readLine()
		if err == nil && line != drawGreeting {
			err = fmt.Errorf("greeted with %.40q instead of %q", line, drawGreeting)
		}
		return err
	})
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// draw asks for one drawing. After an error the process is of no more use.
func (p *drawProcess) draw(ctx context.Context, dot []byte, l drawLimits) (svg []byte, err error) {
	p.drawn++
	err = p.within(ctx, l.draw, l.memory, func() error {
		// The request is written beside the reading: a drawer that answers before it has read everything would
		// otherwise wait for us while we wait for it.
		go func() {
			fmt.Fprintf(p.in, "%d\n%s", len(dot), dot) // if this fails there is no answer, which is told
		}()
		var err error
		svg, err = p.readAnswer()
		return err
	})
	if err != nil {
		return nil, err
	}
	return svg, nil
}

// readAnswer reads "svg N" or "error N" and N bytes.
func (p *drawProcess) readAnswer() ([]byte, error) {
	line, err := p.readLine()
	if err != nil {
		return nil, err
	}
	word, number, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > maxDrawn || word != "svg" && word != "error" {
		return nil, fmt.Errorf("answered with %.40q instead of a drawing", line)
	}
	text, err := io.ReadAll(io.LimitReader(p.out, int64(n)))
	switch {
	case err != nil || len(text) < n:
		return nil, errors.New("ended in the middle of a drawing")
	case word == "error":
		return nil, &render.GraphError{Why: fmt.Sprintf("%.200s", plainLine(string(text)))}
	}
	return text, nil
}

// readLine reads a line of at most some hundred bytes.
func (p *drawProcess) readLine() (string, error) {
	line, err := p.out.ReadSlice('\n') // ErrBufferFull if it's longer than the buffer
	switch {
	case errors.Is(err, io.EOF):
		return "", p.died()
	case err != nil:
		return "", fmt.Errorf("answer: %w", err)
	}
	return strings.TrimSuffix(string(line), "\n"), nil
}

// died is why a process that ended by itself did. What it said may come after the end of its answers.
func (p *drawProcess) died() error {
	p.end()
	if said := p.stderr.String(); said != "" {
		return fmt.Errorf("ended: %s", said)
	}
	return errors.New("ended without an answer")
}

// within does work that waits for the process. The process is killed if it takes too long or too much memory, or ctx
// ends; work then sees its end.
func (p *drawProcess) within(ctx context.Context, limit time.Duration, memory int64, work func() error) error {
	ctx, stop := watchProcess(ctx, p.cmd, limit, memory)
	defer stop()
	err := work()
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return cause
	}
	return err
}

// end kills the process and waits for it.
func (p *drawProcess) end() {
	if p.ended {
		return
	}
	p.ended = true
	kill(p.cmd)
	p.in.Close() // it's dead: there is nobody to miss what wasn't written
	p.cmd.Wait() // that it was killed is no news
}

// watchProcess kills a process when ctx ends, or the time is over, or it holds too much memory; the cause of the context
// that it returns says which. stop ends the watch.
func watchProcess(ctx context.Context, cmd *exec.Cmd, limit time.Duration, memory int64) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, release := context.WithTimeoutCause(ctx, limit, errDrawTime)
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				kill(cmd)
				return
			case <-ticker.C:
				if residentMemory(cmd.Process.Pid) > memory {
					cancel(errDrawMemory)
				}
			}
		}
	}()
	return ctx, func() {
		close(done)
		<-gone // so that nobody kills a process with the same number later
		release()
		cancel(nil)
	}
}

// residentMemory is what a process holds of the machine's memory, where the system tells; else 0.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64) // what isn't a number leaves 0: unknown
	return pages * int64(os.Getpagesize())
}

// drawAlone lets the system's Graphviz draw one graph.
func (d *drawer) drawAlone(ctx context.Context, dot []byte) ([]byte, error) {
	cmd := exec.Command(d.path, "-Tsvg")
	heard := &said{}
	svg := &capped{max: maxDrawn}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(dot), svg, heard
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	watched, stop := watchProcess(ctx, cmd, d.limits.draw, d.limits.memory)
	err := cmd.Wait()
	cause := context.Cause(watched)
	stop()
	switch {
	case err == nil && !svg.full:
		return svg.text, nil
	case svg.full:
		return nil, fmt.Errorf("its drawing has more than %d bytes", maxDrawn)
	case cause != nil:
		return nil, cause
	case heard.String() != "":
		return nil, &render.GraphError{Why: heard.String()}
	}
	return nil, err
}

// capped keeps what is written up to a number of bytes, and refuses more.
type capped struct {
	text []byte
	max  int
	full bool
}

func (c *capped) Write(b []byte) (int, error) {
	if c.full = c.full || len(c.text)+len(b) > c.max; c.full {
		return 0, errors.New("too much output")
	}
	c.text = append(c.text, b...)
	return len(b), nil
}
