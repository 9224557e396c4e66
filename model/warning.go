package model

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Warning is something that is wrong or could be better, although no connection need be in trouble for it yet. Those that
// matter most are the advice that a user gets: see Advice.
type Warning struct {
	ID     string // "a3", the same as long as it is about the same; "" from a holter that has none
	Kind   WarningKind
	Since  time.Time
	Detail string // a sentence that names the evidence and, if it is known, what mends it

	Urgency   Urgency
	Touched   int   // how many connections, clients or ends it is about: Detail says which
	At        Place // where its evidence is
	Dismissed bool  // by a user, who does not want it among the advice unless it becomes worse

	Path     string // the template of the path that it is about; "" for none
	Upstream string // of a proxy, of a warning about a path
	Agent    string // the user agent of the clients that it is about; "" for none, or for all

	Client      string // the name that is shared
	Connections int    // that had it at the same time, the most so far; 0 if all were refused
	Addresses   int    // that these come from, now
	Identity    string // the setting of --identity that tells them apart; "" if nothing is known that does
}

// WarningKind says what a warning is about.
type WarningKind string

// SharedIdentity is a client's name that many connections have at the same time, or that is refused for many: it cannot be one
// client's own.
const SharedIdentity WarningKind = "shared-identity"

// Warnings about the timers of a path.
const (
	// TimerRace is a beat that comes about when the path is cut.
	TimerRace WarningKind = "timer-race"
	// NoBeats is a path on which neither end beats.
	NoBeats WarningKind = "no-beats"
	// SlowBeats is a beat that comes after the path is cut, or in hours.
	SlowBeats WarningKind = "slow-beats"
	// BeatInterval is a beat that comes in time, but not long before a cut that was seen or set.
	BeatInterval WarningKind = "beat-interval"
)

// Warnings about clients and their connections.
const (
	// Duplicate is an earlier connection of a client that has failed, and is open beside its newer one.
	Duplicate WarningKind = "duplicate"
	// NeverPongs is peers that live, and have never answered a ping.
	NeverPongs WarningKind = "never-pongs"
	// ResetsAtOpen is clients whose delays start anew after each connection, however short.
	ResetsAtOpen WarningKind = "resets-at-open"
)

// Warnings about how holter judges. Both rest on beats that were recorded.
const (
	// LowFloor is a --min-timeout below what answers often take.
	LowFloor WarningKind = "low-floor"
	// BetterDetector is another --detector that would have done better.
	BetterDetector WarningKind = "better-detector"
)

// WarningKinds are those that are known here. A new one needs a row in the table of model/advice/README.md, and a line in
// tui/glossary; tests hold both against this list.
var WarningKinds = [...]WarningKind{
	TimerRace, SlowBeats, NoBeats, BeatInterval, SharedIdentity, Duplicate, NeverPongs, ResetsAtOpen, LowFloor, BetterDetector,
}

// Urgency is how much a warning matters.
type Urgency uint8

const (
	Hint Urgency = iota // something could be better
	Risk                // something will go wrong, or goes unnoticed
	Harm                // connections end of it, or clients stay away
)

var UrgencyNames = [...]string{"hint", "risk", "harm"}

func (u Urgency) String() string {
	if int(u) < len(UrgencyNames) {
		return UrgencyNames[u]
	}
	return fmt.Sprintf("urgency(%d)", uint8(u))
}

// ParseUrgency is the inverse of Urgency.String.
func ParseUrgency(name string) (Urgency, error) {
	i := slices.Index(UrgencyNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("unknown urgency %q", name)
	}
	return Urgency(i), nil
}

// Place is where on the screen something is seen.
type Place struct {
	Page  string // its name, such as connections; "" for nowhere
	Query string // a filter on the pages of connections and clients, the template of a path, the id of a storm; "" for all
}

// Pages that evidence is on.
const (
	ConnectionsPage = "connections"
	ClientsPage     = "clients"
	StormsPage      = "storms"
	PathsPage       = "paths"
	ServicesPage    = "services"
)

const (
	MaxWarnings = 64 // that are kept
	MaxAdvice   = 12 // that are given
)

// Compare orders warnings, the worst first.
func (w *Warning) Compare(o *Warning) int {
	return cmp.Or(cmp.Compare(o.Urgency, w.Urgency), cmp.Compare(o.Touched, w.Touched), w.Since.Compare(o.Since),
		cmp.Compare(w.Kind, o.Kind), cmp.Compare(w.Path, o.Path), cmp.Compare(w.Client, o.Client), cmp.Compare(w.Agent, o.Agent))
}

// Advice returns the warnings that matter most, the worst first, at most MaxAdvice, without those that are dismissed.
func Advice(all []Warning) []Warning {
	list := worst(all, false)
	return list[:min(len(list), MaxAdvice)]
}

// Dismissed returns the warnings that a user has dismissed, the worst first.
func Dismissed(all []Warning) []Warning { return worst(all, true) }

func worst(all []Warning, dismissed bool) []Warning {
	list := slices.DeleteFunc(slices.Clone(all), func(w Warning) bool { return w.Dismissed != dismissed })
	slices.SortFunc(list, func(a, b Warning) int { return a.Compare(&b) })
	return list
}

// KeepWorst returns the MaxWarnings that matter most, the oldest first: those that are dismissed only where there is room.
func KeepWorst(all []Warning) []Warning {
	all = append(worst(all, false), worst(all, true)...)
	all = all[:min(len(all), MaxWarnings)]
	slices.SortStableFunc(all, func(a, b Warning) int { return a.Since.Compare(b.Since) })
	return all
}
