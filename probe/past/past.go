// Package past asks the kernel what it remembers of the connections to a port whose server has gone.
//
// The end of a TCP connection that closes first keeps it in the state TIME_WAIT for a minute (RFC 9293 section 3.6.1). So if a
// server was killed, the kernel knows for a minute which clients it had, and when it went. After an end that the clients began,
// or a reset, it knows nothing. It forgets all when it restarts, and a new network namespace, such as that of a new container,
// has never known anything.
//
// Only Linux tells. The package has no state.
package past

import (
	"net/netip"
	"time"
)

// Connection is one that the kernel has not forgotten, although no process has it any more.
type Connection struct {
	Remote netip.Addr
	Ago    time.Duration // since it ended; negative if the client has yet to close its side, so that this is not known
}

// Of returns the connections to a local address that have ended, at most Most. An unspecified address stands for all of
// the machine. It returns none if the system does not tell.
func Of(local netip.AddrPort) []Connection { return of(local) }

// Most bounds what Of returns.
const Most = 50_000
