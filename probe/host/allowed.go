package host

import (
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/mem"
)

// Allowed returns the bytes of memory that this process may have: those of the machine or, on Linux, of the smallest
// control group (version 2) that it is in, as a container is. It returns 0 if neither is known.
func Allowed() uint64 {
	allowed := uint64(0)
	if m, err := mem.VirtualMemory(); err == nil {
		allowed = m.Total
	}
	if group := smallestGroup("/"); group > 0 && (allowed == 0 || group < allowed) {
		allowed = group
	}
	return allowed
}

// smallestGroup returns the least memory.max of the control groups that this process is in, 0 if none has one. root is
// where /proc and /sys are.
func smallestGroup(root string) uint64 {
	text, err := os.ReadFile(path.Join(root, "proc/self/cgroup"))
	if err != nil {
		return 0
	}
	least := uint64(0)
	for line := range strings.Lines(string(text)) {
		in, unified := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !unified {
			continue
		}
		for dir := path.Join("/", in); ; dir = path.Dir(dir) {
			text, _ := os.ReadFile(path.Join(root, "sys/fs/cgroup", dir, "memory.max"))
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && (least == 0 || n < least) {
				least = n
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}
