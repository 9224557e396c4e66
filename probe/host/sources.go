package host

import (
	"context"
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/process"

	"holter/model"
)

// slowInterval is the time between two readings of a figure that is expensive or hardly changes.
const slowInterval = 10 * time.Second

// machine makes the sources of this machine. There are many small ones, because a platform that lacks one figure may
// still have the others. They share self, which only processCPU changes.
func machine() []*source {
	self := &process.Process{Pid: int32(os.Getpid())}
	return []*source{
		{read: new(cores).read},
		{read: memory},
		{read: loads},
		{read: residentSet(self)},
		{read: processCPU(self)},
		openFiles(self),
		{read: maxFiles(self), every: slowInterval},
	}
}

// cores reads how busy each core is. It keeps the last reading itself: cpu.Percent keeps one for the whole process, so
// an application that calls it too would spoil the differences.
type cores struct {
	last []cpu.TimesStat
}

func (c *cores) read(ctx context.Context) (figures, error) {
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return nil, err
	}
	last := c.last
	c.last = times
	if len(last) != len(times) {
		return nil, nil // this is the first reading, or the number of cores has changed
	}
	total, each := usage(last, times)
	return func(h *model.Host) { h.CPU, h.Cores = total, each }, nil
}

// usage returns the percentage of time that all cores together, and each of them, were busy between two readings.
func usage(last, times []cpu.TimesStat) (total float64, each []float64) {
	var busySum, allSum float64
	each = make([]float64, len(times))
	for i := range times {
		busy, all := busyTime(times[i])
		lastBusy, lastAll := busyTime(last[i])
		busySum += busy - lastBusy
		allSum += all - lastAll
		each[i] = percent(busy-lastBusy, all-lastAll)
	}
	return percent(busySum, allSum), each
}

// busyTime returns the busy seconds of a core and all of its seconds. It does not add a guest's time, which Linux
// already counts as the user's.
func busyTime(t cpu.TimesStat) (busy, all float64) {
	busy = t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal
	return busy, busy + t.Idle + t.Iowait
}

// percent returns a value from 0 to 100 for any counters: those of a virtual machine may run backwards.
func percent(part, whole float64) float64 {
	if part <= 0 || whole <= 0 {
		return 0
	}
	return min(100, 100*part/whole)
}

func memory(ctx context.Context) (figures, error) {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return nil, err
	}
	// m.Used counts the whole page cache as free, including what cannot be dropped (shared memory, tmpfs).
	used := m.Total - min(m.Available, m.Total)
	return func(h *model.Host) { h.MemoryUsed, h.MemoryTotal = used, m.Total }, nil
}

func loads(ctx context.Context) (figures, error) {
	l, err := load.AvgWithContext(ctx)
	if err != nil {
		return nil, err
	}
	return func(h *model.Host) { h.Load1, h.Load5, h.Load15 = l.Load1, l.Load5, l.Load15 }, nil
}

func residentSet(self *process.Process) reader {
	return func(ctx context.Context) (figures, error) {
		m, err := self.MemoryInfoWithContext(ctx)
		if err != nil {
			return nil, err
		}
		return func(h *model.Host) { h.Process.RSS = m.RSS }, nil
	}
}

func processCPU(self *process.Process) reader {
	return func(ctx context.Context) (figures, error) {
		percent, err := self.PercentWithContext(ctx, 0) // since the last call, which self remembers
		if err != nil {
			return nil, err
		}
		return func(h *model.Host) { h.Process.CPU = percent }, nil
	}
}

// openFiles counts the descriptors of this process, in the cheapest way that the kernel offers.
func openFiles(self *process.Process) *source {
	if s := countedFiles(); s != nil {
		return s
	}
	return listedFiles(self)
}

// countedFiles makes the kernel count: since Linux 6.2 the size of /proc/self/fd is the number of its entries
// (torvalds/linux f1f1f2569901). A reading takes 3 µs for any number of entries. It returns nil on other systems.
func countedFiles() *source {
	if n, err := sizeOfFDs(); err != nil || n == 0 {
		return nil
	}
	return &source{read: func(context.Context) (figures, error) {
		n, err := sizeOfFDs()
		return func(h *model.Host) { h.Process.OpenFiles = int(n) }, err
	}}
}

// listedFiles lists all descriptors. It does so rarely, because this takes 20 ms and 1.3 MB with 18 000 sockets.
func listedFiles(self *process.Process) *source {
	return &source{every: slowInterval, read: func(ctx context.Context) (figures, error) {
		n, err := self.NumFDsWithContext(ctx)
		return func(h *model.Host) { h.Process.OpenFiles = int(n) }, err
	}}
}

func sizeOfFDs() (int64, error) {
	info, err := os.Stat("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// maxFiles is the soft limit, which the Go runtime raises to the hard one when the program starts.
func maxFiles(self *process.Process) reader {
	return func(ctx context.Context) (figures, error) {
		limits, err := self.RlimitWithContext(ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range limits {
			if l.Resource == process.RLIMIT_NOFILE {
				return func(h *model.Host) { h.Process.MaxFiles = l.Soft }, nil
			}
		}
		return nil, nil
	}
}
