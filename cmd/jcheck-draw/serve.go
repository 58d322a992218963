package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// greeting is the first line that a serving process writes: that it's ready, and how it speaks.
const greeting = "jcheck-draw 1\n"

// serve draws one graph after another until its input ends, so that the dear start is paid once. A request is the number
// of bytes of the DOT text on a line, then the text. The answer is "svg" or "error" and a number of bytes on a line, then
// that many bytes: the drawing, or one line that says why there is none. After an error the process ends, since the
// library may be in any state. begin and end surround the work on each graph.
func serve(in io.Reader, out io.Writer, begin, end func()) error {
	r := bufio.NewReader(in)
	if _, err := io.WriteString(out, greeting); err != nil {
		return fmt.Errorf("write greeting: %w", err)
	}
	for {
		dot, err := readRequest(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		begin()
		svg, drawErr := draw(dot)
		end()
		word, answer := "svg", svg
		if drawErr != nil {
			word, answer = "error", []byte(drawErr.Error())
		}
		if _, err := fmt.Fprintf(out, "%s %d\n%s", word, len(answer), answer); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		if drawErr != nil {
			return drawErr
		}
	}
}

// readRequest reads one request; io.EOF if there is none.
func readRequest(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadString('\n')
	if err == io.EOF && line == "" {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || n < 0 || n > maxInput {
		return nil, fmt.Errorf("request %q is not a number of bytes up to %d", strings.TrimSpace(line), maxInput)
	}
	dot := make([]byte, n)
	if _, err := io.ReadFull(r, dot); err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	return dot, nil
}
