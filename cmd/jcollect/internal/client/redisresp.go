package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxReplyDepth is how deep arrays may be nested in a RESP reply. EXEC's are 2 deep.
const maxReplyDepth = 8

// A respConn is one connection that speaks RESP2, the protocol of Redis. It is our own since the library pools and repeats,
// and makes room for whatever length an answer announces; here each request is sent once, and its fate is known.
type respConn struct {
	wire *wire
	rw   io.ReadWriter
	r    *bufio.Reader
	left int // bytes that the reply being read may still take
}

// A respReply is one answer: a text, a number, a list or nothing.
type respReply struct {
	kind  byte // + - : $ *
	null  bool
	text  string
	num   int64
	items []respReply
}

// openResp connects to addr.
func openResp(ctx context.Context, addr string, conf *tls.Config) (*respConn, error) {
	w, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	rw, err := secure(ctx, w, conf, addr)
	if err != nil {
		return nil, err
	}
	c := respReader(rw)
	c.wire, c.rw = w, rw
	return c, nil
}

// respReader reads answers from r.
func respReader(r io.Reader) *respConn { return &respConn{r: bufio.NewReader(r)} }

func (c *respConn) usable() bool { return c.wire.fresh(c.r, c.rw != io.ReadWriter(c.wire)) }

// close ends the connection.
func (c *respConn) close() { c.wire.sever() }

// do sends the commands in one piece and reads an answer to each. A failure that the server didn't tell of leaves the
// connection closed: who knows what would come next. The first error among the answers becomes the failure, but all
// answers are read, and if one of them says that its command was performed, the failure is none of all of them.
func (c *respConn) do(ctx context.Context, commands ...[]string) ([]respReply, error) {
	defer c.wire.guard(ctx)()
	before := c.wire.expect()
	if err := ctx.Err(); err != nil {
		return nil, refuse("not-sent", err.Error())
	}
	if _, err := c.rw.Write(appendCommands(nil, commands)); err != nil {
		return nil, wireFailure(ctx, err, c.wire.sever()-before)
	}
	replies := make([]respReply, len(commands))
	var refused *failure
	multi, happened := false, false
	for i, words := range commands {
		c.left = maxReply
		c.wire.expect()
		r, err := c.reply(maxReplyDepth)
		if err == nil && !multi && r.queued() {
			err = &garbageError{"a command that was queued outside of MULTI"}
		}
		if err != nil {
			return nil, wireFailure(ctx, err, c.wire.sever()-before)
		}
		if replies[i] = r; refused == nil {
			refused = r.failure()
		}
		happened = happened || !bookkeeping(words[0]) && r.performed()
		multi = words[0] == "MULTI" && r.kind == '+' || multi && words[0] != "EXEC"
	}
	if refused == nil {
		return replies, nil
	}
	if happened {
		refused.class = redisFates().class(inPart)
	}
	return replies, refused
}

// bookkeeping tells whether a command has no effect of its own.
func bookkeeping(command string) bool {
	switch command {
	case "MULTI", "WATCH", "UNWATCH", "WAIT", "AUTH", "SELECT":
		return true
	}
	return false
}

// queued tells of a command that waits for EXEC.
func (r respReply) queued() bool { return r.kind == '+' && r.text == "QUEUED" }

// performed tells whether an answer says that the command was, an EXEC's with what it held.
func (r respReply) performed() bool { return r.kind != '-' && !r.null && !r.queued() }

// one performs a single command.
func (c *respConn) one(ctx context.Context, command ...string) (respReply, error) {
	replies, err := c.do(ctx, command)
	if err != nil {
		return respReply{}, err
	}
	return replies[0], nil
}

// appendCommands prints commands as arrays of bulk strings.
func appendCommands(b []byte, commands [][]string) []byte {
	for _, words := range commands {
		b = fmt.Appendf(b, "*%d\r\n", len(words))
		for _, w := range words {
			b = fmt.Appendf(b, "$%d\r\n", len(w))
			b = append(b, w...)
			b = append(b, '\r', '\n')
		}
	}
	return b
}

// reply reads one answer.
func (c *respConn) reply(depth int) (respReply, error) {
	line, err := c.line()
	if err != nil {
		return respReply{}, err
	}
	if line == "" || depth == 0 {
		return respReply{}, &garbageError{fmt.Sprintf("no RESP reply: %.40q", line)}
	}
	r := respReply{kind: line[0], text: line[1:]}
	if r.kind == '+' || r.kind == '-' {
		return r, nil
	}
	if r.num, err = strconv.ParseInt(r.text, 10, 64); err != nil || !strings.ContainsRune(":$*", rune(r.kind)) {
		return respReply{}, &garbageError{fmt.Sprintf("no RESP reply: %.40q", line)}
	}
	if r.kind == ':' {
		return r, nil
	}
	if r.null = r.num == -1; r.null {
		return r, nil
	}
	if r.num < 0 || r.num > int64(c.left) {
		return respReply{}, &garbageError{fmt.Sprintf("a RESP reply of length %d", r.num)}
	}
	if r.kind == '$' {
		r.text, err = c.bulk(r.num)
		return r, err
	}
	for range r.num {
		item, err := c.reply(depth - 1)
		if err != nil {
			return respReply{}, err
		}
		r.items = append(r.items, item)
	}
	return r, nil
}

// line reads up to the next end of a line. Lines are short: types, lengths and errors.
func (c *respConn) line() (string, error) {
	text, err := c.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", &garbageError{fmt.Sprintf("no RESP reply: %.40q", text)}
	}
	if err != nil {
		return "", err
	}
	// An array of the least items of all still takes as much of the limit as they take of memory.
	if c.left -= len(text) + 64; c.left < 0 {
		return "", &garbageError{"a RESP reply that is too long"}
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// bulk reads n bytes and the end of a line behind them. The room for them grows as they come.
func (c *respConn) bulk(n int64) (string, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, c.r, n); err != nil {
		return "", err
	}
	c.left -= int(n)
	if end, err := c.line(); err != nil || end != "" {
		if err != nil {
			return "", err
		}
		return "", &garbageError{"a RESP text that is longer than it says"}
	}
	return b.String(), nil
}

// failure is the error that a reply is, or holds; nil if it is an answer. Inside the answer to an EXEC it stands beside
// commands that did happen.
func (r respReply) failure() *failure {
	if r.kind == '-' {
		code, text, _ := strings.Cut(r.text, " ")
		if strings.Contains(text, "script") && (code == "ERR" || code == "WRONGTYPE") {
			return &failure{words: []string{"redis", code, text}, class: redisFates().class(inScript), answered: true}
		}
		return redisFates().said(code, text)
	}
	for _, item := range r.items {
		if f := item.failure(); f != nil {
			f.class = redisFates().class(inExec)
			return f
		}
	}
	return nil
}

// texts are the items of an array as texts, and false if some are none.
func (r respReply) texts() ([]string, bool) {
	if r.kind != '*' {
		return nil, false
	}
	var list []string
	for _, item := range r.items {
		if item.kind != '$' || item.null {
			return nil, false
		}
		list = append(list, item.text)
	}
	return list, true
}
