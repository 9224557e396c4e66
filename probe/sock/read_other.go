//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package sock

import "errors"

func socketError(uintptr) error { return nil }

func peek(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func tryRead(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
