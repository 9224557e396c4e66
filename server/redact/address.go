package redact

import "strings"

// addressOf returns an address, or the part of one that a proxy passes on, without its user and password, and with
// the values of its parameters masked. It works on the text: what package url cannot parse is no less secret.
func addressOf(s string) string {
	if !strings.ContainsAny(s, "?#;@%") {
		return s
	}
	s, _, fragment := strings.Cut(s, "#") // in which tokens come back from a login
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

// Path returns what may be shown of the path of a request. A path is shown as it is. What does not belong into one
// is masked: the query of a client that escapes its question mark, the values of parameters such as ;jsessionid=,
// and user and password of an address in a path.
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

// cutQuery cuts a query off. separator is what stands between, "" without a query. An escaped question mark begins
// one too: an address that was put into another one whole.
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

// pathOf is a path, perhaps after scheme and host, without user and password, and with the values of its parameters
// masked.
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

// writeParameter masks the whole of a parameter that has no value: then the name may be what is secret.
func writeParameter(b *strings.Builder, parameter string) {
	name, value, _ := strings.Cut(parameter, "=")
	switch {
	case parameter == "":
	case value != "" && isName(name):
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

// isName reports whether a parameter may be called so. What was made by chance has more digits, or is longer.
func isName(s string) bool {
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
