//go:build unix

package process

import "syscall"

// DescriptorLimit is how many files this process may have open, sockets included. It answers false where
// there is no such limit. (Go raises the soft limit to the hard one before main.)
func DescriptorLimit() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}
