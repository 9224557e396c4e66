// Package redact decides which parts of a WebSocket handshake may be shown, and masks the other parts.
//
// Programs put credentials into many places of a handshake: a header field of any name, the query of an address that
// a proxy passes on, or the subprotocols of a browser, which can set no header. A list of suspicious names is never
// complete. So the package has lists of harmless names, and masks everything else. Field is for header fields,
// Subprotocol for the name of a protocol, Path for the path of a request. Secret and Token are for the name of a
// client, the one value that the user chose to be shown.
//
// The package keeps nothing and has no option to turn it off. Package hub calls it before it keeps a part of a request,
// or does not call it if the user wants to see secrets. All functions are pure, accept untrusted text of any length,
// and return text that is not yet cleaned for a screen: see model.Clean.
package redact

import "strings"

// Mask replaces a value that is not shown. It does not give the length away, which would help to guess a password.
const Mask = "(not shown)"

const (
	maxItems = 16   // of a list that are parsed; Mask replaces the others
	maxItem  = 1024 // bytes of an item that is parsed; a longer item is masked as a whole
)

// Field returns the value of a header field with the secret parts masked. The name must be in the form of
// http.CanonicalHeaderKey: in any other form the field is not known, and its value is masked.
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

// items applies shown to each item of a list that is separated by commas.
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

// hop masks the parameters of an element of Forwarded that RFC 7239 does not define. Some proxies put secrets into
// parameters of their own, to recognise each other.
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
