//go:build !unix

package process

// DescriptorLimit is how many files this process may have open, sockets included. It answers false where
// there is no such limit.
func DescriptorLimit() (uint64, bool) { return 0, false }
