package agent

// A Probes is what a node can do. What was tried was tried in a network namespace of its own, which changes nothing.
type Probes struct {
	Root     bool   `json:"root"`
	OS       string `json:"os"`      // ID of /etc/os-release: debian, ...
	OSName   string `json:"os_name"` // as people call it
	Kernel   string `json:"kernel"`
	Arch     string `json:"arch"`
	Hostname string `json:"hostname"`
	CPUs     int    `json:"cpus"`

	// Words on why not; "" if the node can.
	Iptables  string `json:"iptables,omitempty"`
	Ip6tables string `json:"ip6tables,omitempty"`
	Nft       string `json:"nft,omitempty"`
	Statistic string `json:"statistic,omitempty"` // iptables -m statistic: loss without netem
	NFQueue   string `json:"nfqueue,omitempty"`   // delay without netem
	Netem     string `json:"netem,omitempty"`
	Clock     string `json:"clock,omitempty"` // setting it, without setting other machines' clocks
	Fuse      string `json:"fuse,omitempty"`
	DMFlakey  string `json:"dm_flakey,omitempty"`

	IptablesKind string   `json:"iptables_kind,omitempty"` // "nf_tables" or "legacy"
	Device       string   `json:"device,omitempty"`        // the first network device but lo that is up
	Devices      []string `json:"devices,omitempty"`
	Tools        []string `json:"tools,omitempty"` // those asked for that are there
	Missing      []string `json:"missing,omitempty"`
	FreeBytes    int64    `json:"free_bytes"` // of the disk that has the agent's folder
	DiskKind     string   `json:"disk_kind"`  // its file system
	UnixNano     int64    `json:"unix_nano"`  // what the clock shows
	Boot         string   `json:"boot"`       // names the kernel that runs
	InContainer  bool     `json:"in_container"`
}

// Probe is the request: programs to look for besides those that the agent's own faults need.
type Probe struct {
	Tools []string `json:"tools,omitempty"`
}
