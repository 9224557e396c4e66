package halt

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// slept returns how much longer the machine has been up than it was awake.
func slept() (time.Duration, bool) { return difference(unix.CLOCK_BOOTTIME, unix.CLOCK_MONOTONIC) }

// tasks has a directory for each thread of this process.
const tasks = "/proc/self/task"

// waited returns how long the threads of this process have been ready to run and had no processor: the second number in
// schedstat, Documentation/scheduler/sched-stats.rst. A thread that has ended since the last call counts no more, so the sum may
// fall. A kernel without CONFIG_SCHED_INFO does not tell.
func waited() (sum time.Duration, ok bool) {
	dir, err := os.Open(tasks)
	if err != nil {
		return 0, false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		text, err := os.ReadFile(tasks + "/" + name + "/schedstat")
		if err != nil {
			continue
		}
		if fields := bytes.Fields(text); len(fields) == 3 {
			n, err := strconv.ParseInt(string(fields[1]), 10, 64)
			sum, ok = sum+time.Duration(n), ok || err == nil
		}
	}
	return sum, ok
}
