package client

import (
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

// redisObjects are what client redis can hold.
func redisObjects() []string {
	return []string{"register", "set", "counter", "queue", "append", "rw-register", "unique-ids", "bank", "monotonic", "mutex", "log"}
}

// A redisPlan is the section of a client redis.
type redisPlan struct {
	endpoint
	database     int
	master       string // what Sentinel calls the primary; "" without Sentinel
	sentinelPort int
	via          string // sentinel or node
	set          string // set or list
	txn          string // multi or lua
	waitReplicas int
	waitTimeout  time.Duration
}

// redisKind is the row of Redis.
func redisKind() Kind {
	return Kind{
		Name: "redis", Doc: "Redis, alone or with Sentinel",
		Workloads: workloadsOf(redisObjects()...),
		Options: func() ([]plan.Field, Maker) {
			o := redisPlan{endpoint: endpoint{port: 6379}, sentinelPort: 26379, via: "sentinel", set: "set", txn: "multi", waitTimeout: time.Second}
			rows := append(o.fields("6379", redisObjects()),
				plan.Field{Key: "database", Doc: "which database (0)", Read: plan.Int(&o.database, 0, 1<<20)},
				plan.Field{Key: "sentinel", Doc: "{master: NAME, port: 26379}: Sentinel tells who is the primary", Read: o.readSentinel},
				plan.Field{Key: "via", Doc: "sentinel: talk to whom the node's sentinel calls primary; node: to the node itself (sentinel)", Read: plan.OneOf(&o.via, "sentinel", "node")},
				plan.Field{Key: "set", Doc: "what a set is kept in: set, list (set)", Read: plan.OneOf(&o.set, "set", "list")},
				plan.Field{Key: "txn", Doc: "how transactions and cas are done: multi (MULTI, WATCH), lua (a script) (multi)", Read: plan.OneOf(&o.txn, "multi", "lua")},
				plan.Field{Key: "wait", Doc: "{replicas: N, timeout: 1s}: a write is unknown until N replicas have it", Read: o.readWait},
			)
			return rows, func(u Use) (Driver, error) { return newRedis(o, u) }
		},
	}
}

// readSentinel reads the key sentinel.
func (o *redisPlan) readSentinel(n *plan.Node, p *plan.Problems) {
	n.Fields(p, "client sentinel",
		plan.Field{Key: "master", Doc: "what Sentinel calls the primary", Required: true, Read: plan.Str(&o.master)},
		plan.Field{Key: "port", Doc: "Sentinel's port (26379)", Read: plan.Int(&o.sentinelPort, 1, 65535)},
	)
}

// readWait reads the key wait.
func (o *redisPlan) readWait(n *plan.Node, p *plan.Problems) {
	n.Fields(p, "client wait",
		plan.Field{Key: "replicas", Doc: "how many", Required: true, Read: plan.Int(&o.waitReplicas, 1, 1000)},
		plan.Field{Key: "timeout", Doc: "how long to wait for them (1s)", Read: plan.Duration(&o.waitTimeout)},
	)
}

// newRedis makes the driver.
func newRedis(o redisPlan, u Use) (Driver, error) {
	if err := o.prepare(u); err != nil {
		return nil, err
	}
	l, err := loadOf(u, o.object, redisObjects())
	if err != nil {
		return nil, err
	}
	return &redisDriver{plan: o, load: l, ops: redisOps(l)}, nil
}
