package agent

// Fill is the request to fill the disk that a folder lies on, with one file in that folder, until only Free bytes are
// left. What is reserved for root counts as free: a database may run as root.
type Fill struct {
	ID     string `json:"id"` // safe to use again: the file is extended
	Dir    string `json:"dir"`
	Free   int64  `json:"free_bytes"`
	Max    int64  `json:"max_bytes"`        // the file never gets longer; 0 is DefaultMaxFill
	Shared bool   `json:"shared,omitempty"` // fill it although others may use the same disk
}

// DefaultMaxFill is how long the file gets that fills a disk if nothing else is said.
const DefaultMaxFill = 64 << 30

// Filled is the answer to fill and unfill.
type Filled struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`      // of the file
	Free  int64  `json:"free_bytes"` // what is left
}
