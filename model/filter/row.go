package filter

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"holter/model"
)

// Place is where a filter is used. It decides which fields there are and which words they take.
type Place uint8

const (
	Connections    Place = iota // connections by themselves: in the API, kicks, faults and drills
	ConnectionRows              // the connections of the screen, which also measures their rates
	Clients                     // the clients in the API, each with its newest connection
	ClientRows                  // the clients of the screen, which are the same with rates
	EventRows                   // the events of the screen
	Services                    // the services beside the connections
)

// placeNouns are what is in each place.
var placeNouns = [...]string{"connections", "connections", "clients", "clients", "events", "services"}

// places is a set of them.
type places uint8

const (
	onConnections = places(1<<Connections | 1<<ConnectionRows)
	onRows        = places(1<<ConnectionRows | 1<<ClientRows)
	onClients     = places(1<<Clients | 1<<ClientRows)
	onEvents      = places(1 << EventRows)
	onServices    = places(1 << Services)
	nearlyAll     = onConnections | onClients
	everywhere    = nearlyAll | onEvents
)

func (s places) has(p Place) bool { return s&(1<<p) != 0 }

// placesNames are from the widest to the narrowest.
var placesNames = []struct {
	places places
	name   string
}{
	{onConnections, "connections"},
	{onClients, "clients"},
	{1 << Connections, "connections in the API and drills"},
	{1 << ConnectionRows, "the connections page"},
	{1 << Clients, "clients in the API"},
	{1 << ClientRows, "the clients page"},
	{onEvents, "the events page"},
	{onServices, "services"},
}

// String names the places in a sentence, such as "clients and the events page".
func (s places) String() string {
	var names []string
	for _, n := range placesNames {
		if s&n.places == n.places {
			names = append(names, n.name)
			s &^= n.places
		}
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Row is what a filter is asked about: a connection, or what the screen has beside it. It is passed by value, so that asking
// allocates nothing.
type Row struct {
	Connection *model.Connection // nil for a client without one, and for an event about none
	Client     *model.Client     // nil but for Clients and ClientRows
	Event      *Event            // nil but on EventRows
	Service    *model.Service    // nil but for Services, and for an event about one
	In, Out    float64           // bytes per second, on ConnectionRows and ClientRows
	Now        time.Time         // for an event, when it happened
}

// Event is an event as the screen shows it.
type Event struct {
	Kind    string         // one of EventKinds
	Text    string         // the whole sentence
	Refusal *model.Refusal // nil unless it is one
}

// EventKinds are the words by which the screen tells events from each other.
var EventKinds = []string{
	"opened", "closed", "refused", "normal", "suspect", "failed", "fault", "storm", "calm", "warning", "alert", "cohort", "cause", "expiring", "service", "settings", "late", "lost", "unknown", "other",
}

// known returns the connection, or an empty one with no figures.
func (r Row) known() *model.Connection {
	if r.Connection == nil {
		return &nothing
	}
	return r.Connection
}

var nothing model.Connection

func (r Row) refusal() *model.Refusal {
	if r.Event == nil {
		return nil
	}
	return r.Event.Refusal
}

func (r Row) client() string {
	switch refusal := r.refusal(); {
	case r.Client != nil:
		return r.Client.ID
	case refusal != nil:
		return refusal.Client
	}
	return r.known().Client
}

func (r Row) userAgent() string {
	if r.Client != nil {
		return r.Client.UserAgent
	}
	return r.known().UserAgent
}

func (r Row) shared() string {
	if r.Client == nil {
		return ""
	}
	return r.Client.Shared
}

func (r Row) generation() (int64, bool) {
	switch {
	case r.Client != nil:
		return int64(r.Client.Generation), true
	case r.Connection == nil:
		return 0, false
	}
	return int64(r.Connection.Generation), true
}

// remote is not valid if it is not known.
func (r Row) remote() netip.AddrPort {
	refusal := r.refusal()
	if refusal == nil {
		return r.known().Remote
	}
	if a, err := netip.ParseAddrPort(refusal.Remote); err == nil {
		return a
	}
	a, _ := netip.ParseAddr(refusal.Remote)
	return netip.AddrPortFrom(a, 0)
}

func (r Row) state() string {
	switch {
	case r.Client != nil:
		return r.Client.State.String()
	case r.Service != nil:
		return r.Service.State.String()
	case r.Connection == nil:
		return ""
	}
	return r.Connection.State.String()
}

// inState returns how long the connection, or the client, has been in its state.
func (r Row) inState() (int64, bool) {
	switch {
	case r.Client != nil:
		return int64(r.Now.Sub(r.Client.Since)), true
	case r.Service != nil:
		return int64(r.Now.Sub(r.Service.Since)), true
	case r.Connection == nil || r.Connection.Since.IsZero():
		return 0, false
	}
	return int64(r.Connection.Stayed(r.Now)), true
}

func (r Row) diagnosis() model.Diagnosis {
	if refusal := r.refusal(); refusal != nil {
		return refusal.Diagnosis
	}
	if r.Service != nil {
		return r.Service.Diagnosis
	}
	return r.known().Diagnosis
}

// outage is what keeps a client out, nil for nothing and for what is no client.
func (r Row) outage() *model.Outage {
	if r.Client == nil {
		return nil
	}
	return r.Client.Outage
}

func (r Row) keptOutBy() string {
	if o := r.outage(); o != nil {
		return o.Cause()
	}
	return ""
}

// closed returns how the connection was closed, nil if it was not: of a client that is kept out by short connections, how
// these are closed, and nothing of one that is refused.
func (r Row) closed() *model.Close {
	switch o := r.outage(); {
	case o != nil && o.Refusals > 0:
		return nil
	case o != nil && o.Flaps > 0:
		return &o.Close
	}
	return r.known().Close
}

// refused returns how a handshake was refused, or how a client is: zero if it is not.
func (r Row) refused() model.Refusal {
	if o := r.outage(); o != nil && o.Refusals > 0 {
		return model.Refusal{Status: o.Status, By: o.By, Reason: o.Reason}
	}
	if refusal := r.refusal(); refusal != nil {
		return *refusal
	}
	return model.Refusal{}
}

// code returns the close code, or the status of a refusal.
func (r Row) code() (int64, bool) {
	if c := r.closed(); c != nil {
		return int64(c.Code), true
	}
	return r.status()
}

func (r Row) status() (int64, bool) {
	status := r.refused().Status
	return int64(status), status > 0
}

// by returns who closed the connection, or refused the handshake.
func (r Row) by() string {
	if c := r.closed(); c != nil {
		return c.By.String()
	}
	return string(r.refused().By)
}

func (r Row) reason() string {
	if c := r.closed(); c != nil {
		return c.Reason
	}
	return r.refused().Reason
}

// backAfter returns how long the client was away before its newest connection.
func (r Row) backAfter() (int64, bool) {
	if r.Client == nil || len(r.Client.Reconnects) == 0 {
		return 0, false
	}
	return int64(r.Client.Reconnects[len(r.Client.Reconnects)-1]), true
}

func (r Row) isOpen() bool { return r.Connection != nil && r.Connection.Open() }

// stateNames are the states that there are in a place. Only a client can be away or flapping. It is never closed, as its
// next connection may come.
func stateNames(p Place) []string {
	if p == Services {
		return []string{model.Normal.String(), model.Suspect.String(), model.Failed.String(), model.Closed.String(), model.Unknown.String(), stateAlive}
	}
	names := slices.DeleteFunc(slices.Clone(model.StateNames[:]), func(name string) bool {
		ofClients := name == model.Away.String() || name == model.Flapping.String()
		return onClients.has(p) && name == model.Closed.String() || !onClients.has(p) && ofClients
	})
	return append(names, stateOpen)
}

// stateOpen stands for all states of a connection whose socket is not closed.
const stateOpen = "open"

// stateAlive stands for the states of a service that is on the list of the living.
const stateAlive = "alive"

// causeNames are the causes that there are in a place. A broken handshake never becomes a connection.
func causeNames(p Place) []string {
	causes := slices.Concat(model.Causes[:], model.CohortCauses[:])
	switch p {
	case Services:
		causes = model.ServiceCauses[:]
	case EventRows:
		causes = append(causes, model.CauseHandshakeBroken)
		for _, c := range model.ServiceCauses {
			if !slices.Contains(causes, c) {
				causes = append(causes, c)
			}
		}
	}
	names := make([]string, len(causes))
	for i, c := range causes {
		names[i] = string(c)
	}
	return names
}

// endNames are those who can close a connection, and on the pages of clients and of events also those who can refuse one.
func endNames(p Place) []string {
	names := slices.Clone(model.CloserNames[:])
	if p == EventRows || onClients.has(p) {
		for _, by := range []model.Refuser{model.RefusedByHTTP, model.RefusedByUpstream, model.RefusedByClient} {
			names = append(names, string(by))
		}
	}
	return names
}
