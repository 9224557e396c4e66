package hub

import (
	"net/http"
	"slices"
	"strings"

	"holter/model"
)

// handshake is what is kept of the request that opened a connection. Clients of one kind send the same
// but for the client's name, so equal ones are kept once.
type handshake struct {
	path, agent string
	header      string // lines of "name: value", as they came
}

const (
	maxText   = 256  // bytes of each text that comes with a request
	maxHeader = 2048 // bytes of the header that is kept

	usualHeader = 512
)

var (
	// single are fields that differ with every request and tell nothing.
	single = []string{"Sec-Websocket-Key"}
	// secret are parts of the names of fields that are not for whoever looks over a shoulder.
	secret = []string{"auth", "cookie", "token", "secret", "api-key"}
)

func handshakeOf(r *http.Request) handshake {
	return handshake{
		path: model.Clean(r.URL.Path, maxText), agent: model.Clean(r.UserAgent(), maxText), header: headerOf(r),
	}
}

// headerOf writes the header down in order of its names. Few are ever looked at, so it is not cleaned.
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

// fields takes apart what headerOf wrote: a name has no colon in it, and neither has a line break.
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
