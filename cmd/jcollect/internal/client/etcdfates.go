package client

// etcdFates is what etcd's errors mean: by the text if it has a row, else by the code of gRPC, else by the status of HTTP.
func etcdFates() fateTable {
	return fateTable{name: "etcd", doc: "etcd, by the text of the error, else by its gRPC code, else by the HTTP status", rows: []fate{
		{"etcdserver: too many requests", never, "the request was refused before it was proposed"},
		{"etcdserver: request is too large", never, "the request was refused before it was proposed"},
		{"etcdserver: mvcc: database space exceeded", maybe, "the quota is used up; etcd says so before it proposes a write, and also after it applied one"},
		{"etcdserver: rpc not supported for learner", never, "the node is no voter, and serves no requests"},
		{"etcdserver: leader changed", maybe, "the request may reach the new leader, too"},
		{"etcdserver: request timed out", maybe, "it may be applied later"},
		{"etcdserver: server stopped", maybe, "it may have been proposed before"},
		{"1", maybe, "CANCELLED"},
		{"2", maybe, "UNKNOWN"},
		{"3", never, "INVALID_ARGUMENT: the request is malformed"},
		{"4", maybe, "DEADLINE_EXCEEDED"},
		{"5", never, "NOT_FOUND"},
		{"6", never, "ALREADY_EXISTS"},
		{"7", never, "PERMISSION_DENIED"},
		{"8", maybe, "RESOURCE_EXHAUSTED: refused, or an answer that is too large"},
		{"9", never, "FAILED_PRECONDITION"},
		{"10", maybe, "ABORTED"},
		{"11", never, "OUT_OF_RANGE: the revision was compacted, or isn't there yet"},
		{"12", never, "UNIMPLEMENTED"},
		{"13", maybe, "INTERNAL"},
		{"14", maybe, "UNAVAILABLE: lost leaders and lost connections, before or after the request was proposed"},
		{"15", maybe, "DATA_LOSS"},
		{"16", never, "UNAUTHENTICATED"},
		{"HTTP 4*", never, "the gateway has no such path or method"},
		{"HTTP 408", maybe, "the gateway gave up"},
		{"HTTP 5*", maybe, "an error inside the gateway"},
	}}
}
