//go:build unix

package process

import "syscall"

// again sends the process a signal that it no longer handles.
func again(s syscall.Signal) { syscall.Kill(syscall.Getpid(), s) }
