package model

import "time"

// Path is what is known of the connections to one path, or to all paths of one template.
type Path struct {
	ID       int    // counts from 1, and none is used twice
	Template string // "/ocpp/*", where "*" stands for what differs by client; "" for the paths for which there was no room
	Upstream string // the server behind a proxy; else ""
	Since    time.Time

	Open      int           // connections
	Opened    int           // so far
	Ends      []PathEnd     // in EndsOver, the commonest first, at most MaxPathEnds
	Ended     int           // in EndsOver, in all
	EndsOver  time.Duration // from half an hour to an hour, or all the time until then
	MedianAge time.Duration // of the newest that ended; 0 before one has

	// The timer map: all clocks of the path.
	Clocks       []Clock
	Data         DataRhythm
	Survived     time.Duration // the longest silence after which a byte still came in, holter's own beats counted
	DataSurvived time.Duration // the longest time without a data frame after which a byte still came in
	KeptAlive    time.Duration // the longest time in which nothing passed but holter's own beats, where these may hide a cut; else 0
	Limits       []Limit       // the shortest first, at most MaxLimits

	// Margin is the shortest limit of silence that holds here over the period of what ends the silence and the lateness of
	// that. It is 0 where nothing ends silence, and below 0 if no limit is known.
	Margin float64

	Warnings []Warning
	Notes    []string // sentences beside the warnings
}

// Cut is the shortest limit of silence that holds on the path, nil if none is known.
func (p *Path) Cut() *Limit {
	for i := range p.Limits {
		if l := &p.Limits[i]; l.Kind != AgeLimit && l.Holds() {
			return l
		}
	}
	return nil
}

// Bounds of the lists of a Path, and of the paths.
const (
	MaxPaths    = 256
	MaxPathEnds = 8
	MaxClocks   = 12
	MaxLimits   = 24
	MaxGapBins  = 48
	MaxNotes    = 4
)

// NoMargin is the Margin of a path for which no limit is known.
const NoMargin = -1

// PathEnd counts connections that ended in the same way.
type PathEnd struct {
	Cause Cause // of the diagnosis; "" for none
	Code  int
	By    Closer
	Count int
}

// Clock is something that ends the silence of a path again and again.
type Clock struct {
	Of     ClockOf
	Period time.Duration // the median
	Late   time.Duration // 99 % come within Period + Late
	Count  int           // periods that were seen, of late
	Share  float64       // of those of the same kind, from 0 to 1: there may be several populations
}

// Within returns the time within which 99 % of the periods are over.
func (c *Clock) Within() time.Duration { return c.Period + c.Late }

// ClockOf is whose clock it is.
type ClockOf string

// Clocks.
const (
	ServerClock  ClockOf = "server"   // pings of the server's application, or pongs that nobody asked for
	ClientClock  ClockOf = "client"   // the same of the client, or messages that a page sends for lack of pings
	HolterClock  ClockOf = "holter"   // holter's pings
	MessageClock ClockOf = "messages" // data that comes at a steady pace, as heartbeats of the application do
)

// DataRhythm is how far data frames of one direction are apart, in either.
type DataRhythm struct {
	Median, P99 time.Duration // 0 if too few were seen
	// Bins count samples of the gaps: the first those up to LeastGap, each further one those up to half an octave more, and the
	// last also those beyond. There are at most MaxGapBins.
	Bins []uint32
}

// LeastGap is the upper end of the first bin of a DataRhythm.
const LeastGap = time.Millisecond

// Limit is a time after which something on the way ends connections.
type Limit struct {
	Kind   LimitKind
	After  time.Duration
	Spread time.Duration // seen around After
	From   LimitFrom
	Name   string // of what has it, with the setting: "nginx proxy_read_timeout"; "" if that is not known
	Source string // where Name is documented
	Ends   int    // of connections of the path by which it was seen, in EndsOver
	Of     int    // all ends of the path meanwhile
	Where  string // the path that these are of, if it is another one: see LimitElsewhere
	// Either says that the connections were as old as they were silent, so that it may be a limit of their age instead.
	Either bool
	// Refuted says that connections have outlived it here.
	Refuted bool
}

// LimitKind is what a limit limits.
type LimitKind string

// Kinds of limits.
const (
	SilenceLimit LimitKind = "silence" // without any frame
	DataLimit    LimitKind = "data"    // without a data frame: pings do not count
	AgeLimit     LimitKind = "age"     // of the connection
)

// LimitFrom is how a limit is known.
type LimitFrom string

// Sources of limits, the surest first.
const (
	LimitSeen LimitFrom = "seen" // connections have ended by it
	// LimitElsewhere is of connections to other paths, which have ended by it at the same upstream, or behind the same address.
	LimitElsewhere LimitFrom = "elsewhere"
	LimitSet       LimitFrom = "set"   // the user has said so
	LimitNamed     LimitFrom = "named" // the handshakes show what is on the way, which has it unless it is set otherwise
	LimitUsual     LimitFrom = "usual" // of what is often on the way
)

// Stray reports whether the ends by which a limit was seen lie so far from it that it is worth telling.
func (l *Limit) Stray() bool { return l.Spread >= max(l.After/500, time.Millisecond) }

// Holds reports whether a limit is to be reckoned with: it is known to be on this path, and nothing has outlived it.
func (l *Limit) Holds() bool { return l.From != LimitUsual && !l.Refuted }
