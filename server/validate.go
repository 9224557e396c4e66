package server

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"holter/model/heart"
	"holter/server/hub"
)

// Validate refuses settings that are out of range or contradict each other. It wants options whose
// defaults are filled in, as the command line gives them: a zero that stands for a default in a
// library is a mistake for somebody who has written it. The error says what to write instead.
func (o Options) Validate() error {
	rhythm := o.rhythm()
	_, badIdentity := hub.ParseIdentity(o.Identity)
	return cmp.Or(rhythm.Validate(), o.OnFail.Validate(), badIdentity, o.validLimits(), o.validAdmin())
}

func (o Options) rhythm() heart.Rhythm {
	return heart.Rhythm{
		Scheme: o.Scheme, Detector: o.Detector, Interval: o.Interval,
		MinTimeout: o.MinTimeout, MaxTimeout: o.MaxTimeout,
	}
}

func (o Options) validLimits() error {
	switch {
	case o.Linger <= 0:
		return fmt.Errorf("--linger is %v: write how long what is gone stays on the list, such as 60s", o.Linger)
	case o.WriteTimeout <= 0:
		return fmt.Errorf("--write-timeout is %v: write how long a peer may take nothing, such as 10s", o.WriteTimeout)
	case o.MaxIdle < 0:
		return fmt.Errorf("--max-idle is %v: write how long a connection may carry no message, or 0s for ever", o.MaxIdle)
	case o.MaxConns < 0:
		return fmt.Errorf("--max-conns is %d: write how many, or 0 for no limit", o.MaxConns)
	case o.MaxConnsPerIP < 0:
		return fmt.Errorf("--max-conns-per-ip is %d: write how many, or 0 for no limit", o.MaxConnsPerIP)
	case !(o.AcceptRate >= 0) || math.IsInf(float64(o.AcceptRate), 0):
		return fmt.Errorf("--accept-rate is %s: write how many per second, such as 50/s, or 0 for no limit", o.AcceptRate)
	}
	return nil
}

// validAdmin accepts an empty address, which stands for no admin plane.
func (o Options) validAdmin() error {
	if o.Admin == "" {
		return nil
	}
	host, _, err := splitAddress("--admin", o.Admin)
	if err != nil {
		return err
	}
	if o.Token == "" && !loopback(host) {
		return fmt.Errorf("--admin %s can be reached from other machines: add --token SECRET, or write a loopback address such as 127.0.0.1:7071", o.Admin)
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("--token goes into a header: write it in visible ASCII characters, without spaces")
	}
	return nil
}

// Validate refuses settings that make no sense, as Options.Validate does.
func (l ListenOptions) Validate() error {
	_, _, err := splitAddress("--listen", l.Listen)
	switch {
	case err != nil:
		return err
	case l.TLSCert != "" && l.TLSKey == "":
		return errors.New("--tls-cert without --tls-key: write both")
	case l.TLSKey != "" && l.TLSCert == "":
		return errors.New("--tls-key without --tls-cert: write both")
	}
	return nil
}

// Validate refuses settings that are out of range or contradict each other, as Options.Validate does.
func (d DataOptions) Validate() error {
	if err := d.ListenOptions.Validate(); err != nil {
		return err
	}
	for _, origin := range d.AllowOrigin {
		if err := validOrigin(origin); err != nil {
			return err
		}
	}
	if d.ReadLimit <= 0 {
		return fmt.Errorf("--read-limit is %d: write the bytes of the longest message to accept, such as 1048576", d.ReadLimit)
	}
	return nil
}

// Validate refuses settings that make no sense, as Options.Validate does.
func (p ProxyOptions) Validate() error {
	_, untrusted := parseTrusted(p.TrustedProxies)
	return cmp.Or(p.ListenOptions.Validate(), p.UpstreamOptions.Validate(), untrusted, p.validLoop())
}

// validLoop refuses a proxy in front of itself.
func (p ProxyOptions) validLoop() error {
	target, err := p.url()
	if err != nil {
		return nil // there is none
	}
	host, port, _ := net.SplitHostPort(dialAddress(target))
	own, ownPort, _ := net.SplitHostPort(p.Listen)
	if port == ownPort && (host == own || loopback(host) && (loopback(own) || everywhere(own))) {
		return fmt.Errorf("upstream %s is where holter itself listens: write another --listen", p.Upstream)
	}
	return nil
}

// ValidateAddresses refuses two planes on one port. Both addresses must be valid on their own.
func ValidateAddresses(o Options, l ListenOptions) error {
	if o.Admin == "" {
		return nil
	}
	host, port, err := splitAddress("--admin", o.Admin)
	if err != nil {
		return err
	}
	other, otherPort, err := splitAddress("--listen", l.Listen)
	if err != nil {
		return err
	}
	if port != 0 && port == otherPort && (host == other || everywhere(host) || everywhere(other)) {
		return fmt.Errorf("--admin %s and --listen %s are the same port: the planes need one each", o.Admin, l.Listen)
	}
	return nil
}

func splitAddress(flag, address string) (host string, port uint16, err error) {
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

// loopback reports whether only this machine can reach host. Of the names only localhost is trusted to.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// everywhere reports whether a listener on host takes every address of the machine.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// validOrigin wants an origin as a browser sends it (RFC 6454 section 6.1), or *.
func validOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("--allow-origin %q is no origin: write scheme://host[:port] and nothing after it, such as https://app.example, or * for all", origin)
	}
	return nil
}
