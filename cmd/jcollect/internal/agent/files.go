package agent

// Paths is the request to list files: paths and patterns (path.Match). A folder stands for all plain files below it.
type Paths struct {
	Paths []string `json:"paths"`
}

// Listed is the answer: plain files, sorted, and which of the paths name nothing.
type Listed struct {
	Files   []ListedFile `json:"files"`
	Missing []string     `json:"missing,omitempty"`
	More    int          `json:"more,omitempty"` // files beyond the limit
}

// A ListedFile is one of them.
type ListedFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}
