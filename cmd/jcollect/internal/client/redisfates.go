package client

// Where an error of Redis stands matters as much as its code.
const (
	inScript = "(in a script)"
	inExec   = "(inside EXEC)"
	inPart   = "(beside others)"
)

// redisFates is what the errors of Redis, its Sentinel and its Cluster mean.
func redisFates() fateTable {
	return fateTable{name: "redis", doc: "Redis, by the first word of the error", rows: []fate{
		{"ERR", never, "the command was refused before it ran: unknown, wrong arguments, no integer, too many clients"},
		{"WRONGTYPE", never, "the key holds something else, and was left alone"},
		{inScript, maybe, "ERR or WRONGTYPE from inside a script: what the script did before stays done"},
		{inExec, maybe, "an error beside other answers of a MULTI: the other commands happened"},
		{inPart, maybe, "any error while another command of the request was performed: a refused WAIT behind a write, a refused MULTI before one"},
		{"EXECABORT", never, "a command of the MULTI was refused, so none ran"},
		{"READONLY", never, "the node is a replica"},
		{"MASTERDOWN", never, "the node is a replica without a primary"},
		{"LOADING", never, "the node is still reading its files"},
		{"MISCONF", never, "the node can't save to disk and takes no writes"},
		{"NOREPLICAS", never, "too few replicas are connected; this is checked before the command runs"},
		{"OOM", never, "the memory limit is reached"},
		{"BUSY", never, "another client's script is running"},
		{"NOSCRIPT", never, "the script isn't there"},
		{"NOAUTH", never, "no password was given"},
		{"WRONGPASS", never, "the password is wrong"},
		{"NOPERM", never, "the user may not do this"},
		{"DENIED", never, "protected mode: the server takes no clients from elsewhere"},
		{"MOVED", never, "another node of the Redis Cluster has the key"},
		{"ASK", never, "the key is on its way to another node"},
		{"TRYAGAIN", never, "the keys are on their way to another node"},
		{"CROSSSLOT", never, "the keys belong to several nodes of the Redis Cluster"},
		{"CLUSTERDOWN", never, "the Redis Cluster doesn't serve the key now"},
		{"NOGOODSLAVE", never, "Sentinel has nobody to make primary"},
		{"NOQUORUM", never, "Sentinel is too lonely to decide"},
		{"WAIT", maybe, "fewer replicas have the write than the plan wants: it is done, and may be lost (told by the client)"},
		{"UNKILLABLE", maybe, "a script that has written can't be ended"},
		{"UNBLOCKED", maybe, "a waiting command was ended from outside"},
	}}
}
