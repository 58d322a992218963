package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// part is one of the files that an input was put together of, and where it begins.
type part struct {
	from int64
	name string
}

// reportName is the file that holds what one client of etcd's robustness tests did.
const reportName = "operations.json"

// reportFiles are the clients' files in a folder of etcd's robustness tests.
func reportFiles(dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "client-*", reportName))
	if err != nil {
		return nil // the folder's name is no pattern, so it isn't one of theirs
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return files
}

// openReport reads the files of all clients as one history.
func openReport(ctx context.Context, dir string, files []string, o Options) (*History, error) {
	var text []byte
	for _, name := range files {
		o.files = append(o.files, part{int64(len(text)), name})
		in, err := load(ctx, name, o)
		if err == nil && int64(len(text)+len(in.data)) > o.maxBytes() {
			err = errors.New("the clients' files are too large together")
		}
		if err != nil {
			return nil, in.fail(unreadable(name, err))
		}
		text = append(append(text, in.data...), '\n')
		if err := in.close(); err != nil {
			return nil, unreadable(name, err)
		}
	}
	return read(ctx, dir, input{data: text}, o)
}

// loneClient says so if a file is one of several clients': what others wrote isn't in it, so it is no history.
func loneClient(path string) error {
	client := filepath.Dir(path)
	if filepath.Base(path) != reportName {
		return nil
	}
	all := filepath.Dir(client)
	if files := reportFiles(all); len(files) > 1 && slices.Contains(files, filepath.Join(client, reportName)) {
		return problemError{Problem{Code: "one-client", Found: fmt.Sprintf("what one of %d clients did", len(files)), Want: "what all did",
			Hint: "give the folder " + all}}
	}
	return nil
}
