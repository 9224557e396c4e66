package process

import "fmt"

// spare is how many descriptors a process needs besides: for the terminal, the log, the poller, listeners and the
// admin plane.
const spare = 64

// CanOpen returns an error if this process may not have this many sockets open at once. The error names the limit and
// what to do.
func CanOpen(sockets int) error {
	limit, limited := DescriptorLimit()
	if !limited {
		return nil
	}
	return canOpen(sockets, limit)
}

func canOpen(sockets int, limit uint64) error {
	if needed := uint64(sockets) + spare; needed > limit {
		return fmt.Errorf("%d sockets need %d file descriptors and the limit is %d: raise it with ulimit -n", sockets, needed, limit)
	}
	return nil
}
