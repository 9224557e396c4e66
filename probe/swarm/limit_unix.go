//go:build unix

package swarm

import (
	"fmt"
	"syscall"
)

// spareDescriptors are for the rest of the process: terminal, log, poller, admin plane.
const spareDescriptors = 64

// checkDescriptors fails if this process may not open that many sockets. (Go has raised the soft
// limit to the hard one by now.)
func checkDescriptors(sockets int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil
	}
	return enough(sockets, uint64(limit.Cur))
}

func enough(sockets int, limit uint64) error {
	needed := uint64(sockets + spareDescriptors)
	if needed <= limit {
		return nil
	}
	return fmt.Errorf("too few file descriptors: the swarm needs %d, the limit is %d (raise it with ulimit -n, or take fewer clients)", needed, limit)
}
