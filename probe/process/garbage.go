package process

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

const (
	// growing is how much the heap may grow between two collections while a crowd comes in, in percent.
	// With Go's 100, collections cost a sixth of the handshakes.
	growing = 300
	// crowd is how many connections a second there must be for that to matter.
	crowd     = 2000
	calmAfter = 3 * time.Second
)

// CollectGarbage lets the heap grow while a crowd of connections comes in, and gives the memory back a moment later:
// from then on calm percent of what lives may be garbage. At the start it expects a crowd. It returns nil
// when ctx ends. Where GOGC says how to collect it changes nothing. It is a program's business: a library
// leaves the settings of its application alone.
func CollectGarbage(ctx context.Context, calm int, connections func() int) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	debug.SetGCPercent(growing)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	grows, still := true, time.Duration(0)
	for before := connections(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n := connections()
		more := n - before
		before = n
		switch {
		case more >= crowd:
			still = 0
			if !grows {
				grows = true
				debug.SetGCPercent(growing)
			}
		case grows:
			if still += time.Second; still >= calmAfter {
				grows = false
				debug.SetGCPercent(calm)
				debug.FreeOSMemory()
			}
		}
	}
}
