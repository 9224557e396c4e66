//go:build linux

package e2e

import (
	"strconv"
	"testing"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/process"

	"holter/probe/process"
)

// A swarm of very many needs little memory for each, and does not take much more of a processor to connect
// one than the server does that it is to measure. (Over loopback it is the sender's system call
// that does the receiver's part in the kernel.)
func TestSwarmIsCheap(t *testing.T) {
	long(t, "it takes the machine for a minute")
	const clients, most = 10_000, 13 << 10 // bytes each, the program itself included
	if err := process.CanOpen(clients); err != nil {
		t.Skip(err)
	}
	p := start(t)
	s := release(t, p.websocket, "-n", strconv.Itoa(clients))
	p.normal(t, clients)
	swarm, server := cpu(t, s.cmd.Process.Pid)/clients, cpu(t, p.cmd.Process.Pid)/clients
	t.Logf("%d clients connected; up to then each took the swarm %v of a processor and the server %v",
		clients, swarm.Round(time.Microsecond), server.Round(time.Microsecond))
	if swarm > 2*server {
		t.Errorf("the swarm is slower by far than the server")
	}
	time.Sleep(30 * time.Second) // six beats of each, and what garbage they make
	each := memory(t, s.cmd.Process.Pid) / clients
	t.Logf("%d bytes of memory for each client", each)
	if each > most {
		t.Errorf("that is more than %d", most)
	}
	s.stop(t)
}

func observe(t *testing.T, pid int) *gopsutil.Process {
	t.Helper()
	p, err := gopsutil.NewProcess(int32(pid))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cpu is how long a process has run so far.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	times, err := observe(t, pid).Times()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration((times.User + times.System) * float64(time.Second))
}

// memory is the resident set of a process, in bytes.
func memory(t *testing.T, pid int) int {
	t.Helper()
	info, err := observe(t, pid).MemoryInfo()
	if err != nil {
		t.Fatal(err)
	}
	return int(info.RSS)
}
