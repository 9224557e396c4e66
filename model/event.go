package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// EventType says which of an Event's fields are set.
type EventType string

const (
	ConnectionOpened  EventType = "connection.opened"  // Connection
	ConnectionClosed  EventType = "connection.closed"  // Connection with its Close
	StateChanged      EventType = "state.changed"      // Connection, From, To
	ConnectionRefused EventType = "connection.refused" // Refusal
	RequestRefused    EventType = "request.refused"    // Refusal of the admin plane's, the newest of Count for the same reason
	HostSampled       EventType = "host.sampled"       // Host
	HostLate          EventType = "host.late"          // Late
	StormStarted      EventType = "storm.started"      // Storm
	StormFlapping     EventType = "storm.flapping"     // Storm: it does not end because clients flap
	StormEnded        EventType = "storm.ended"        // Storm
	WarningRaised     EventType = "warning.raised"     // Warning
	CohortFound       EventType = "cohort.found"       // Cohort: ends or suspicions that belong together
	CauseFound        EventType = "cause.found"        // Connection, which ended before the cause of its end was known, or whose state is as before
	AlertChanged      EventType = "alert.changed"      // Alert: it began to fire, or is resolved
	TokenExpiring     EventType = "token.expiring"     // Connection with its Expires: it will be closed then
	FaultSet          EventType = "fault.set"          // Connection with its Faults, nil when they ended
	ServiceChanged    EventType = "service.changed"    // Service, From, To; from Closed when it is new or is back after a goodbye
	ConfigReloaded    EventType = "config.reloaded"    // Reload: the settings were read anew, or could not be
	Dropped           EventType = "dropped"            // Count
)

// EventTypes are those that are known here. A holter of another version may have more.
var EventTypes = [...]EventType{
	ConnectionOpened, ConnectionClosed, StateChanged, ConnectionRefused, RequestRefused, HostSampled, HostLate, StormStarted, StormFlapping, StormEnded, WarningRaised,
	CohortFound, CauseFound, AlertChanged, TokenExpiring, FaultSet, ServiceChanged, ConfigReloaded, Dropped,
}

// Event is something that happened. Seq numbers the events in the order of their publication. A reader that
// could not keep up receives a Dropped event, with their Count, in place of those that it missed.
type Event struct {
	Seq  uint64
	Time time.Time
	Type EventType

	Connection *Connection // a copy made when it happened
	From, To   State
	Refusal    *Refusal
	Host       *Host
	Storm      *Storm // a copy made when it happened
	Warning    *Warning
	Cohort     *Cohort // a copy made when it happened
	Late       *Lateness
	Alert      *Alert   // a copy made when it happened
	Service    *Service // a copy made when it happened
	Reload     *Reload
	Count      uint64
}

// Refusal is a handshake that did not become a connection, or a request that the admin plane refused.
type Refusal struct {
	Remote string
	Client string
	Status int // of the HTTP answer, 0 if there was none
	Reason string
	By     Refuser // empty if a holter of another version did not say

	// Diagnosis is CauseHandshakeBroken with what broke it and which setting mends it, as far as that is known. It
	// is empty for a handshake that was in order and met a limit, or an upstream that failed.
	Diagnosis Diagnosis

	RetryAfter time.Duration // of the HTTP answer, 0 for none
	Limit      RefusalLimit  // of holter's that the handshake met, empty for none; known only to the holter that refused
}

// RefusalLimit is a limit of holter's for which it refuses handshakes or, on the admin plane, requests.
type RefusalLimit string

const (
	LimitOrdered     RefusalLimit = "ordered" // they are refused on request, for a while
	LimitConnections RefusalLimit = "connections"
	LimitAddress     RefusalLimit = "address" // connections from one address
	LimitClient      RefusalLimit = "client"  // connections of one client
	LimitRate        RefusalLimit = "rate"
	LimitMemory      RefusalLimit = "memory"  // the process has nearly all the memory that it may have
	LimitHead        RefusalLimit = "head"    // bytes in the head of a request
	LimitSlow        RefusalLimit = "slow"    // time until the head was whole
	LimitWaiting     RefusalLimit = "waiting" // handshakes under way

	LimitDraining RefusalLimit = "draining" // the server is about to restart

	// These are of the admin plane.
	LimitCalls       RefusalLimit = "calls"       // calls of the API from one address
	LimitToken       RefusalLimit = "token"       // the token of the plane: it is missing or wrong
	LimitRights      RefusalLimit = "rights"      // what the token may do, or anybody with --read-only
	LimitSite        RefusalLimit = "site"        // names under which the plane is asked, and pages that may ask
	LimitSubscribers RefusalLimit = "subscribers" // readers of answers that do not end
	LimitBody        RefusalLimit = "body"        // bytes in the body of a request
	LimitFilter      RefusalLimit = "filter"      // time that a filter takes
)

// What may be wrong with the token of a handshake. They are limits of holter's too, and no fault of the handshake itself.
const (
	TokenMissing     RefusalLimit = "token-missing"
	TokenMalformed   RefusalLimit = "token-malformed"   // it is no JSON Web Token, or says something twice
	TokenOversized   RefusalLimit = "token-oversized"   // it is too long to be looked at
	TokenAmbiguous   RefusalLimit = "token-ambiguous"   // there are several, of which the application might read another one
	TokenAlgorithm   RefusalLimit = "token-algorithm"   // it is not signed, or in a way that fits no key
	TokenKey         RefusalLimit = "token-key"         // it names a key that is not known
	TokenSignature   RefusalLimit = "token-signature"   // no key verifies it
	TokenExpired     RefusalLimit = "token-expired"     // it is not valid any more
	TokenEarly       RefusalLimit = "token-early"       // it is not valid yet
	TokenIssuer      RefusalLimit = "token-issuer"      // another one than is trusted
	TokenAudience    RefusalLimit = "token-audience"    // it is for another service
	TokenClaim       RefusalLimit = "token-claim"       // one that is required is missing or has another value
	TokenUnavailable RefusalLimit = "token-unavailable" // its key cannot be had now
)

// TokenLimits are all of them.
var TokenLimits = [...]RefusalLimit{
	TokenMissing, TokenMalformed, TokenOversized, TokenAmbiguous, TokenAlgorithm, TokenKey, TokenSignature, TokenExpired, TokenEarly,
	TokenIssuer, TokenAudience, TokenClaim, TokenUnavailable,
}

// RefusalReason is why a handshake did not become a connection, or why the admin plane refused a request, in a word. The
// words are those of metrics, of the summary and of the screen.
type RefusalReason string

const (
	ReasonRate        RefusalReason = "rate"             // --accept-rate
	ReasonConnections RefusalReason = "max-connections"  // --max-conns
	ReasonAddress     RefusalReason = "max-per-address"  // --max-conns-per-ip, --max-conns-from
	ReasonClient      RefusalReason = "max-per-client"   // --max-conns-per-client
	ReasonMemory      RefusalReason = "memory"           // --max-memory
	ReasonHead        RefusalReason = "head-too-large"   // --header-limit
	ReasonSlow        RefusalReason = "head-too-slow"    // --header-timeout
	ReasonWaiting     RefusalReason = "waiting"          // --max-handshakes
	ReasonDraining    RefusalReason = "draining"         // holter is about to restart
	ReasonOrdered     RefusalReason = "ordered"          // a key or the API had them refused
	ReasonOrigin      RefusalReason = "origin"           // --allow-origin
	ReasonBroken      RefusalReason = "handshake-broken" // it was none that holter can take
	ReasonDown        RefusalReason = "upstream-down"    // the backend of a proxy could not be reached, or did not answer
	ReasonUpstream    RefusalReason = "upstream"         // the backend answered with something else
	ReasonApp         RefusalReason = "application"      // so did the application that holter is in
	ReasonGone        RefusalReason = "client-gone"      // the client went away, or did not trust the certificate
	ReasonOther       RefusalReason = "other"

	ReasonCalls       RefusalReason = "api-rate"        // --api-rate
	ReasonToken       RefusalReason = "api-token"       // no token, or a wrong one
	ReasonRights      RefusalReason = "api-read-only"   // a command with a token that only reads, or with --read-only
	ReasonSite        RefusalReason = "api-origin"      // another Host or Origin than may ask: --admin-host
	ReasonSubscribers RefusalReason = "api-subscribers" // --max-subscribers
	ReasonBody        RefusalReason = "api-body"        // a body that is too large
	ReasonFilter      RefusalReason = "api-filter"      // a filter that takes too long
)

// HandshakeReasons are those of handshakes, and RequestReasons those of requests to the admin plane. What may be wrong with a
// token is a reason by its own name.
var (
	HandshakeReasons = append([]RefusalReason{
		ReasonRate, ReasonConnections, ReasonAddress, ReasonClient, ReasonMemory, ReasonHead, ReasonSlow, ReasonWaiting, ReasonOrdered, ReasonDraining,
		ReasonOrigin, ReasonBroken, ReasonDown, ReasonUpstream, ReasonApp, ReasonGone, ReasonOther,
	}, tokenReasons()...)
	RequestReasons = []RefusalReason{ReasonCalls, ReasonToken, ReasonRights, ReasonSite, ReasonSubscribers, ReasonBody, ReasonFilter}
)

// tokenReasons are token-expired and so on.
func tokenReasons() (all []RefusalReason) {
	for _, limit := range TokenLimits {
		all = append(all, RefusalReason(limit))
	}
	return all
}

// limitReasons are the reasons of the limits.
var limitReasons = map[RefusalLimit]RefusalReason{
	LimitRate: ReasonRate, LimitConnections: ReasonConnections, LimitAddress: ReasonAddress, LimitClient: ReasonClient, LimitMemory: ReasonMemory,
	LimitHead: ReasonHead, LimitSlow: ReasonSlow, LimitWaiting: ReasonWaiting, LimitOrdered: ReasonOrdered, LimitDraining: ReasonDraining,
	LimitCalls: ReasonCalls, LimitToken: ReasonToken, LimitRights: ReasonRights, LimitSite: ReasonSite, LimitSubscribers: ReasonSubscribers, LimitBody: ReasonBody, LimitFilter: ReasonFilter,
}

// Why returns the reason of a refusal, as it is known to the holter that refused.
func (r *Refusal) Why() RefusalReason {
	if reason, limited := limitReasons[r.Limit]; limited {
		return reason
	}
	if reason := RefusalReason(r.Limit); slices.Contains(HandshakeReasons, reason) {
		return reason
	}
	switch r.By {
	case RefusedByUpstream:
		return ReasonUpstream
	case RefusedByApp:
		return ReasonApp
	case RefusedByClient:
		return ReasonGone
	case RefusedByHTTP:
		return ReasonBroken
	}
	switch {
	case r.Status == 502 || r.Status == 504: // Bad Gateway, Gateway Timeout
		return ReasonDown
	case r.Status == 403: // Forbidden
		return ReasonOrigin
	case r.Diagnosis.Cause == CauseHandshakeBroken:
		return ReasonBroken
	}
	return ReasonOther
}

// Answer is what the client was told, "503: too many at once", or what is wrong with its handshake where that is known.
func (r *Refusal) Answer() string {
	what := cmp.Or(r.Diagnosis.Detail, r.Reason)
	if r.Status == 0 {
		return what
	}
	return fmt.Sprintf("%d: %s", r.Status, what)
}

// Refuser is who refused a handshake.
type Refuser string

const (
	RefusedByHolter   Refuser = "holter"   // for its own limits and rules
	RefusedByHTTP     Refuser = "net/http" // the HTTP server below it, which found no request that it could read
	RefusedByUpstream Refuser = "upstream" // of a proxy, or what stands between
	RefusedByApp      Refuser = "app"      // that a monitor is embedded in
	RefusedByClient   Refuser = "client"   // which went away, or did not trust the certificate
)

// Reload is what came of reading the settings anew. With an Error nothing has changed.
type Reload struct {
	By      Reloader
	Error   string          // why nothing has changed, "" if all is as it is written now
	Changed []SettingChange // in force now, by name
	Kept    []SettingChange // as before until a restart, by name
	Warning string          // what the operator may not have meant, "" for nothing
	Took    time.Duration
}

// Reloader is what asked for a reload.
type Reloader string

const (
	BySignal Reloader = "signal"
	ByAPI    Reloader = "api"
)

// SettingChange is a setting that is written otherwise than it was. What may be secret is masked.
type SettingChange struct {
	Name    string
	Was, Is string // as they are written, cut if they are long
	Origin  string // where the new value comes from, such as "holter.yaml:3" or "default"
}

// SettingNames are the names of settings for a sentence: "max-conns, token".
func SettingNames(list []SettingChange) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// String says in a line what came of it.
func (r *Reload) String() string {
	switch {
	case r.Error != "":
		return "settings not reloaded: " + r.Error
	case len(r.Changed)+len(r.Kept) == 0 && r.Warning == "":
		return "settings reloaded: none is written otherwise"
	}
	text := "settings reloaded"
	if len(r.Changed) > 0 {
		text += ": " + SettingNames(r.Changed)
	}
	if len(r.Kept) > 0 {
		text += "; until a restart stays as it was: " + SettingNames(r.Kept)
	}
	if r.Warning != "" {
		text += "; " + r.Warning
	}
	return text
}
