package reconnect

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Ends says what a client takes for the end, so that it does not come back. The zero Ends is that of a client which
// comes back after everything.
type Ends struct {
	Codes    []Range // close codes; 1005 is a close frame without one, and 1006 an end without a close frame
	Reasoned []Range // close codes that end it only if they come with a reason
	Refusals []Range // statuses of refused handshakes; 0 is an attempt that nobody answered
	// First limits Refusals to the client's first connection: once that is open, no failed attempt ends it.
	First bool
	// Settled is how long a connection must last for the delays to begin anew. 0 is a client whose delays begin anew
	// whenever it is connected.
	Settled time.Duration
	// AtLeast are the waits of a client that takes a close code for a request to wait. It spreads its return over as long
	// again.
	AtLeast map[int]time.Duration
	Tried   string // the release that it was tried on, and what others do
}

// Range is a range of close codes or statuses. It includes both.
type Range struct{ Low, High int }

// AnyFailure are the Refusals of a client that an attempt ends which fails for whatever reason.
var AnyFailure = []Range{{0, 999}}

// PoliteCodes are the close codes that RFC 6455, 7.4.1 gives to an end which a new connection would meet again.
var PoliteCodes = []Range{{1000, 1000}, {1002, 1003}, {1007, 1010}}

// AtClose reports whether the close code ends the client.
func (e *Ends) AtClose(code int, reasoned bool) bool {
	return within(e.Codes, code) || reasoned && within(e.Reasoned, code)
}

// AtRefusal reports whether an attempt that was refused with this status ends the client. connected says that it has had
// a connection before.
func (e *Ends) AtRefusal(status int, connected bool) bool {
	return within(e.Refusals, status) && !(e.First && connected)
}

func within(ranges []Range, n int) bool {
	return slices.ContainsFunc(ranges, func(r Range) bool { return r.Low <= n && n <= r.High })
}

// String says in a few words what ends the client for good.
func (e *Ends) String() string {
	var parts []string
	if len(e.Codes) > 0 {
		parts = append(parts, "close "+list(e.Codes))
	}
	if len(e.Reasoned) > 0 {
		parts = append(parts, list(e.Reasoned)+" with a reason")
	}
	if len(e.Refusals) > 0 {
		first := ""
		if e.First {
			first = "first "
		}
		what := "a failed " + first + "attempt"
		if e.Refusals[0] != AnyFailure[0] {
			what = "a " + first + "refusal with " + list(e.Refusals)
		}
		parts = append(parts, what)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

func list(ranges []Range) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		if words[i] = fmt.Sprint(r.Low); r.High > r.Low {
			words[i] = fmt.Sprintf("%d–%d", r.Low, r.High)
		}
	}
	return strings.Join(words, ", ")
}
