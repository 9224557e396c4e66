package swarm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"holter/probe/sock"
)

// sources are the addresses of this machine from which the clients connect, by family. A client always takes the same
// one, as a real client does.
type sources struct{ v4, v6 []netip.Addr }

// errNoSource is the error of an attempt to reach an address of a family of which there is no source.
var errNoSource = errors.New("no source address is of the server's family (IPv4 or IPv6)")

// newSources makes sources of addresses. It returns an error if one of them is not an address of this machine.
func newSources(addresses []netip.Addr) (*sources, error) {
	s := &sources{}
	for _, a := range addresses {
		probe, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
		if err == nil {
			probe.Close()
		}
		if err != nil || a.IsUnspecified() || a.IsMulticast() {
			return nil, fmt.Errorf("source address %s is not an address of this machine: write one that ip addr or ifconfig lists", a)
		}
		if a.Is4() {
			s.v4 = append(s.v4, a)
		} else {
			s.v6 = append(s.v6, a)
		}
	}
	return s, nil
}

// of returns the sources for an address.
func (s *sources) of(to netip.Addr) []netip.Addr {
	if to.Is4() {
		return s.v4
	}
	return s.v6
}

// any reports whether the clients have addresses of their own.
func (s *sources) any() bool { return len(s.v4)+len(s.v6) > 0 }

// can reports whether there is a source for an address.
func (s *sources) can(to netip.Addr) bool { return !s.any() || len(s.of(to)) > 0 }

// clientNumber is the key of a client's number in the context of its dialing.
type clientNumber struct{}

// dial is a dialFunc for an address that is no name.
func (s *sources) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1} // the clients' beats replace TCP's keep-alive
	if s.any() {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, err
		}
		number, _ := ctx.Value(clientNumber{}).(int)
		from := s.of(to.Addr().Unmap())
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from[number%len(from)], 0))
		d.Control = func(_, _ string, c syscall.RawConn) error { return c.Control(sock.LatePort) }
	}
	return d.DialContext(ctx, network, address)
}

// mostSources bounds how many addresses --source-addr may stand for.
const mostSources = 4096

// parseSources reads addresses and networks.
func parseSources(texts []string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, text := range texts {
		addresses, err := parseSource(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		if all = append(all, addresses...); len(all) > mostSources {
			return nil, fmt.Errorf("--source-addr %s: that makes more than %d addresses: write a smaller network, such as 127.0.0.0/24", text, mostSources)
		}
	}
	return all, nil
}

func parseSource(text string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("--source-addr %q: write an address of this machine, or a network such as 127.0.0.0/24", text)
	}
	return hosts(network.Masked()), nil
}

// hosts are the addresses of a network, but for an IPv4 network's own and its broadcast address. Of a network
// that is too large it returns just enough for the caller to notice.
func hosts(network netip.Prefix) []netip.Addr {
	var all []netip.Addr
	for a := network.Addr(); network.Contains(a) && len(all) <= mostSources+2; a = a.Next() {
		all = append(all, a)
	}
	if network.Addr().Is4() && network.Bits() < 31 && len(all) <= mostSources+2 {
		all = all[1 : len(all)-1]
	}
	return all
}

// noPort is the reason of attempts for which the system had no port left.
var noPort = syscall.EADDRNOTAVAIL.Error()

// adviseOnPorts says what helps where the system has no port left.
func adviseOnPorts() string {
	ports := "This machine has only some ten thousand ports"
	if n := ports4(); n > 0 {
		ports = fmt.Sprintf("This machine has %d ports (net.ipv4.ip_local_port_range)", n)
	}
	return ports + " from one of its addresses to one address of the server, and a closed connection keeps its port for a minute: " +
		"give the clients more addresses with --source-addr (for a server on this machine, 127.0.0.0/24), or widen the range."
}

// ports4 is how many ports Linux chooses from, 0 if that is not known.
func ports4() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	var low, high int
	if _, err := fmt.Sscan(string(text), &low, &high); err != nil || high < low {
		return 0
	}
	return high - low + 1
}
