package filter

import (
	"slices"
	"strings"
	"time"

	"holter/model"
)

// field is a property of a connection that a filter can compare. It has either a figure or a text.
type field struct {
	name, short string // short is "" without a short form
	wants       string // such as "a duration such as 100ms"

	// figure returns false for a figure that is not there yet.
	figure func(c *model.Connection, now time.Time) (value int64, ok bool)
	text   func(c *model.Connection) string

	// compare makes a condition with any operator but ~. It returns nil if the field does not take value.
	compare func(op operator, value string) condition
}

// fields are in the order of the API's connection.
var fields = []field{
	figureField("id", "", connectionIDs, func(c *model.Connection, _ time.Time) (int64, bool) { return int64(c.ID), true }),
	textField("client", "", func(c *model.Connection) string { return c.Client }),
	countField("generation", "gen", func(c *model.Connection) uint64 { return uint64(c.Generation) }),
	addressField("remote", func(c *model.Connection) string { return model.Address(c.Remote) }),
	addressField("ip", func(c *model.Connection) string { return c.Remote.Addr().String() }),
	textField("path", "", func(c *model.Connection) string { return c.Path }),
	textField("user_agent", "ua", func(c *model.Connection) string { return c.UserAgent }),
	textField("subprotocol", "", func(c *model.Connection) string { return c.Subprotocol }),
	choiceField("side", model.SideNames[:], func(c *model.Connection) string { return c.Side.String() }),
	choiceField("state", stateNames(), func(c *model.Connection) string { return c.State.String() }),
	choiceField("cause", causeNames(), func(c *model.Connection) string { return string(c.Diagnosis.Cause) }),
	figureField("age", "", durations, func(c *model.Connection, now time.Time) (int64, bool) { return int64(c.Age(now)), true }),
	durationField("rtt", func(c *model.Connection) time.Duration { return c.RTT }),
	durationField("rtt_mean", func(c *model.Connection) time.Duration { return c.RTTMean }),
	durationField("rtt_dev", func(c *model.Connection) time.Duration { return c.RTTDev }),
	durationField("timeout", func(c *model.Connection) time.Duration { return c.Timeout }),
	durationField("interval", func(c *model.Connection) time.Duration { return c.Interval }),
	durationField("silence", func(c *model.Connection) time.Duration { return c.Silence }),
	durationField("data_silence", func(c *model.Connection) time.Duration { return c.DataSilence }),
	countField("missed", "", func(c *model.Connection) uint64 { return uint64(c.Missed) }),
	countField("pings_sent", "", func(c *model.Connection) uint64 { return c.PingsSent }),
	countField("pongs_received", "", func(c *model.Connection) uint64 { return c.PongsReceived }),
	countField("pings_received", "", func(c *model.Connection) uint64 { return c.PingsReceived }),
	countField("frames_in", "", func(c *model.Connection) uint64 { return c.FramesIn }),
	countField("frames_out", "", func(c *model.Connection) uint64 { return c.FramesOut }),
	sizeField("bytes_in", func(c *model.Connection) uint64 { return c.BytesIn }),
	sizeField("bytes_out", func(c *model.Connection) uint64 { return c.BytesOut }),
	faultField("fault"),
	figureField("code", "", counts, closeCode),
	choiceField("by", model.CloserNames[:], closedBy),
}

// stateNames are those that a connection may be in.
func stateNames() []string {
	return slices.DeleteFunc(slices.Clone(model.StateNames[:]), func(name string) bool { return name == model.Away.String() })
}

func causeNames() []string {
	names := make([]string, len(model.Causes))
	for i, c := range model.Causes {
		names[i] = string(c)
	}
	return names
}

func closeCode(c *model.Connection, _ time.Time) (int64, bool) {
	if c.Close == nil {
		return 0, false
	}
	return int64(c.Close.Code), true
}

func closedBy(c *model.Connection) string {
	if c.Close == nil {
		return ""
	}
	return c.Close.By.String()
}

func findField(name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool {
		return strings.EqualFold(name, f.name) || strings.EqualFold(name, f.short)
	})
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
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
