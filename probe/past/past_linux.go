package past

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// States of a connection that its server has closed, in /proc/net/tcp: enum in include/net/tcp_states.h.
const (
	finWait1 = "04"
	finWait2 = "05"
	timeWait = "06"
	closing  = "0B"
)

const (
	timeWaitLasts = 60 * time.Second      // TCP_TIMEWAIT_LEN in include/net/tcp.h
	tick          = 10 * time.Millisecond // in which /proc counts: USER_HZ
	mostLines     = 1_000_000             // of a table that are read
)

// of reads both tables: that of IPv6 also has the connections from IPv4 addresses to a socket that takes both.
func of(local netip.AddrPort) (all []Connection) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		all = read(f, local, all)
		f.Close()
	}
	return all
}

// read appends the connections of a table that have ended.
func read(table io.Reader, local netip.AddrPort, all []Connection) []Connection {
	lines := bufio.NewScanner(table)
	port := ":" + strings.ToUpper(hex.EncodeToString(binary.BigEndian.AppendUint16(nil, local.Port()))) + " "
	seen := make(map[string]bool) // the kernel may tell a connection twice, if the table changes meanwhile
	for n := 0; lines.Scan() && n < mostLines && len(all) < Most; n++ {
		if !strings.Contains(lines.Text(), port) { // most lines are about other ports
			continue
		}
		fields := strings.Fields(lines.Text())
		if c, ok := parse(fields, local); ok && !seen[fields[2]] {
			seen[fields[2]] = true
			all = append(all, c)
		}
	}
	return all
}

// parse reads the fields of a line: number, local address, remote address, state, queues, timer with the time that is left, and
// others. See get_tcp4_sock and get_timewait4_sock in net/ipv4/tcp_ipv4.c.
func parse(fields []string, local netip.AddrPort) (c Connection, ok bool) {
	if len(fields) < 6 {
		return c, false
	}
	at, ok := address(fields[1])
	if !ok || at.Port() != local.Port() || !local.Addr().IsUnspecified() && at.Addr() != local.Addr().Unmap() {
		return c, false
	}
	from, ok := address(fields[2])
	if !ok {
		return c, false
	}
	c.Remote, c.Ago = from.Addr(), -1
	switch fields[3] {
	case timeWait:
		_, left, _ := strings.Cut(fields[5], ":")
		ticks, err := strconv.ParseUint(left, 16, 32)
		if err != nil {
			return c, false
		}
		c.Ago = max(0, timeWaitLasts-time.Duration(ticks)*tick)
		return c, true
	case finWait1, finWait2, closing:
		return c, true
	}
	return c, false
}

// address reads an address with its port, such as 0100007F:1B9E. The address is in words of 32 bits, in the order of bytes of
// this machine.
func address(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(host)
	n, bad := strconv.ParseUint(port, 16, 16)
	if err != nil || bad != nil || len(bytes)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range len(bytes) / 4 {
		w := bytes[4*word : 4*word+4]
		binary.NativeEndian.PutUint32(w, binary.BigEndian.Uint32(w))
	}
	a, ok := netip.AddrFromSlice(bytes)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), ok
}
