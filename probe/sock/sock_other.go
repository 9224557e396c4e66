//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package sock

import "errors"

const tells = false

func stat(uintptr) (Info, bool) { return Info{}, false }

func latePort(uintptr) {}

func unread(uintptr) (int, bool) { return 0, false }

func unsent(uintptr) (int, bool) { return 0, false }

func tryWrite(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
