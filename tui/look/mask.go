package look

import (
	"fmt"
	"net/netip"
	"strings"
)

// maskAddress hides the host of an address but not its network: the last two groups of an IPv4 address, the last six of
// an IPv6 one. Loopback addresses tell nothing about a person and stay.
func maskAddress(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid() || a.IsLoopback() || a.IsUnspecified():
		return a.String()
	case a.Is4():
		b := a.As4()
		return fmt.Sprintf("%d.%d.x.x", b[0], b[1])
	}
	b := a.As16()
	return fmt.Sprintf("%x:%x:x", uint(b[0])<<8|uint(b[1]), uint(b[2])<<8|uint(b[3]))
}

// Mask hides every address in a text, such as a client's name or the reason of an event, with or
// without a port.
func Mask(text string) string {
	if !strings.ContainsAny(text, ".:") {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		n := strings.IndexFunc(text, ofAddress)
		if n < 0 {
			n = len(text)
		}
		b.WriteString(text[:n])
		text = text[n:]
		n = strings.IndexFunc(text, func(r rune) bool { return !ofAddress(r) })
		if n < 0 {
			n = len(text)
		}
		b.WriteString(maskWord(text[:n]))
		text = text[n:]
	}
	return b.String()
}

// ofAddress reports whether r may be part of an address with a port.
func ofAddress(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' || r == '.' || r == ':'
}

// maskWord masks a word of such characters if it is an address.
func maskWord(word string) string {
	if a, err := netip.ParseAddr(word); err == nil {
		return maskAddress(a)
	}
	if ap, err := netip.ParseAddrPort(word); err == nil {
		return maskAddress(ap.Addr()) + word[strings.LastIndexByte(word, ':'):]
	}
	around := ".:"
	if strings.Contains(word, ".") { // an IPv4 address, which has no letters
		around = ".:abcdefABCDEF"
	}
	if inner := strings.Trim(word, around); inner != word && inner != "" {
		before, after, _ := strings.Cut(word, inner)
		return before + maskWord(inner) + after
	}
	return word
}
