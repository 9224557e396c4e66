package model

import (
	"net/netip"
	"testing"
)

func TestAddress(t *testing.T) {
	for want, a := range map[string]netip.AddrPort{
		"":                 {},
		"192.0.2.7:4711":   netip.MustParseAddrPort("192.0.2.7:4711"),
		"192.0.2.7":        netip.MustParseAddrPort("192.0.2.7:0"),
		"[2001:db8::7]:80": netip.MustParseAddrPort("[2001:db8::7]:80"),
		"2001:db8::7":      netip.MustParseAddrPort("[2001:db8::7]:0"),
	} {
		if got := Address(a); got != want {
			t.Errorf("%v is written %q, want %q", a, got, want)
		}
	}
}
