package redact

import "strings"

// addressOf returns an address, or the part of an address that a proxy passes on, without its user and password, and
// with the values of its parameters masked. It works on the text, because an address that package url cannot parse
// may have secrets too.
func addressOf(s string) string {
	if !strings.ContainsAny(s, "?#;@%") {
		return s
	}
	s, _, fragment := strings.Cut(s, "#") // a login may return a token in the fragment
	path, query, separator := cutQuery(s)
	var b strings.Builder
	b.WriteString(pathOf(path))
	b.WriteString(separator)
	writeQuery(&b, query)
	if fragment {
		b.WriteString("#" + Mask)
	}
	return b.String()
}

// Path returns the path of a request with the secret parts masked. It keeps the segments as they are. It masks parts
// that do not belong into a path: a query whose question mark the client has escaped, the values of parameters such
// as ;jsessionid=, and the user and password of an address in the path.
func Path(path string) string {
	if !strings.ContainsAny(path, "?;@") {
		return path
	}
	path, query, found := strings.Cut(path, "?")
	if path = pathOf(path); !found {
		return path
	}
	var b strings.Builder
	b.WriteString(path)
	b.WriteByte('?')
	writeQuery(&b, query)
	return b.String()
}

// cutQuery cuts a query off. separator is the text between path and query, "" if there is no query. An escaped
// question mark begins a query too: the address may contain a whole second address.
func cutQuery(s string) (path, query, separator string) {
	end := len(s)
	for _, mark := range []string{"?", "%3F", "%3f"} {
		if i := strings.Index(s[:end], mark); i >= 0 {
			end, separator = i, mark
		}
	}
	if separator == "" {
		return s, "", ""
	}
	return s[:end], s[end+len(separator):], separator
}

// pathOf returns a path without user and password, and with the values of its parameters masked. A scheme and host
// may come before the path.
func pathOf(path string) string {
	switch {
	case !strings.ContainsAny(path, "@;"):
		return path
	case len(path) > maxItem:
		return Mask
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		host := i >= 2 && segments[i-1] == "" // after two slashes
		if at := strings.LastIndexByte(s, '@'); at >= 0 && (host || strings.IndexByte(s[:at], ':') >= 0) {
			s = s[at+1:]
		}
		segments[i] = matrix(s)
	}
	return strings.Join(segments, "/")
}

// matrix masks the values of the parameters in a segment of a path.
func matrix(segment string) string {
	name, parameters, found := strings.Cut(segment, ";")
	if !found {
		return segment
	}
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte(';')
	writeQuery(&b, parameters)
	return b.String()
}

// writeQuery writes the names of parameters, and masks their values.
func writeQuery(b *strings.Builder, query string) {
	for n := 0; query != ""; n++ {
		if n == maxItems {
			b.WriteString(Mask)
			return
		}
		end := strings.IndexAny(query, "&;")
		parameter := query
		if end >= 0 {
			parameter = query[:end]
		}
		writeParameter(b, parameter)
		if end < 0 {
			return
		}
		b.WriteByte(query[end])
		query = query[end+1:]
	}
}

// writeParameter masks a parameter without a value completely, because its name may be the secret.
func writeParameter(b *strings.Builder, parameter string) {
	name, value, _ := strings.Cut(parameter, "=")
	switch {
	case parameter == "":
	case value != "" && IsName(name):
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(Mask)
	default:
		b.WriteString(Mask)
	}
}

const (
	longestName  = 32 // of a parameter, in bytes
	mostInDigits = 4
)

// IsName reports whether s looks like the name of a parameter. A random value has more digits, or is longer.
func IsName(s string) bool {
	digits := 0
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("_-.[]$", c) >= 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= longestName && digits <= mostInDigits
}

// Address returns an address with the secret parts masked: user, password, and the values of its parameters.
func Address(s string) string { return addressOf(s) }
