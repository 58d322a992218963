package client

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
)

// A httpPlan is the section of a client http.
type httpPlan struct {
	endpoint
	headers         []httpHeader
	operations      map[string]httpOp
	setup, teardown []httpOp
}

// A httpHeader is a header whose value is a template.
type httpHeader struct{ name, value string }

// A httpOp is how an operation is asked for, and how its answer is read.
type httpOp struct {
	method, path, body     string
	headers                []httpHeader
	ok, fail, info, absent statuses
	value                  string // where the answer has the operation's value; "" if the invocation's is kept
	reads                  bool
}

// statuses are some of HTTP's, by their number, or 4xx for all that begin so.
type statuses []string

// has tells whether a status is one of them.
func (s statuses) has(status int) bool {
	text := strconv.Itoa(status)
	return slices.ContainsFunc(s, func(want string) bool { return want == text || want == text[:1]+"xx" })
}

// httpKind is the row of services over HTTP.
func httpKind() Kind {
	return Kind{Name: "http", Doc: "any service over HTTP, whose requests the plan describes", Options: func() ([]plan.Field, Maker) {
		o := httpPlan{operations: make(map[string]httpOp)}
		var rows []plan.Field
		for _, f := range o.fields("80, or 443 with tls", nil) {
			if f.Key != "object" {
				rows = append(rows, f)
			}
		}
		rows = append(rows,
			plan.Field{Key: "headers", Doc: "{NAME: VALUE} of every request", Read: readHeaders(&o.headers)},
			plan.Field{Key: "operations", Doc: "{F: {method, path, headers, body, ok, fail, info, absent, value, reads}}", Required: true, Read: o.readOperations},
			plan.Field{Key: "setup", Doc: "requests before the first operation", Read: readRequests(&o.setup)},
			plan.Field{Key: "teardown", Doc: "requests before setup, and after the last operation", Read: readRequests(&o.teardown)},
		)
		return rows, func(u Use) (Driver, error) { return newHTTP(o, u) }
	}}
}

// newHTTP makes the driver.
func newHTTP(o httpPlan, u Use) (Driver, error) {
	if err := o.prepare(u); err != nil {
		return nil, err
	}
	if o.port == 0 {
		o.port = 80
		if o.tls != nil {
			o.port = 443
		}
	}
	return &httpDriver{plan: o}, nil
}

// readOperations reads an operation for each f.
func (o *httpPlan) readOperations(n *plan.Node, p *plan.Problems) {
	if n.Kind != plan.Map || len(n.Pairs) == 0 {
		p.Add(n.Pos, "operations: {read: {path: \"/{{key}}\"}}", "client operations is %s, want a map of operations", n.Kind)
		return
	}
	for _, pair := range n.Pairs {
		op := readRequest(pair.Value, p, "operation "+pair.Key)
		if pair.Key == "read" && op.value == "" && op.path != "" {
			p.Add(pair.Pos, "value: . for all of the answer, or a path into it", "a read whose value nobody looks for is always nil")
		}
		o.operations[pair.Key] = op
	}
}

// readRequests reads a list of requests.
func readRequests(list *[]httpOp) func(*plan.Node, *plan.Problems) {
	return plan.Each(func(n *plan.Node, p *plan.Problems) { *list = append(*list, readRequest(n, p, "request")) })
}

// readRequest reads one.
func readRequest(n *plan.Node, p *plan.Problems, what string) httpOp {
	op := httpOp{method: http.MethodGet, ok: statuses{"2xx"}}
	said := false
	n.Fields(p, what,
		plan.Field{Key: "method", Doc: "GET, PUT, POST, DELETE, PATCH, HEAD (GET)", Read: plan.OneOf(&op.method, "GET", "PUT", "POST", "DELETE", "PATCH", "HEAD")},
		plan.Field{Key: "path", Doc: "a template: /kv/{{key}}", Required: true, Read: readPath(&op.path)},
		plan.Field{Key: "headers", Doc: "{NAME: VALUE}, templates", Read: readHeaders(&op.headers)},
		plan.Field{Key: "body", Doc: `a template: {"v": {{value}}}`, Read: readTemplate(&op.body)},
		plan.Field{Key: "ok", Doc: "statuses of success ([2xx])", Read: readStatuses(&op.ok)},
		plan.Field{Key: "fail", Doc: "statuses that say that nothing happened", Read: readStatuses(&op.fail)},
		plan.Field{Key: "info", Doc: "statuses that leave it open", Read: readStatuses(&op.info)},
		plan.Field{Key: "absent", Doc: "statuses that say that there is nothing, which is a value, too: nil", Read: readStatuses(&op.absent)},
		plan.Field{Key: "value", Doc: "where the value is in the answer: a.b.0, . for all of it, text for all of it as a text", Read: plan.Str(&op.value)},
		plan.Field{Key: "reads", Doc: "true: it changes nothing, so that its errors are all definite (of GET and HEAD)", Read: func(n *plan.Node, p *plan.Problems) {
			said = true
			plan.Bool(&op.reads)(n, p)
		}},
	)
	if !said {
		op.reads = op.method == http.MethodGet || op.method == http.MethodHead
	}
	return op
}

// readTemplate reads a text with slots.
func readTemplate(text *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(text)(n, p)
		if err := checkTemplate(*text); err != nil {
			p.Add(n.Pos, "", "%v", err)
		}
	}
}

// readPath reads a template that begins with a slash.
func readPath(text *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		readTemplate(text)(n, p)
		if n.Kind == plan.Scalar && !strings.HasPrefix(*text, "/") {
			p.Add(n.Pos, "host and port have keys of their own", "the path %q doesn't begin with /", *text)
		}
	}
}

// readHeaders reads a map of templates.
func readHeaders(list *[]httpHeader) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		if n.Kind != plan.Map {
			p.Add(n.Pos, "headers: {Accept: application/json}", "headers is %s, want a map", n.Kind)
			return
		}
		for _, pair := range n.Pairs {
			h := httpHeader{name: pair.Key}
			if strings.ContainsAny(h.name, " :\r\n\t") || h.name == "" {
				p.Add(pair.Pos, "", "%q can't be the name of a header", h.name)
			}
			readTemplate(&h.value)(pair.Value, p)
			*list = append(*list, h)
		}
	}
}

// readStatuses reads 200, 4xx, or a list of such.
func readStatuses(s *statuses) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var list []string
		plan.Strs(&list)(n, p)
		for _, text := range list {
			if len(text) != 3 || text[0] < '1' || text[0] > '5' || text[1:] != "xx" && strings.Trim(text, "0123456789") != "" {
				p.Add(n.Pos, "404, or 4xx", "%q is no status of HTTP", text)
			}
		}
		*s = list
	}
}
