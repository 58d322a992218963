package agent

// Port is the request to wait until a TCP port takes connections, or, without an address, whether a daemon is still there
// after the time.
type Port struct {
	Addr    string `json:"addr,omitempty"` // host:port, as the node sees it
	Timeout int64  `json:"timeout_ms"`
	Daemon  string `json:"daemon,omitempty"` // give up at once when this daemon has ended
}
