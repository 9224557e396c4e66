package swarm

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"holter/probe/process"
)

// spread connects to all addresses of a name, as many clients on many machines would do together: each attempt begins
// with the address after the one that the last attempt began with. If that does not answer soon, the others are tried
// beside it, one after the other (RFC 8305, Happy Eyeballs). Any goroutine may use it.
type spread struct {
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial   dialFunc
	can    func(netip.Addr) bool // whether there is a way to an address at all
	next   atomic.Uint32
}

// headStart is how long an address may take before the next one is tried beside it (RFC 8305, 8).
const headStart = 250 * time.Millisecond

// socket is a dialFunc.
func (s *spread) socket(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if at, err := netip.ParseAddr(host); err == nil {
		if !s.can(at.Unmap()) {
			return nil, errNoSource
		}
		return s.dial(ctx, network, address)
	}
	all, err := s.lookup(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	addresses := s.usable(all)
	if len(addresses) == 0 {
		return nil, errNoSource
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	return s.race(ctx, network, inTurn(addresses, s.next.Add(1)-1), uint16(n))
}

// usable are the addresses that can be reached, each once.
func (s *spread) usable(all []netip.Addr) []netip.Addr {
	var usable []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, a := range all {
		if a = a.Unmap(); s.can(a) && !seen[a] {
			usable, seen[a] = append(usable, a), true
		}
	}
	return usable
}

// inTurn is the order in which attempt number n tries the addresses. The second address is of the other family if there
// is one, because a family often fails as a whole.
func inTurn(addresses []netip.Addr, n uint32) []netip.Addr {
	first := int(n % uint32(len(addresses)))
	order := append(append([]netip.Addr(nil), addresses[first:]...), addresses[:first]...)
	for i := range order {
		if order[i].Is4() != order[0].Is4() {
			order[1], order[i] = order[i], order[1]
			break
		}
	}
	return order
}

type dialed struct {
	conn net.Conn
	err  error
}

// race dials one address after the other, each as soon as the one before has failed or has had its head start, and
// returns the first connection. If there is none, it returns the error of the first that failed. By then nothing dials any
// more.
func (s *spread) race(ctx context.Context, network string, addresses []netip.Addr, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	var group process.Group
	results := make(chan dialed, len(addresses))
	defer func() {
		cancel()
		group.Wait()
		close(results)
		for late := range results {
			if late.err == nil {
				late.conn.Close()
			}
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var first error
	for next, failed := 0, 0; failed < len(addresses); {
		select {
		case <-timer.C:
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if failed++; first == nil {
				first = r.err
			}
		}
		if next == len(addresses) {
			continue
		}
		to := netip.AddrPortFrom(addresses[next], port).String()
		group.Go(func() {
			conn, err := s.dial(ctx, network, to)
			results <- dialed{conn, err}
		})
		next++
		timer.Reset(headStart)
	}
	return nil, first
}
