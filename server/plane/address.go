package plane

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"holter/probe/trust"
)

// ListenOptions say where clients connect.
type ListenOptions struct {
	Listen  string `default:"127.0.0.1:7070" placeholder:"HOST:PORT" help:"Address of the data plane, where clients connect."`
	TLSCert string `type:"existingfile" placeholder:"FILE" help:"Certificate of the data plane (PEM); with --tls-key. Both are read anew when they change, and no connection notices."`
	TLSKey  string `type:"existingfile" placeholder:"FILE" help:"Key of the data plane's certificate (PEM)."`

	HeaderTimeout time.Duration `default:"10s" help:"How long the head of a request may take to come in."`
	HeaderLimit   int           `default:"${header_limit}" placeholder:"BYTES" help:"Longest head of a request, in bytes, 8192 or more. A longer one is answered with 431."`
	MaxHandshakes int           `default:"4096" help:"Connections at a time whose request has not come in whole, or that are idle between two requests. Beyond that, one that is idle is closed, or the one that has taken the longest is answered with 503. 0 stands for 4096."`

	Drain time.Duration `default:"20s" help:"After SIGTERM, spread the closes of all connections over this time, so that a restart is no storm, with code 1012 and a time to come back that differs from client to client. New ones are refused meanwhile. 0s closes all at once, with 1001, as other signals and keys do. A second signal ends holter at once. What stops holter must wait for longer: docker stop waits 10 s."`
}

const (
	longestDrain = 24 * time.Hour
	// leastHeaderLimit is what package http cannot bound, and room for a token.
	leastHeaderLimit = 8 << 10
)

// Validate refuses invalid settings. The error says what to write instead.
func (l ListenOptions) Validate() error {
	_, _, err := SplitAddress("--listen", l.Listen)
	if err := cmp.Or(err, trust.ValidPair("--tls-cert", l.TLSCert, "--tls-key", l.TLSKey)); err != nil {
		return err
	}
	switch {
	case l.Drain < 0 || l.Drain > longestDrain:
		return fmt.Errorf("--drain is %v: write over how long connections are closed after SIGTERM, such as 20s, or 0s for at once; %v at most", l.Drain, longestDrain)
	case l.HeaderLimit != 0 && l.HeaderLimit < leastHeaderLimit:
		return fmt.Errorf("--header-limit is %d: write the bytes of the longest head to accept, such as 65536; heads of up to %d are always accepted", l.HeaderLimit, leastHeaderLimit)
	case l.MaxHandshakes < 0:
		return fmt.Errorf("--max-handshakes is %d: write how many may be under way, such as 4096", l.MaxHandshakes)
	case l.HeaderTimeout < 0:
		return fmt.Errorf("--header-timeout is %v: write how long the head of a request may take, such as 10s", l.HeaderTimeout)
	}
	return nil
}

// certificate reads the certificate of the data plane.
func (l ListenOptions) certificate() (trust.Pair, error) {
	return trust.OpenPair("--tls-cert", l.TLSCert, "--tls-key", l.TLSKey)
}

// ValidateAddresses refuses a data plane at listen and an admin plane at admin that would share a port. An empty
// admin stands for no plane.
func ValidateAddresses(admin, listen string) error {
	if admin == "" {
		return nil
	}
	host, port, err := SplitAddress("--admin", admin)
	if err != nil {
		return err
	}
	other, otherPort, err := SplitAddress("--listen", listen)
	if err != nil {
		return err
	}
	if port != 0 && port == otherPort && (host == other || Everywhere(host) || Everywhere(other)) {
		return fmt.Errorf("--admin %s and --listen %s are the same port: the planes need one each", admin, listen)
	}
	return nil
}

// SplitAddress splits an address that was given with a flag. The error names the flag.
func SplitAddress(flag, address string) (host string, port uint16, err error) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%s %q is no address: write HOST:PORT, such as 127.0.0.1:7070", flag, address)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%s %q has no port that exists: write a number from 0 to 65535, where 0 takes a free one", flag, address)
	}
	return host, uint16(n), nil
}

// Loopback reports whether only this machine can reach host. Of the names it trusts localhost alone.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// private reports whether only this machine can reach a listener.
func private(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// Everywhere reports whether a listener on host takes every address of the machine.
func Everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// Reachable is an address to connect to: a listener on all of them names none.
func Reachable(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(t.Port))
	}
	return a.String()
}
