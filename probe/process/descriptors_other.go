//go:build !unix

package process

// DescriptorLimit returns how many files this process may have open, including sockets. It returns false if there is
// no such limit.
func DescriptorLimit() (uint64, bool) { return 0, false }
