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
	header      string // lines of "name: value"
}

const (
	maxText   = 256  // bytes of each text that comes with a request
	maxHeader = 2048 // bytes of the header that is kept
)

// secret are fields that must not be shown to whoever looks over a shoulder, and single those that
// differ with every request and tell nothing.
var (
	secret = []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"}
	single = []string{"Sec-Websocket-Key"}
)

func handshakeOf(r *http.Request) handshake {
	return handshake{
		path: model.Clean(r.URL.Path, maxText), agent: model.Clean(r.UserAgent(), maxText), header: headerOf(r),
	}
}

// headerOf writes the header down in order of its names.
func headerOf(r *http.Request) string {
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		if !slices.Contains(single, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	line := func(name, value string) {
		if b.Len()+len(name)+len(value) < maxHeader {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	line("Host", model.Clean(r.Host, maxText))
	for _, name := range names {
		value := "(not shown)"
		if !slices.Contains(secret, name) {
			value = model.Clean(strings.Join(r.Header[name], ", "), maxText)
		}
		line(model.Clean(name, maxText), value)
	}
	return b.String()
}

// fields takes apart what headerOf wrote: a name has no colon in it, and neither has a line break.
func (s handshake) fields() []model.HeaderField {
	var fields []model.HeaderField
	for line := range strings.Lines(s.header) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		fields = append(fields, model.HeaderField{Name: name, Value: value})
	}
	return fields
}
