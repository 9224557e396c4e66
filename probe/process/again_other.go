//go:build !unix

package process

import "syscall"

// again is never called: other systems do not send such signals.
func again(syscall.Signal) {}
