// Package pass is what the parts of a monitor know of the guard at its door: what a guard is asked, and what it says of a
// client that it let in.
//
// Package server asks the guard for each handshake, and attaches its Pass to the request. Package hub names the client by
// the pass, and closes the connection when the pass is over. Package bearer has a guard, and an application may have one
// of its own. The package imports only model, so a monitor without a guard carries no cryptography for one.
package pass

import (
	"context"
	"net/http"
	"time"

	"holter/model"
)

// Guard decides which clients may open a WebSocket.
type Guard interface {
	// Check returns the pass of the client that sent r, or why it may not come in. Exactly one of them is nil. Many
	// goroutines call it at a time, and it may wait until the context of r ends.
	Check(r *http.Request) (*Pass, *Refusal)
	// Run does the guard's work beside that, such as to fetch keys, until ctx ends.
	Run(ctx context.Context) error
}

// Pass is what a guard has found out about a client that it let in. It never changes.
type Pass struct {
	Claims  map[string]any // what the client's credential says, verified; nil for nothing
	Expires time.Time      // when the credential is over; the zero Time for never

	// Until is when the connection is closed because of that, not before Expires. The zero Time stands for Expires.
	Until time.Time
	// Warn is how long before Expires an event tells that this will be; 0 for no such event.
	Warn time.Duration

	// Subprotocol is what the server answers with if the client has offered its credential as a subprotocol and the
	// application chooses none: a browser accepts no answer without one. It is empty if nothing fits.
	Subprotocol string
}

// Refusal is why a client may not come in. Status, Reason, Limit, Diagnosis and RetryAfter are set.
type Refusal struct {
	model.Refusal
	Challenge string // the WWW-Authenticate of the answer, empty for none
}

type key struct{}

// Attach adds p to the context of r. It changes r itself: a copy would hide from the caller what the handlers below it
// set in r, such as the pattern of a ServeMux.
func (p *Pass) Attach(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), key{}, p)) }

// Of returns the pass of a request, nil if no guard has let it in.
func Of(r *http.Request) *Pass {
	p, _ := r.Context().Value(key{}).(*Pass)
	return p
}

// Claim returns a claim that is a text, empty if there is none. A nil pass has none.
func (p *Pass) Claim(name string) string {
	if p == nil {
		return ""
	}
	text, _ := p.Claims[name].(string)
	return text
}
