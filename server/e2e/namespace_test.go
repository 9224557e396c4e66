//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// namespace is a network of one host, behind a pair of virtual Ethernet devices.
type namespace struct {
	name string
	here string // the address of this end of the cable
}

// isolated counts the namespaces of this process.
var isolated struct {
	sync.Mutex
	count int
}

// isolate makes a namespace that is gone after the test, or skips the test.
func isolate(t *testing.T) namespace {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	isolated.Lock() // the next one must find the network of this one used
	defer isolated.Unlock()
	isolated.count++
	id := fmt.Sprintf("%d-%d", os.Getpid()%10_000, isolated.count)
	n := namespace{name: "holter-" + id}
	near, far := "holter"+id+"a", "holter"+id+"b"
	if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", n.name).Run() }) // and with it both devices
	network := unusedNetwork(t)
	n.here = fmt.Sprintf(network, 1)
	for _, command := range []string{
		"ip link add " + near + " type veth peer name " + far + " netns " + n.name,
		"ip addr add " + n.here + "/24 dev " + near,
		"ip link set " + near + " up",
		"ip -n " + n.name + " addr add " + fmt.Sprintf(network, 2) + "/24 dev " + far,
		"ip -n " + n.name + " link set lo up",
		"ip -n " + n.name + " link set " + far + " up",
	} {
		run(t, strings.Fields(command)...)
	}
	return n
}

// unusedNetwork is the format of addresses in a /24 that no device of this machine is in.
func unusedNetwork(t *testing.T) string {
	t.Helper()
	used, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for i := os.Getpid() % 200; i < 255; i++ {
		prefix := fmt.Sprintf("10.201.%d.", i)
		if !strings.Contains(fmt.Sprint(used), prefix) {
			return prefix + "%d"
		}
	}
	t.Fatal("all networks in 10.201.0.0/16 are taken")
	return ""
}

// within is the beginning of a command that runs in the namespace.
func (n namespace) within() []string { return []string{"ip", "netns", "exec", n.name} }

// Here not even the peer's kernel answers, and TCP repeats what is lost.
func TestPartition(t *testing.T) {
	t.Parallel()
	const clients = 40
	n := isolate(t)
	p := start(t, "--interval", "1s", "--listen", net.JoinHostPort(n.here, "0"))
	events := p.record(t)
	var err error
	for attempt := range attempts {
		c := hire(t, orders{URL: p.websocket, Clients: clients}, n.within()...)
		p.warm(t, clients)
		cut := time.Now()
		n.cut(t, "-A")
		dropped := time.Now()
		err = judge(t, events.deaths(t, clients, cut), dropped)
		c.dismiss()
		n.cut(t, "-D")
		if err == nil || t.Failed() {
			return
		}
		t.Logf("attempt %d: %v", attempt+1, err)
	}
	t.Fatal(err)
}

// cut adds (-A) or deletes (-D) the rules that drop every packet in either direction.
func (n namespace) cut(t *testing.T, how string) {
	t.Helper()
	for _, chain := range []string{"INPUT", "OUTPUT"} {
		run(t, append(n.within(), "iptables", "-w", how, chain, "-j", "DROP")...)
	}
}
