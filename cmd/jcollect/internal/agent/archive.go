package agent

// Unpack is the request to unpack an archive that lies on the node: tar, plain or packed with gzip, bzip2 or xz, or zip,
// by what is in it, whatever its name says. A single folder at its top becomes To itself.
type Unpack struct {
	Archive string `json:"archive"`
	To      string `json:"to"`
	Owner   string `json:"owner,omitempty"`  // user that gets the files; "" is the agent's
	SHA256  string `json:"sha256,omitempty"` // checksum in hex; "" takes any
}

// Unpacked is the answer: what was written.
type Unpacked struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}
