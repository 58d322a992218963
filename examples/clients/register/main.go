// Command register is a client for jcollect: registers in Redis, by independent keys. It needs nothing but Go.
//
// jcollect starts this program once for each process, writes one JSON object a line to its standard input, and reads one a
// line from its standard output. What is printed to standard error goes to the log of the run.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// cas compares and sets in one step. The empty text stands for a register that was never written.
const cas = `if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0`

// A request is a line of jcollect.
type request struct {
	ID      int64           `json:"id"`
	Type    string          `json:"type"`
	F       string          `json:"f"`
	Key     json.RawMessage `json:"key"`
	Value   json.RawMessage `json:"value"`
	Node    string          `json:"node"`
	Address string          `json:"address"`
	Options struct {
		Port int `json:"port"`
	} `json:"options"`
}

// An answer is a line of ours. Without a value, an operation that went well has the one that was asked for.
type answer struct {
	ID    int64            `json:"id"`
	Type  string           `json:"type"`
	Value *json.RawMessage `json:"value,omitempty"`
	Error string           `json:"error,omitempty"`
}

// A refusal is the server's no: the operation certainly had no effect.
type refusal string

func (r refusal) Error() string { return string(r) }

// redis is a connection, and as much of the protocol as this needs. It has no time limit: when the operation's time is up,
// jcollect ends this program.
type redis struct {
	conn    net.Conn
	replies *bufio.Reader
}

// call sends one command and waits for its reply. found is false for a null.
func (r *redis) call(words ...string) (reply string, found bool, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(r.conn, b.String()); err != nil {
		return "", false, err
	}
	line, err := r.replies.ReadString('\n')
	if err != nil {
		return "", false, err
	}
	kind, rest := line[0], strings.TrimSpace(line[1:])
	if kind == '-' {
		return "", false, refusal(rest)
	}
	if kind != '$' || rest == "-1" {
		return rest, kind != '$', nil
	}
	size, err := strconv.Atoi(rest)
	if err != nil {
		return "", false, fmt.Errorf("the reply %q", line)
	}
	text := make([]byte, size+2)
	if _, err := io.ReadFull(r.replies, text); err != nil {
		return "", false, err
	}
	return string(text[:size]), true, nil
}

// perform does one operation. The answer is ok with a value, or fail: it had no effect.
func perform(r *redis, q request) (answer, error) {
	key := "register-" + string(q.Key)
	switch q.F {
	case "read":
		text, found, err := r.call("GET", key)
		value := json.RawMessage(text)
		if !found {
			value = json.RawMessage("null")
		}
		return answer{Type: "ok", Value: &value}, err
	case "write":
		_, _, err := r.call("SET", key, string(q.Value))
		return answer{Type: "ok"}, err
	case "cas":
		var pair [2]json.RawMessage
		if err := json.Unmarshal(q.Value, &pair); err != nil {
			return answer{Type: "fail", Error: err.Error()}, nil
		}
		old := string(pair[0])
		if old == "null" {
			old = ""
		}
		done, _, err := r.call("EVAL", cas, "1", key, old, string(pair[1]))
		if done == "0" {
			return answer{Type: "fail", Error: "another value"}, err
		}
		return answer{Type: "ok"}, err
	}
	return answer{Type: "fail", Error: "unknown function " + q.F}, nil
}

// A client answers one request after another.
type client struct {
	address string
	redis   *redis // nil if there is no connection
}

// answer performs an operation, and says what is certain.
func (c *client) answer(q request) answer {
	if c.redis == nil {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			return answer{Type: "fail", Error: "no connection: " + err.Error()} // nothing was sent
		}
		c.redis = &redis{conn, bufio.NewReader(conn)}
	}
	a, err := perform(c.redis, q)
	var refused refusal
	switch {
	case err == nil:
		return a
	case errors.As(err, &refused):
		return answer{Type: "fail", Error: err.Error()}
	}
	c.redis = nil
	// The request may have arrived. A read changes nothing, so that it failed is certain; of anything else nobody knows
	// whether it happened, or will.
	if q.F == "read" {
		return answer{Type: "fail", Error: err.Error()}
	}
	return answer{Type: "info", Error: err.Error()}
}

func main() {
	var c client
	requests, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q request
		if err := requests.Decode(&q); err != nil || q.Type == "close" {
			return
		}
		if q.Type == "open" {
			host, port := q.Address, q.Options.Port
			if host == "" {
				host = q.Node
			}
			if port == 0 {
				port = 6379
			}
			c.address = net.JoinHostPort(host, strconv.Itoa(port))
			continue
		}
		a := c.answer(q)
		a.ID = q.ID
		if err := answers.Encode(a); err != nil {
			return // nobody listens
		}
	}
}
