//go:build !windows

package input

import "io"

func console(io.Reader) bool { return false }
