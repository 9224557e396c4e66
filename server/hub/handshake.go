package hub

import (
	"net/http"
	"slices"
	"strings"

	"holter/model"
	"holter/model/timers"
	"holter/server/redact"
)

// handshake holds the parts of the request that opened a connection. The hub keeps nothing that may be secret,
// unless Options.ShowSecrets is set. Parts that are not kept appear on no screen, in no event and in no answer, and
// filters cannot match them. Clients of one kind send equal requests, so each is kept once for all of them: see
// unique.Make.
type handshake struct {
	path, agent string
	header      string // lines of "name: value"
	boxes       timers.Boxes
	forwarded   bool // a proxy says that it has passed the request on
}

const (
	maxText   = 256  // bytes of each text that comes with a request
	maxHeader = 2048 // bytes of the header that are kept

	usualHeader = 512
)

// single are fields whose value differs in every request and means nothing.
var single = []string{"Sec-Websocket-Key"}

func (h *Hub) handshakeOf(r *http.Request) handshake {
	return handshake{
		path: h.pathOf(r), agent: model.Clean(r.UserAgent(), maxText), header: h.headerOf(r), boxes: timers.InRequest(r.Header),
		forwarded: slices.ContainsFunc(proxyFields, func(field string) bool { return r.Header.Get(field) != "" }),
	}
}

// proxyFields are fields that a proxy adds to a request.
var proxyFields = []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"}

func (h *Hub) pathOf(r *http.Request) string {
	path := r.URL.Path
	if !h.o.ShowSecrets {
		path = redact.Path(path)
	}
	return model.Clean(path, maxText)
}

// headerOf returns the header as lines in the order of its names. They are cleaned when they are shown, which
// is rare.
func (h *Hub) headerOf(r *http.Request) string {
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
		if !h.o.ShowSecrets {
			value = redact.Field(name, value)
		}
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

// subprotocol returns the name of the subprotocol that the application chose, as far as it is kept. A browser may send
// its token as one of the offered subprotocols, and the application may choose that one.
func (h *Hub) subprotocol(name string) string {
	if !h.o.ShowSecrets {
		name = redact.Subprotocol(name)
	}
	return model.Clean(name, maxText)
}

// fields parses the lines of headerOf. That is possible because a name has no colon in it, and neither a name
// nor a value has a line break.
func (s handshake) fields() []model.HeaderField {
	var fields []model.HeaderField
	for line := range strings.Lines(s.header) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		fields = append(fields, model.HeaderField{Name: model.Clean(name, maxText), Value: model.Clean(value, maxText)})
	}
	return fields
}
