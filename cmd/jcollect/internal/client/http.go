package client

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"jcheck/history"
)

// A httpDriver opens sessions to a service whose requests the plan describes.
type httpDriver struct {
	plan httpPlan
}

// A httpSession is one connection, opened anew by the next call after it ended.
type httpSession struct {
	driver *httpDriver
	proc   Process

	mu     sync.Mutex // Close may come while a call hangs
	conn   *httpConn  // nil if there is none now
	closed bool
}

// Open begins a session.
func (d *httpDriver) Open(ctx context.Context, p Process) (Session, error) {
	s := &httpSession{driver: d, proc: p}
	_, err := s.connection(ctx)
	return s, err
}

// connection is the one that there is, if it can be used, or a new one.
func (s *httpSession) connection(ctx context.Context) (*httpConn, error) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil && conn.usable() {
		return conn, nil
	}
	s.drop()
	conn, err := openHTTP(ctx, s.driver.plan.address(s.proc), s.driver.plan.tls)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.close()
		return nil, errClosed
	}
	s.conn = conn
	return conn, nil
}

// Setup and Teardown send the requests that the plan has for them.
func (d *httpDriver) Setup(ctx context.Context, p Process) error {
	return d.all(ctx, p, "setup", d.plan.setup)
}

// Teardown sends the plan's requests.
func (d *httpDriver) Teardown(ctx context.Context, p Process) error {
	return d.all(ctx, p, "teardown", d.plan.teardown)
}

// all sends requests that belong to no operation; each must be answered as the plan wants.
func (d *httpDriver) all(ctx context.Context, p Process, f string, ops []httpOp) error {
	if len(ops) == 0 {
		return nil
	}
	opened, err := d.Open(ctx, p)
	if err != nil {
		return err
	}
	s := opened.(*httpSession)
	defer s.drop()
	for _, op := range ops {
		if _, err := s.perform(ctx, op, Call{F: f}); err != nil {
			return err
		}
	}
	return nil
}

// Invoke performs one operation.
func (s *httpSession) Invoke(ctx context.Context, c Call) Outcome {
	op, ok := s.driver.plan.operations[c.F]
	if !ok {
		return finish(true, history.Value{}, unknownCall(c, "service that the plan describes (hint: client operations)"))
	}
	v, err := s.perform(ctx, op, c)
	return finish(op.reads, v, err)
}

// perform sends a request and judges its answer.
func (s *httpSession) perform(ctx context.Context, op httpOp, c Call) (history.Value, error) {
	t := filler{call: c, proc: s.proc}
	target, body := t.fill(op.path, "url"), t.fill(op.body, "json")
	header := make(http.Header)
	for _, h := range append(s.driver.plan.headers[:len(s.driver.plan.headers):len(s.driver.plan.headers)], op.headers...) {
		header.Add(h.name, t.fill(h.value, "text"))
	}
	if t.err != nil {
		return c.Value, t.err
	}
	if s.driver.plan.password != "" {
		header.Set("Authorization", s.driver.plan.authorization())
	}
	conn, err := s.connection(ctx)
	if err != nil {
		return c.Value, fail("no-client", err.Error())
	}
	r, err := conn.do(ctx, op.method, target, header, []byte(body))
	if err != nil {
		if !asFailure(err).answered {
			s.drop()
		}
		return c.Value, err
	}
	return op.judge(r, c)
}

// judge is what an answer means: what the plan says of its status, else what the table does.
func (op httpOp) judge(r httpReply, c Call) (history.Value, error) {
	status := strconv.Itoa(r.status)
	switch {
	case op.absent.has(r.status):
		return history.Value{}, nil
	case op.ok.has(r.status):
		if op.value == "" {
			return c.Value, nil
		}
		v, err := picked(r.body, op.value)
		if err != nil {
			return c.Value, perhaps("garbage", err.Error())
		}
		return v, nil
	case op.fail.has(r.status):
		return c.Value, refuse("http", status, string(r.body))
	case op.info.has(r.status):
		return c.Value, &failure{words: []string{"http", status, string(r.body)}, answered: true}
	}
	return c.Value, httpFates().said(status, string(r.body))
}

// drop ends the connection.
func (s *httpSession) drop() {
	s.mu.Lock()
	conn := s.conn
	s.conn = nil
	s.mu.Unlock()
	if conn != nil {
		conn.close()
	}
}

// Close ends the session.
func (s *httpSession) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.drop()
	return nil
}

// httpFates is what statuses mean where the plan doesn't say.
func httpFates() fateTable {
	return fateTable{name: "http", doc: "A service over HTTP, by status, where the plan doesn't say otherwise (`ok`, `fail`, `info`, `absent` of an operation)", rows: []fate{
		{"3*", maybe, "redirections are not followed; 301, 302 and 303 often come after the request was performed"},
		{"304", never, "nothing was to be done"},
		{"307", never, "the request is to be sent elsewhere: it was not performed here"},
		{"308", never, "the request is to be sent elsewhere: it was not performed here"},
		{"4*", never, "the service refused the request"},
		{"408", maybe, "the service gave up waiting"},
		{"499", maybe, "a proxy saw the client leave"},
		{"5*", maybe, "an error inside the service, before or after the request was performed"},
		{"501", never, "the service doesn't know the method"},
		{"505", never, "the service doesn't know this version of HTTP"},
	}}
}
