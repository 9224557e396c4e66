package export

import (
	"io"
	"math"
	"strings"
	"time"

	"holter/model"
	"holter/tui/traffic"
)

// Connection is a connection as it is exported.
type Connection struct {
	*model.Connection
	Flow traffic.Flow
	Now  time.Time
}

// Connections are functions that write connections, by the ending of the file.
func Connections(rows []Connection, hide bool) map[string]func(io.Writer) error {
	return formats(connectionColumns, rows, hide)
}

var connectionColumns = []column[Connection]{
	{"id", func(r *Connection) any { return r.ID.String() }},
	{"client", func(r *Connection) any { return r.Client }},
	{"generation", func(r *Connection) any { return r.Generation }},
	{"remote", func(r *Connection) any { return model.Address(r.Remote) }},
	{"path", func(r *Connection) any { return r.Path }},
	{"user_agent", func(r *Connection) any { return r.UserAgent }},
	{"subprotocol", func(r *Connection) any { return r.Subprotocol }},
	{"side", func(r *Connection) any { return r.Side.String() }},
	{"state", func(r *Connection) any { return r.State.String() }},
	{"since", func(r *Connection) any { return moment(r.Since) }},
	{"opened_at", func(r *Connection) any { return moment(r.Opened) }},
	{"age_ms", func(r *Connection) any { return millis(r.Age(r.Now)) }},
	{"rtt_ms", func(r *Connection) any { return known(r.RTT) }},
	{"rtt_mean_ms", func(r *Connection) any { return known(r.RTTMean) }},
	{"rtt_dev_ms", func(r *Connection) any { return known(r.RTTDev) }},
	{"timeout_ms", func(r *Connection) any { return known(r.Timeout) }},
	{"interval_ms", func(r *Connection) any { return known(r.Interval) }},
	{"silence_ms", func(r *Connection) any { return millis(r.Silence) }},
	{"data_silence_ms", func(r *Connection) any { return known(r.DataSilence) }},
	{"missed", func(r *Connection) any { return r.Missed }},
	{"pings_sent", func(r *Connection) any { return r.PingsSent }},
	{"pongs_received", func(r *Connection) any { return r.PongsReceived }},
	{"pings_received", func(r *Connection) any { return r.PingsReceived }},
	{"frames_in", func(r *Connection) any { return r.FramesIn }},
	{"frames_out", func(r *Connection) any { return r.FramesOut }},
	{"bytes_in", func(r *Connection) any { return r.BytesIn }},
	{"bytes_out", func(r *Connection) any { return r.BytesOut }},
	{"bytes_in_per_s", func(r *Connection) any { return math.Round(r.Flow.In) }},
	{"bytes_out_per_s", func(r *Connection) any { return math.Round(r.Flow.Out) }},
	{"faults", func(r *Connection) any { return strings.Join(r.Faults.Words(), " ") }},
	{"cause", func(r *Connection) any { return string(r.Diagnosis.Cause) }},
	{"cause_detail", func(r *Connection) any { return r.Diagnosis.Detail }},
	{"close_code", ofClose(func(c *model.Close) any { return c.Code })},
	{"close_reason", ofClose(func(c *model.Close) any { return c.Reason })},
	{"close_by", ofClose(func(c *model.Close) any { return c.By.String() })},
	{"close_at", ofClose(func(c *model.Close) any { return moment(c.At) })},
	{"expires_at", func(r *Connection) any { return moment(r.Expires) }},
}

// ofClose is a figure that only a closed connection has.
func ofClose(value func(*model.Close) any) func(*Connection) any {
	return func(r *Connection) any {
		if r.Close == nil {
			return nil
		}
		return value(r.Close)
	}
}
