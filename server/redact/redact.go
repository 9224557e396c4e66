// Package redact decides what of a WebSocket handshake may be shown, and masks the rest.
//
// Handshakes carry credentials wherever an author found room for them: in a header field of any name, in the query
// of an address that a proxy passes on, among the subprotocols that a browser offers because it can set no header.
// No list of suspicious names is ever complete. So the package knows what is harmless, and masks everything else:
// Field is for header fields, Subprotocol for the name of a protocol, Path for the path of a request. Secret and
// Token are for the one value that somebody chose to be shown, the name of a client.
//
// It keeps nothing, and it has no switch: package hub, which calls it before it keeps anything of a request, may
// leave the call out. All functions are pure, take text of any length from anybody, and return text that is not yet
// cleaned for a screen: see model.Clean.
package redact

import "strings"

// Mask stands for what is not shown. It does not tell the length, which of a password is worth knowing.
const Mask = "(not shown)"

const (
	maxItems = 16   // of a list that are looked at; Mask stands for the others
	maxItem  = 1024 // bytes of what is looked into; what is longer is masked as a whole
)

// Field returns what may be shown of the value of a header field. The name is in the form of http.CanonicalHeaderKey;
// in any other form the field is not known, and masked.
func Field(name, value string) string {
	switch kindOf(name) {
	case plain:
		return value
	case address:
		return addressOf(value)
	case protocols:
		return items(value, Subprotocol)
	case forwarded:
		return items(value, hop)
	}
	return Mask
}

// items applies shown to the items of a list that is separated by commas.
func items(list string, shown func(string) string) string {
	if strings.IndexByte(list, ',') < 0 {
		return shown(list)
	}
	var b strings.Builder
	for n := 0; ; n++ {
		item, rest, more := strings.Cut(list, ",")
		if n == maxItems {
			b.WriteString(Mask)
			return b.String()
		}
		b.WriteString(shown(strings.TrimSpace(item)))
		if !more {
			return b.String()
		}
		b.WriteString(", ")
		list = rest
	}
}

// hop masks the parameters of an element of Forwarded that RFC 7239 does not define: proxies put secrets into their
// own, to know each other by.
func hop(element string) string {
	if len(element) > maxItem {
		return Mask
	}
	parameters := strings.Split(element, ";")
	for i, p := range parameters {
		name, _, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(name) {
		case "for", "by", "host", "proto":
		default:
			parameters[i] = Mask
		}
	}
	return strings.Join(parameters, ";")
}
