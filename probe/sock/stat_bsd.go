//go:build dragonfly || freebsd || netbsd || openbsd

package sock

const tells = false

// stat knows nothing: each of these systems has a struct of its own, and none has everything that a
// diagnosis needs.
func stat(uintptr) (Info, bool) { return Info{}, false }

func unsent(uintptr) (int, bool) { return 0, false }
