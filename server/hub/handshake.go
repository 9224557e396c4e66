package hub

import (
	"net/http"
	"slices"
	"strings"

	"holter/model"
)

// handshake is what the hub keeps of the request that opened a connection. Clients of one kind send equal
// ones, so each is kept once for all of them: see unique.Make.
type handshake struct {
	path, agent string
	header      string // lines of "name: value", as they came
}

const (
	maxText   = 256  // bytes of each text that comes with a request
	maxHeader = 2048 // bytes of the header that are kept

	usualHeader = 512
)

var (
	// single are fields whose value differs in every request and means nothing.
	single = []string{"Sec-Websocket-Key"}
	// secret are parts of the names of fields whose value must not be on a screen.
	secret = []string{"auth", "cookie", "token", "secret", "api-key"}
)

func handshakeOf(r *http.Request) handshake {
	return handshake{
		path: model.Clean(r.URL.Path, maxText), agent: model.Clean(r.UserAgent(), maxText), header: headerOf(r),
	}
}

// headerOf returns the header as lines in the order of its names. They are cleaned when they are shown, which
// is rare.
func headerOf(r *http.Request) string {
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		if !slices.Contains(single, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.Grow(usualHeader)
	line := func(name, value string) {
		if b.Len()+len(name)+len(value) < maxHeader {
			b.WriteString(name)
			b.WriteString(": ")
			b.WriteString(value)
			b.WriteByte('\n')
		}
	}
	line("Host", r.Host)
	for _, name := range names {
		line(name, strings.Join(r.Header[name], ", "))
	}
	return b.String()
}

// fields parses the lines of headerOf. That is possible because a name has no colon in it, and neither a name
// nor a value has a line break.
func (s handshake) fields() []model.HeaderField {
	var fields []model.HeaderField
	for line := range strings.Lines(s.header) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if isSecret(name) {
			value = "(not shown)"
		}
		fields = append(fields, model.HeaderField{Name: model.Clean(name, maxText), Value: model.Clean(value, maxText)})
	}
	return fields
}

func isSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secret, func(part string) bool { return strings.Contains(name, part) })
}
