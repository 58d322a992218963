package client

import (
	"context"
	"net"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// redisPrefix begins all keys of ours; Teardown removes what begins so.
const redisPrefix = "jcollect:"

// A redisDriver opens sessions to Redis: to the process's own node, or to whom that node's Sentinel calls primary.
type redisDriver struct {
	plan redisPlan
	load load
	ops  map[string]op[redisCall]
}

// address finds whom to talk to.
func (d *redisDriver) address(ctx context.Context, p Process) (string, error) {
	own := d.plan.address(p)
	if d.plan.master == "" || d.plan.via == "node" {
		return own, nil
	}
	host, _, err := net.SplitHostPort(own)
	if err != nil {
		return "", err
	}
	c, err := openResp(ctx, net.JoinHostPort(host, strconv.Itoa(d.plan.sentinelPort)), nil)
	if err != nil {
		return "", err
	}
	defer c.close()
	r, err := c.one(ctx, "SENTINEL", "get-master-addr-by-name", d.plan.master)
	if err != nil {
		return "", err
	}
	at, ok := r.texts()
	if !ok || len(at) != 2 {
		return "", fail("no-client", "the sentinel of "+p.Node+" knows no primary named "+strconv.Quote(d.plan.master))
	}
	return net.JoinHostPort(at[0], at[1]), nil
}

// connect opens a connection and says who we are.
func (d *redisDriver) connect(ctx context.Context, p Process) (*respConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	addr, err := d.address(ctx, p)
	if err != nil {
		return nil, err
	}
	c, err := openResp(ctx, addr, d.plan.tls)
	if err != nil {
		return nil, err
	}
	var hello [][]string
	if d.plan.password != "" {
		words := []string{"AUTH"}
		if d.plan.user != "" {
			words = append(words, d.plan.user)
		}
		hello = append(hello, append(words, d.plan.password))
	}
	if d.plan.database != 0 {
		hello = append(hello, []string{"SELECT", strconv.Itoa(d.plan.database)})
	}
	if len(hello) == 0 {
		return c, nil
	}
	if _, err := c.do(ctx, hello...); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// Open begins a session.
func (d *redisDriver) Open(ctx context.Context, p Process) (Session, error) {
	logs := &consumer{at: make(map[string]int64)}
	s := &linkSession[redisCall]{object: d.load.object, ops: d.ops, stale: d.stale, open: func(ctx context.Context) (redisCall, error) {
		c, err := d.connect(ctx, p)
		return redisCall{c, d.plan, logs}, err
	}}
	return d.load.inOrder(s.begin(ctx))
}

// stale tells whether an answer means that another node is to be asked next time.
func (d *redisDriver) stale(f *failure) bool {
	return d.plan.master != "" && f.words[0] == "redis" && (f.words[1] == "READONLY" || f.words[1] == "MASTERDOWN")
}

// Setup makes the accounts of a bank; everything else makes itself.
func (d *redisDriver) Setup(ctx context.Context, p Process) error {
	if d.load.object != "bank" {
		return nil
	}
	c, err := d.connect(ctx, p)
	if err != nil {
		return err
	}
	defer c.close()
	var commands [][]string
	for _, account := range d.load.accounts() {
		commands = append(commands, []string{"SET", redisKey("bank", &account.name), strconv.FormatInt(account.balance, 10)})
	}
	_, err = c.do(ctx, commands...)
	return err
}

// Teardown removes our keys.
func (d *redisDriver) Teardown(ctx context.Context, p Process) error {
	c, err := d.connect(ctx, p)
	if err != nil {
		return err
	}
	defer c.close()
	cursor := "0"
	for {
		r, err := c.one(ctx, "SCAN", cursor, "MATCH", redisPrefix+"*", "COUNT", "1000")
		if err != nil {
			return err
		}
		if len(r.items) != 2 {
			return &garbageError{"no answer to SCAN"}
		}
		keys, ok := r.items[1].texts()
		if !ok {
			return &garbageError{"no answer to SCAN"}
		}
		if len(keys) > 0 {
			if _, err := c.one(ctx, append([]string{"DEL"}, keys...)...); err != nil {
				return err
			}
		}
		if cursor = r.items[0].text; cursor == "0" {
			return nil
		}
	}
}

// redisKey is the key of an object: its kind, and which of that kind; nil if there is one only.
func redisKey(kind string, key *history.Value) string {
	if key == nil {
		return redisPrefix + kind
	}
	return redisPrefix + kind + ":" + stored(*key)
}

// redisCell is the key of one of several objects that a call is about.
func redisCell(kind string, c Call, key history.Value) string {
	return redisPrefix + kind + ":" + cell(c, key)
}

// stored is a value as databases keep it: EDN, which comes back as it was.
func stored(v history.Value) string { return string(edn.Append(nil, v)) }

// restored is the value that a database kept. What we didn't write is a text.
func restored(text string) history.Value {
	v, rest, err := edn.Parse([]byte(text))
	if err != nil || strings.TrimSpace(text[rest:]) != "" {
		return edn.NewString(text)
	}
	return v
}
