package process

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

const (
	// growing is the collector's setting (GOGC, in percent) while many connections open at once. With Go's default
	// of 100, collections would cost a sixth of the handshakes.
	growing = 300
	// crowd is how many connections must open within a second for the setting growing.
	crowd = 2000
	// calmAfter is how long fewer connections must have opened for the setting calm.
	calmAfter = 3 * time.Second
)

// CollectGarbage sets the garbage collector by how many connections open: to growing while many do, and to calm, in
// percent, afterwards. On the way to calm it returns memory to the system. It begins with growing. connections
// returns how many are open. CollectGarbage returns nil when ctx ends. It changes nothing if GOGC is set in the
// environment. Only a program may call it: a library must not change the settings of its application.
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
