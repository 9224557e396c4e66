//go:build unix

package process

import "syscall"

// DescriptorLimit returns how many files this process may have open, including sockets. It returns false if the limit
// is unknown. (Go raises the soft limit to the hard one before main.)
func DescriptorLimit() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}
