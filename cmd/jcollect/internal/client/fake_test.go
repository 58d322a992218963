package client

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A fakeReply is what a fake database does at a request. The zero value is success.
type fakeReply struct {
	code, text string // an error
	raw        []byte // bytes instead of an answer
	end        bool   // closes the connection
	hang       bool   // never answers
}

// A fakeScript says what to do at each request: a command of Redis, a statement of SQL, a method and path of HTTP.
type fakeScript func(request string) fakeReply

// fakeServer listens, and serves connections until the test ends, or stop is called.
func fakeServer(t *testing.T, serve func(c net.Conn, script fakeScript) error, script fakeScript) (port int, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				_ = serve(c, script) // the client leaves when it likes
			})
		}
	})
	stop = sync.OnceFunc(func() {
		_ = l.Close() // it can only be closed here
		mu.Lock()
		for _, c := range open {
			_ = c.Close() // many are closed already
		}
		mu.Unlock()
		all.Wait()
	})
	t.Cleanup(stop)
	return l.Addr().(*net.TCPAddr).Port, stop
}

// act does what is no usual answer; true if it did. The error ends the connection.
func (r fakeReply) act(c net.Conn) (bool, error) {
	if r.raw != nil {
		if _, err := c.Write(r.raw); err != nil {
			return true, err
		}
	}
	if r.hang {
		_, err := io.Copy(io.Discard, c) // until the client leaves
		return true, err
	}
	if r.end {
		return true, io.EOF
	}
	return r.raw != nil, nil
}

// fakeRedis answers commands.
func fakeRedis(c net.Conn, script fakeScript) error {
	r := bufio.NewReader(c)
	for {
		words, err := fakeCommand(r)
		if err != nil {
			return err
		}
		reply := script(words[0])
		if done, err := reply.act(c); err != nil || done {
			if err != nil {
				return err
			}
			continue
		}
		text := "+OK\r\n"
		if reply.code != "" {
			text = "-" + reply.code + " " + reply.text + "\r\n"
		} else if words[0] == "GET" {
			text = "$1\r\n5\r\n"
		}
		if _, err := io.WriteString(c, text); err != nil {
			return err
		}
	}
}

// fakeCommand reads one command.
func fakeCommand(r *bufio.Reader) (words []string, err error) {
	number := func() (int, error) {
		line, err := r.ReadString('\n')
		if err != nil || len(line) < 2 {
			return 0, io.ErrUnexpectedEOF
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number()
	if err != nil {
		return nil, err
	}
	for range n {
		size, err := number()
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		words = append(words, string(b[:size]))
	}
	return words, nil
}

// fakePostgres answers statements.
func fakePostgres(c net.Conn, script fakeScript) error {
	b := pgproto3.NewBackend(c, c)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return err
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if err := b.Flush(); err != nil {
		return err
	}
	statement := ""
	for {
		m, err := b.Receive()
		if err != nil {
			return err
		}
		if parse, ok := m.(*pgproto3.Parse); ok {
			statement = parse.Query
		}
		if _, ok := m.(*pgproto3.Sync); !ok {
			continue
		}
		reply := script(statement)
		if done, err := reply.act(c); err != nil || done {
			if err != nil {
				return err
			}
			continue
		}
		if reply.code != "" {
			b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: reply.code, Message: reply.text})
		} else {
			b.Send(&pgproto3.ParseComplete{})
			b.Send(&pgproto3.BindComplete{})
			b.Send(&pgproto3.NoData{})
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("DONE 1")})
		}
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if err := b.Flush(); err != nil {
			return err
		}
	}
}

// mysqlPacket is a packet of MySQL's protocol.
func mysqlPacket(number byte, body []byte) []byte {
	return append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), number}, body...)
}

// mysqlGreeting is the first packet of a server that any password will do for.
func mysqlGreeting() []byte {
	var b bytes.Buffer
	b.WriteByte(10)
	b.WriteString("8.0.0-fake\x00")
	b.Write([]byte{1, 0, 0, 0})
	b.WriteString("12345678\x00")
	b.Write([]byte{0xff, 0xff, 33, 2, 0, 0xff, 0xdf, 21})
	b.Write(make([]byte, 10))
	b.WriteString("123456789012\x00mysql_native_password\x00")
	return mysqlPacket(0, b.Bytes())
}

// fakeMySQL answers statements.
func fakeMySQL(c net.Conn, script fakeScript) error {
	if _, err := c.Write(mysqlGreeting()); err != nil {
		return err
	}
	receive := func() ([]byte, byte, error) {
		var head [4]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return nil, 0, err
		}
		body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		_, err := io.ReadFull(c, body)
		return body, head[3], err
	}
	ok := []byte{0, 1, 0, 2, 0, 0, 0}
	if _, number, err := receive(); err != nil {
		return err
	} else if _, err := c.Write(mysqlPacket(number+1, ok)); err != nil {
		return err
	}
	for {
		body, number, err := receive()
		if err != nil {
			return err
		}
		if len(body) == 0 || body[0] != 3 { // anything but a query is goodbye
			return nil
		}
		reply := script(string(body[1:]))
		done, err := reply.act(c)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		answer := ok
		if reply.code != "" {
			code, err := strconv.ParseUint(reply.code, 10, 16)
			if err != nil {
				return err
			}
			answer = append(binary.LittleEndian.AppendUint16([]byte{0xff}, uint16(code)), "#HY000"+reply.text...)
		}
		if _, err := c.Write(mysqlPacket(number+1, answer)); err != nil {
			return err
		}
	}
}

// fakeHTTP answers requests; a code is "STATUS BODY".
func fakeHTTP(c net.Conn, script fakeScript) error {
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return err
		}
		reply := script(req.Method + " " + req.URL.Path)
		if done, err := reply.act(c); err != nil || done {
			if err != nil {
				return err
			}
			continue
		}
		status, body := "200", `{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_range":{}}]}`
		if reply.code != "" {
			status, body = reply.code, reply.text
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 %s X\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body); err != nil {
			return err
		}
	}
}
