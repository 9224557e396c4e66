package api

import (
	"fmt"
	"net/netip"
	"time"

	"holter/model"
)

// Connection is one WebSocket.
type Connection struct {
	ID          string `json:"id"`
	Client      string `json:"client"`
	Generation  int    `json:"generation"`
	Remote      string `json:"remote"`
	Path        string `json:"path"`
	UserAgent   string `json:"user_agent"`
	Subprotocol string `json:"subprotocol"`

	Side     string    `json:"side"` // "client", or "upstream" behind a proxy: whose leg the figures are of
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	OpenedAt time.Time `json:"opened_at"`

	RTTMS         Millis `json:"rtt_ms"`
	RTTMeanMS     Millis `json:"rtt_mean_ms"`
	RTTDevMS      Millis `json:"rtt_dev_ms"`
	TimeoutMS     Millis `json:"timeout_ms"`
	IntervalMS    Millis `json:"interval_ms"`
	SilenceMS     Millis `json:"silence_ms"`
	DataSilenceMS Millis `json:"data_silence_ms"`
	Missed        int    `json:"missed"`

	PingsSent     uint64 `json:"pings_sent"`
	PongsReceived uint64 `json:"pongs_received"`
	PingsReceived uint64 `json:"pings_received"`
	FramesIn      uint64 `json:"frames_in"`
	FramesOut     uint64 `json:"frames_out"`
	BytesIn       uint64 `json:"bytes_in"`
	BytesOut      uint64 `json:"bytes_out"`

	// Beats are the newest, oldest first: 0 for none yet, 1 to 8 for an answer within that many eighths of the
	// timeout, 9 for no answer in time, 10 for a late answer.
	Beats model.Strip `json:"beats"`

	Diagnosis Diagnosis `json:"diagnosis"`
	Faults    []string  `json:"faults"` // that holter has put on it
	Close     *Close    `json:"close"`  // null while it is open
}

// Diagnosis is a cause of trouble. Its fields are empty while nothing is wrong.
type Diagnosis struct {
	Cause  model.Cause `json:"cause"`
	Detail string      `json:"detail"`
}

// Close is how a connection ended.
type Close struct {
	Code   int       `json:"code"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// FromConnection converts c.
func FromConnection(c *model.Connection) Connection {
	return Connection{
		ID: c.ID.String(), Client: c.Client, Generation: c.Generation,
		Remote: model.Address(c.Remote), Path: c.Path, UserAgent: c.UserAgent, Subprotocol: c.Subprotocol,
		Side: c.Side.String(), State: c.State.String(), Since: c.Since.UTC(), OpenedAt: c.Opened.UTC(),
		RTTMS: millis(c.RTT), RTTMeanMS: millis(c.RTTMean), RTTDevMS: millis(c.RTTDev),
		TimeoutMS: millis(c.Timeout), IntervalMS: millis(c.Interval),
		SilenceMS: millis(c.Silence), DataSilenceMS: millis(c.DataSilence), Missed: c.Missed,
		PingsSent: c.PingsSent, PongsReceived: c.PongsReceived, PingsReceived: c.PingsReceived,
		FramesIn: c.FramesIn, FramesOut: c.FramesOut, BytesIn: c.BytesIn, BytesOut: c.BytesOut, Beats: c.Beats,
		Diagnosis: Diagnosis(c.Diagnosis), Faults: fromFaults(c.Faults), Close: fromClose(c.Close),
	}
}

// Model converts c back. The error says which field is not valid.
func (c *Connection) Model() (model.Connection, error) {
	var parse parser
	m := model.Connection{
		ID: parse.id(c.ID), Client: text(c.Client), Generation: c.Generation,
		Remote: parse.remote(c.Remote), Path: text(c.Path), UserAgent: text(c.UserAgent), Subprotocol: text(c.Subprotocol),
		Side: parse.side(c.Side), State: parse.state(c.State), Since: c.Since, Opened: c.OpenedAt,
		RTT: c.RTTMS.Duration(), RTTMean: c.RTTMeanMS.Duration(), RTTDev: c.RTTDevMS.Duration(),
		Timeout: c.TimeoutMS.Duration(), Interval: c.IntervalMS.Duration(),
		Silence: c.SilenceMS.Duration(), DataSilence: c.DataSilenceMS.Duration(), Missed: c.Missed,
		PingsSent: c.PingsSent, PongsReceived: c.PongsReceived, PingsReceived: c.PingsReceived,
		FramesIn: c.FramesIn, FramesOut: c.FramesOut, BytesIn: c.BytesIn, BytesOut: c.BytesOut, Beats: parse.strip(c.Beats),
		Diagnosis: c.Diagnosis.model(), Faults: parse.faults(c.Faults), Close: parse.close(c.Close),
	}
	return m, parse.wrap("connection", c.ID)
}

func (d Diagnosis) model() model.Diagnosis {
	return model.Diagnosis{Cause: model.Cause(text(string(d.Cause))), Detail: text(d.Detail)}
}

func fromClose(c *model.Close) *Close {
	if c == nil {
		return nil
	}
	return &Close{Code: c.Code, Reason: c.Reason, By: c.By.String(), At: c.At.UTC()}
}

// parser parses the words in a struct, and keeps the first error.
type parser struct{ err error }

func (p *parser) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parser) wrap(what, id string) error {
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("%s %.40q: %w", what, id, p.err)
}

func (p *parser) id(s string) model.ID {
	id, err := model.ParseID(s)
	p.note(err)
	return id
}

func (p *parser) state(s string) model.State {
	state, err := model.ParseState(s)
	p.note(err)
	return state
}

func (p *parser) side(s string) model.Side {
	if s == "" {
		return model.ClientSide
	}
	side, err := model.ParseSide(s)
	p.note(err)
	return side
}

func (p *parser) remote(s string) netip.AddrPort {
	if s == "" {
		return netip.AddrPort{}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, 0)
	}
	a, err := netip.ParseAddrPort(s)
	p.note(err)
	return a
}

func (p *parser) strip(s model.Strip) model.Strip {
	for _, b := range s {
		if b > model.LateBeat {
			p.note(fmt.Errorf("unknown beat %d", b))
		}
	}
	return s
}

func (p *parser) close(c *Close) *model.Close {
	if c == nil {
		return nil
	}
	by, err := model.ParseCloser(c.By)
	p.note(err)
	return &model.Close{Code: c.Code, Reason: text(c.Reason), By: by, At: c.At}
}
