// Package descriptors knows how many sockets this process may open.
package descriptors

import "fmt"

// spare are for the rest of a process: terminal, log, poller, listeners, admin plane.
const spare = 64

// Enough answers with an error that names the numbers if so many sockets cannot be open at once.
func Enough(sockets int) error {
	limit, limited := Limit()
	if !limited {
		return nil
	}
	return enough(sockets, limit)
}

func enough(sockets int, limit uint64) error {
	if needed := uint64(sockets) + spare; needed > limit {
		return fmt.Errorf("%d sockets need %d file descriptors and the limit is %d: raise it with ulimit -n", sockets, needed, limit)
	}
	return nil
}
