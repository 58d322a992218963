//go:build !(linux || darwin)

package history

import (
	"errors"
	"os"
)

// mapFile isn't there on this system: files are read instead.
func mapFile(*os.File, int64) (input, error) { return input{}, errors.ErrUnsupported }

// reserve isn't there on this system: buffers grow instead.
func reserve(int64) (input, error) { return input{}, errors.ErrUnsupported }
