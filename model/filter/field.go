package filter

import (
	"slices"
	"strings"
	"time"

	"holter/model"
)

// field is a property of a row that a filter can compare. It has either a figure or a text.
type field struct {
	name  string
	also  []string // other names, such as the titles of columns
	about string   // in a few words, for users
	on    places   // where it can be compared
	mend  string   // what to write in other places, "" for nothing

	wants  func(p Place) string   // such as "a duration such as 100ms"
	values func(p Place) []string // the words that it takes, nil for any

	// figure returns false for a figure that is not there yet.
	figure func(r Row) (value int64, ok bool)
	text   func(r Row) string

	// compare makes a condition with any operator but ~. It returns nil if the field does not take value in that place.
	compare func(op operator, value string, p Place) condition
}

// fields are in the order of the API's connection, then those that only the screen has.
var fields = []field{
	figureField("id", connectionIDs, connectionID).means("the connection").called("connection", "now"),
	textField("client", Row.client).means("the client's name"),
	figureField("generation", counts, Row.generation).means("ordinal of the connection among its client's").called("gen"),
	addressField("remote", remoteText).means("the address with the port"),
	addressField("ip", ipText).means("the address"),
	pathField("path", func(r Row) string { return r.known().Path }).means("of the request"),
	textField("user_agent", Row.userAgent).means("of the request").called("agent", "ua"),
	textField("subprotocol", func(r Row) string { return r.known().Subprotocol }).means("that was agreed on"),
	choiceField("side", everyPlace(model.SideNames[:]), side).means("which leg of a proxied connection is the worse one"),
	stateField("state").means("`open` is every state in which the socket is open, `alive` normal or suspect").and(onServices),
	choiceField("cause", causeNames, func(r Row) string { return string(r.diagnosis().Cause) }).means("why it is in trouble").called("why").and(onServices),
	textField("detail", func(r Row) string { return r.diagnosis().Detail }).means("the sentence beside the cause").called("evidence").and(onServices),
	figureField("age", durations, age).means("since it opened, until it closed"),
	figureField("for", durations, Row.inState).means("in its state").called("since").only(nearlyAll | onServices),
	durationField("rtt", func(c *model.Connection) time.Duration { return c.RTT }).means("round trip of the newest beat"),
	durationField("rtt_mean", func(c *model.Connection) time.Duration { return c.RTTMean }).means("of the round trips").called("mean"),
	durationField("rtt_dev", func(c *model.Connection) time.Duration { return c.RTTDev }).means("how far round trips stray, as the detector measures it: usually the farthest of the last 60 from the mean"),
	sharedDuration("timeout", func(c *model.Connection) time.Duration { return c.Timeout }, func(s *model.Service) time.Duration { return s.Timeout }).means("how long a beat may stay unanswered"),
	sharedDuration("interval", func(c *model.Connection) time.Duration { return c.Interval }, func(s *model.Service) time.Duration { return s.Interval }).means("between beats"),
	figureField("silence", durations, Row.silence).and(onServices).means("since the last byte came in"),
	durationField("data_silence", func(c *model.Connection) time.Duration { return c.DataSilence }).means("since the last data in either direction").called("without_data"),
	figureField("missed", counts, Row.missed).and(onServices).means("beats unanswered in a row").called("unanswered"),
	countField("pings_sent", func(c *model.Connection) uint64 { return c.PingsSent }).means("holter's beats").called("beats"),
	countField("pongs_received", func(c *model.Connection) uint64 { return c.PongsReceived }).means("answers to them"),
	countField("pings_received", func(c *model.Connection) uint64 { return c.PingsReceived }).means("the peer's own beats"),
	countField("frames_in", func(c *model.Connection) uint64 { return c.FramesIn }).means("from the peer"),
	countField("frames_out", func(c *model.Connection) uint64 { return c.FramesOut }).means("to the peer"),
	sizeField("bytes_in", func(c *model.Connection) uint64 { return c.BytesIn }).means("from the peer"),
	sizeField("bytes_out", func(c *model.Connection) uint64 { return c.BytesOut }).means("to the peer"),
	faultField("fault").means("what holter does to it on purpose").called("faults"),
	figureField("code", counts, Row.code).means("close code; of a refusal its status"),
	choiceField("by", endNames, Row.by).means("who closed or refused it"),
	textField("reason", Row.reason).means("why it was closed or refused, as the peer was told"),

	rateField("in/s", func(r Row) float64 { return r.In }).means("from the peer, measured by the screen"),
	rateField("out/s", func(r Row) float64 { return r.Out }).means("to the peer, measured by the screen"),
	figureField("seen", durations, firstSeen).means("since the client came first").called("first_seen").only(onClients),
	textField("shared", Row.shared).means("the name that the client shares with others").only(onClients),
	figureField("back_after", durations, Row.backAfter).means("how long the client was away before it came back the last time").called("back").only(onClients),
	textField("kept_out_by", Row.keptOutBy).means("which code or status keeps the client out, and who, such as `4401 by app`").only(onClients),
	choiceField("event", everyPlace(EventKinds), func(r Row) string { return r.Event.Kind }).means("what happened").called("type").only(onEvents),
	textField("what", func(r Row) string { return r.Event.Text }).means("the sentence of the event").only(onEvents),
	figureField("time", clocks, clock).means("of day, on the reader's clock").only(onEvents),
	figureField("status", counts, Row.status).means("with which a handshake was refused").only(onClients | onEvents),

	textField("service", func(r Row) string { return r.service().ID }).means("the service's name").only(onServices | onEvents),
	choiceField("kind", serviceKinds, func(r Row) string { return string(r.service().Kind) }).means("how holter hears of the service").only(onServices),
	serviceText("target", func(s *model.Service) string { return s.Target }).means("what is asked for its health").called("url"),
	serviceText("says", func(s *model.Service) string { return s.Status }).means("the status of its newest report or answer"),
	serviceDuration("latency", latency).means("how long the newest answer took, or how late the newest report was; none of a service that has failed").otherwise("rtt, or fault as in fault=latency"),
	serviceDuration("latency_mean", func(s *model.Service) time.Duration { return s.LatencyMean }).means("of the latencies"),
	serviceDuration("ttl", func(s *model.Service) time.Duration { return s.TTL }).means("without a report for so long it has failed"),
	figureField("uptime", shares, Row.uptime).means("share of the last hour, or of the time that it is known, in which it lived").only(onServices),
	serviceDuration("clock_off", func(s *model.Service) time.Duration { return max(s.Clock, -s.Clock) }).means("by how much the clock behind its reports is off"),
}

// hints say what to write for words that a user sees and that are no field.
var hints = map[string]string{
	"in":       "in/s, bytes_in or frames_in",
	"out":      "out/s, bytes_out or frames_out",
	"bytes":    "bytes_in or bytes_out",
	"frames":   "frames_in or frames_out",
	"traffic":  "in/s or out/s",
	"upstream": "side, as in side=upstream",
	"open":     "state, as in state=open",
	"opened":   "age, or event=opened on the events page",
	"closed":   "state, as in state=closed",
	"away":     "state, as in state=away of clients",
	"normal":   "state, as in state=normal",
	"suspect":  "state, as in state=suspect",
	"failed":   "state, as in state=failed",
	"refused":  "event, as in event=refused on the events page",
	"close":    "code, by or reason",
	"address":  "remote or ip",
	"after":    "back_after",
	"probes":   "missed",
	"old":      "age",
	"name":     "client",
	"freeze":   "fault, as in fault=freeze",
}

func (f field) means(about string) field { f.about = about; return f }

func (f field) called(also ...string) field { f.also = also; return f }

func (f field) and(on places) field { f.on |= on; return f }

func (f field) otherwise(mend string) field { f.mend = mend; return f }

func (f field) only(on places) field { f.on = on; return f }

// everyPlace returns the same in every place.
func everyPlace[T any](v T) func(Place) T { return func(Place) T { return v } }

func connectionID(r Row) (int64, bool) { return int64(r.known().ID), r.Connection != nil }

func remoteText(r Row) string { return model.Address(r.remote()) }

func ipText(r Row) string { return r.remote().Addr().String() }

func side(r Row) string {
	if r.Connection == nil {
		return ""
	}
	return r.Connection.Side.String()
}

func age(r Row) (int64, bool) { return int64(r.known().Age(r.Now)), r.Connection != nil }

func firstSeen(r Row) (int64, bool) {
	if r.Client == nil {
		return 0, false
	}
	return int64(r.Now.Sub(r.Client.FirstSeen)), true
}

// clock returns the time of day of an event in nanoseconds.
func clock(r Row) (int64, bool) {
	at := r.Now.Local()
	return int64(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second), true
}

// findField returns the field with a name. Where the name has an underscore, a user may also write a hyphen.
func findField(name string) (field, bool) {
	name = strings.ReplaceAll(name, "-", "_")
	i := slices.IndexFunc(fields, func(f field) bool { return f.is(name) })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

func (f field) is(name string) bool {
	return strings.EqualFold(name, f.name) || contains(f.also, name)
}

// names are all names of all fields.
func names() (all []string) {
	for _, f := range fields {
		all = append(append(all, f.name), f.also...)
	}
	return all
}

// beginsField reports whether a field's name may be written as word and another word, as in "data silence".
func beginsField(word string) bool {
	return slices.ContainsFunc(names(), func(name string) bool {
		first, _, two := strings.Cut(name, "_")
		return two && strings.EqualFold(first, word)
	})
}

func (f field) takes(op operator) bool {
	switch op {
	case opEqual, opNotEqual:
		return true
	case opMatches:
		return f.text != nil
	}
	return f.figure != nil
}

// operators lists the operators of the field, for an error message.
func (f field) operators() string {
	var taken []string
	for _, op := range []operator{opEqual, opNotEqual, opGreater, opGreaterOrEqual, opLess, opLessOrEqual, opMatches} {
		if f.takes(op) {
			taken = append(taken, string(op))
		}
	}
	return strings.Join(taken, " ")
}

// elsewhere says where the field takes value, if it does not in p; "" if it does nowhere.
func (f field) elsewhere(value string, p Place) string {
	if f.values == nil || contains(f.values(p), value) {
		return ""
	}
	where := f.takenOn(value)
	if where == 0 {
		return ""
	}
	return strings.ToLower(value) + " is for " + where.String()
}

// nearest returns the word that a user who wrote value may have meant, as the beginning of a sentence, "" for none.
func (f field) nearest(value string, p Place) string {
	if f.values == nil || len(value) < 3 || len(value) > longestName {
		return ""
	}
	value = strings.ToLower(value)
	best, least := "", max(1, len(value)/3)+1
	for _, w := range f.values(p) {
		edits := model.EditDistance(value, w)
		if strings.Contains(w, value) {
			edits = 0 // it is most likely not typed to its end
		}
		if edits < least {
			best, least = w+", or ", edits
		}
	}
	return best
}

// contains reports whether one of words is word, in upper or lower case.
func contains(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}
