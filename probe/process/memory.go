package process

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// Memory returns the bytes that Go holds for this process: what is in use, what waits for the garbage collector, and what
// is free and not given back to the system. A call takes a few microseconds.
func Memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// BoundMemory makes the garbage collector work harder as the memory of the process nears a bound, so that the bound is
// reached only by what is in use. 0 stands for no bound. It changes nothing if GOMEMLIMIT is set in the environment. Only
// a program may call it: a library must not change the settings of its application.
func BoundMemory(bytes uint64) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	debug.SetMemoryLimit(int64(min(bytes, math.MaxInt64)))
}
