package process

import "fmt"

// spare are for the rest of a process: terminal, log, poller, listeners, admin plane.
const spare = 64

// CanOpen answers with an error that names the numbers if that many sockets cannot be open at once.
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
