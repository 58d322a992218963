//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package history

import (
	"errors"
	"os"
)

// mapFile isn't there on this system: files are read instead.
func mapFile(*os.File, int64) (data []byte, closer func() error, err error) {
	return nil, nil, errors.ErrUnsupported
}
