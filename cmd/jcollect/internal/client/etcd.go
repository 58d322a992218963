package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"jcheck/cmd/jcollect/internal/plan"
)

// etcdPrefix begins all keys of ours; Teardown removes what begins so.
const etcdPrefix = "jcollect/"

// unauthenticated is the code of gRPC for a token that isn't known.
const unauthenticated = "16"

// An etcdPlan is the section of a client etcd.
type etcdPlan struct {
	endpoint
	api          string
	serializable bool
}

// etcdObjects are what a client etcd can hold.
func etcdObjects() []string {
	return []string{"register", "set", "counter", "queue", "append", "rw-register", "unique-ids", "bank", "monotonic", "mutex"}
}

// etcdKind is the row of etcd.
func etcdKind() Kind {
	return Kind{
		Name: "etcd", Doc: "etcd version 3, by its JSON gateway",
		Workloads: workloadsOf(etcdObjects()...),
		Options: func() ([]plan.Field, Maker) {
			o := etcdPlan{endpoint: endpoint{port: 2379}, api: "/v3"}
			rows := append(o.fields("2379", etcdObjects()),
				plan.Field{Key: "serializable", Doc: "true: the node answers reads by itself, from what it has (false)", Read: plan.Bool(&o.serializable)},
				plan.Field{Key: "api", Doc: "the path of the gateway (/v3; /v3beta of etcd 3.3)", Read: plan.Str(&o.api)},
			)
			return rows, func(u Use) (Driver, error) { return newEtcd(o, u) }
		},
	}
}

// newEtcd makes the driver.
func newEtcd(o etcdPlan, u Use) (Driver, error) {
	if err := o.prepare(u); err != nil {
		return nil, err
	}
	l, err := loadOf(u, o.object, etcdObjects())
	if err != nil {
		return nil, err
	}
	return &etcdDriver{plan: o, load: l, ops: etcdOps(l)}, nil
}

// An etcdDriver opens sessions to etcd: one connection to one node, so that nothing is asked of another node by itself.
type etcdDriver struct {
	plan etcdPlan
	load load
	ops  map[string]op[*etcdConn]
}

// An etcdConn is a connection, and who we are on it.
type etcdConn struct {
	*httpConn
	plan   *etcdPlan
	header http.Header
}

// connect opens a connection.
func (d *etcdDriver) connect(ctx context.Context, p Process) (*etcdConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	h, err := openHTTP(ctx, d.plan.address(p), d.plan.tls)
	if err != nil {
		return nil, err
	}
	c := &etcdConn{h, &d.plan, http.Header{"Content-Type": {"application/json"}}}
	if d.plan.password == "" {
		return c, nil
	}
	var got struct{ Token string }
	if err := c.ask(ctx, "/auth/authenticate", map[string]string{"name": d.plan.user, "password": d.plan.password}, &got); err != nil {
		c.close()
		return nil, err
	}
	c.header.Set("Authorization", got.Token)
	return c, nil
}

// ask sends a request of the gateway, and reads its answer into reply.
func (c *etcdConn) ask(ctx context.Context, path string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return refuse("malformed", err.Error())
	}
	r, err := c.do(ctx, http.MethodPost, c.plan.api+path, c.header, body)
	if err != nil {
		return err
	}
	if r.status != http.StatusOK {
		return etcdError(r)
	}
	if err := json.Unmarshal(r.body, reply); err != nil {
		return perhaps("garbage", fmt.Sprintf("no answer of etcd: %.200s", err))
	}
	return nil
}

// etcdError is the failure that the gateway told of.
func etcdError(r httpReply) *failure {
	var said struct {
		Error, Message string
		Code           int
	}
	t := etcdFates()
	if err := json.Unmarshal(r.body, &said); err != nil || said.Code == 0 {
		return t.said("HTTP "+strconv.Itoa(r.status), string(r.body))
	}
	text := said.Message
	if text == "" {
		text = said.Error
	}
	f := t.said(strconv.Itoa(said.Code), text)
	if own, ok := t.row(text); ok {
		f.class = own.class
	}
	return f
}

// Open begins a session.
func (d *etcdDriver) Open(ctx context.Context, p Process) (Session, error) {
	s := &linkSession[*etcdConn]{object: d.load.object, ops: d.ops, stale: oldToken, open: func(ctx context.Context) (*etcdConn, error) {
		return d.connect(ctx, p)
	}}
	return d.load.inOrder(s.begin(ctx))
}

// oldToken tells of a token that etcd doesn't know any more: the next connection shows the password again.
func oldToken(f *failure) bool { return f.words[0] == "etcd" && f.words[1] == unauthenticated }

// Setup makes the accounts of a bank; everything else makes itself.
func (d *etcdDriver) Setup(ctx context.Context, p Process) error {
	if d.load.object != "bank" {
		return nil
	}
	c, err := d.connect(ctx, p)
	if err != nil {
		return err
	}
	defer c.close()
	for _, a := range d.load.accounts() {
		if _, err := c.txn(ctx, etcdTxn{then: []etcdRequest{etcdPut(etcdKey("bank", &a.name), decimal(a.balance))}}); err != nil {
			return err
		}
	}
	return nil
}

// Teardown removes our keys.
func (d *etcdDriver) Teardown(ctx context.Context, p Process) error {
	c, err := d.connect(ctx, p)
	if err != nil {
		return err
	}
	defer c.close()
	_, err = c.txn(ctx, etcdTxn{then: []etcdRequest{etcdDelete(etcdPrefix, true)}})
	return err
}
