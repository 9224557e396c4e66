//go:build unix

package descriptors

import "syscall"

// Limit is how many files this process may have open, sockets included. It answers false where there
// is no such limit. (Go raises the soft limit to the hard one before main.)
func Limit() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}
