//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package sock

import "errors"

func tryRead(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
