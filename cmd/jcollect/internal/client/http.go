package client

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"jcheck/history"
)

// A httpDriver opens sessions to a service whose requests the plan describes.
type httpDriver struct {
	plan httpPlan
}

// session is one connection of a process, opened anew by the next call after it ended.
func (d *httpDriver) session(p Process) *linkSession[*httpConn] {
	ops := make(map[string]op[*httpConn], len(d.plan.operations))
	for f, o := range d.plan.operations {
		ops[f] = op[*httpConn]{func(Call) bool { return o.reads }, func(ctx context.Context, conn *httpConn, c Call) (history.Value, error) {
			return d.perform(ctx, conn, p, o, c)
		}}
	}
	return &linkSession[*httpConn]{object: "service that the plan describes (hint: client operations)", ops: ops,
		open: func(ctx context.Context) (*httpConn, error) { return openHTTP(ctx, d.plan.address(p), d.plan.tls) }}
}

// Open begins a session.
func (d *httpDriver) Open(ctx context.Context, p Process) (Session, error) {
	return d.session(p).begin(ctx)
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
	s := d.session(p)
	defer s.drop()
	for _, o := range ops {
		conn, err := s.connection(ctx)
		if err != nil {
			return err
		}
		if _, err := d.perform(ctx, conn, p, o, Call{F: f}); err != nil {
			return err
		}
	}
	return nil
}

// perform sends a request and judges its answer.
func (d *httpDriver) perform(ctx context.Context, conn *httpConn, p Process, o httpOp, c Call) (history.Value, error) {
	t := filler{call: c, proc: p}
	target, body := t.fill(o.path, "url"), t.fill(o.body, "json")
	header := make(http.Header)
	for _, h := range slices.Concat(d.plan.headers, o.headers) {
		header.Add(h.name, t.fill(h.value, "text"))
	}
	if t.err != nil {
		return c.Value, t.err
	}
	if d.plan.password != "" {
		header.Set("Authorization", d.plan.authorization())
	}
	r, err := conn.do(ctx, o.method, target, header, []byte(body))
	if err != nil {
		return c.Value, err
	}
	return o.judge(r, c)
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
