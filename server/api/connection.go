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

	ExpiresAt *time.Time `json:"expires_at,omitempty"` // when the client's token expires, where a guard has verified one

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
	// Trace is the same beats as an electrocardiogram, a character each: the height of an answer from 1 to 8, where 4 is
	// what this connection is used to and 6 twice as long; x for no answer in time, ! for a late answer, a point for a
	// probe without an answer, and a blank for none yet.
	Trace string `json:"trace"`

	Diagnosis Diagnosis `json:"diagnosis"`
	LateMS    Millis    `json:"late_ms"` // holter itself was late while it gathered what the state rests on
	Faults    []string  `json:"faults"`  // that holter has put on it
	Close     *Close    `json:"close"`   // null while it is open
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

	// Who closed first, "peer", "app", "holter", or "network" if neither did, and with what: "frame", "fin", "reset" or
	// "lost". Then what the other end sent. All are empty while they are not known.
	First  string `json:"first"`
	How    string `json:"how"`
	Answer string `json:"answer"`
}

// FromConnection converts c.
func FromConnection(c *model.Connection) Connection {
	return Connection{
		ID: c.ID.String(), Client: c.Client, Generation: c.Generation,
		Remote: model.Address(c.Remote), Path: c.Path, UserAgent: c.UserAgent, Subprotocol: c.Subprotocol,
		Side: c.Side.String(), State: c.State.String(), Since: c.Since.UTC(), OpenedAt: c.Opened.UTC(), ExpiresAt: fromTime(c.Expires),
		RTTMS: millis(c.RTT), RTTMeanMS: millis(c.RTTMean), RTTDevMS: millis(c.RTTDev),
		TimeoutMS: millis(c.Timeout), IntervalMS: millis(c.Interval),
		SilenceMS: millis(c.Silence), DataSilenceMS: millis(c.DataSilence), Missed: c.Missed,
		PingsSent: c.PingsSent, PongsReceived: c.PongsReceived, PingsReceived: c.PingsReceived,
		FramesIn: c.FramesIn, FramesOut: c.FramesOut, BytesIn: c.BytesIn, BytesOut: c.BytesOut, Beats: kindsOf(&c.Beats), Trace: traceOf(&c.Beats),
		Diagnosis: Diagnosis(c.Diagnosis), LateMS: millis(c.Late), Faults: fromFaults(c.Faults), Close: fromClose(c.Close),
	}
}

// Model converts c back. The error says which field is not valid.
func (c *Connection) Model() (model.Connection, error) {
	var parse parser
	m := model.Connection{
		ID: parse.id(c.ID), Client: text(c.Client), Generation: c.Generation,
		Remote: remoteOf(c.Remote), Path: text(c.Path), UserAgent: text(c.UserAgent), Subprotocol: text(c.Subprotocol),
		Side: sideOf(c.Side), State: stateOf(c.State), Since: c.Since, Opened: c.OpenedAt, Expires: toTime(c.ExpiresAt),
		RTT: c.RTTMS.Duration(), RTTMean: c.RTTMeanMS.Duration(), RTTDev: c.RTTDevMS.Duration(),
		Timeout: c.TimeoutMS.Duration(), Interval: c.IntervalMS.Duration(),
		Silence: c.SilenceMS.Duration(), DataSilence: c.DataSilenceMS.Duration(), Missed: c.Missed,
		PingsSent: c.PingsSent, PongsReceived: c.PongsReceived, PingsReceived: c.PingsReceived,
		FramesIn: c.FramesIn, FramesOut: c.FramesOut, BytesIn: c.BytesIn, BytesOut: c.BytesOut, Beats: stripOf(c.Beats, c.Trace),
		Diagnosis: c.Diagnosis.model(), Late: c.LateMS.Duration(), Faults: faultsOf(c.Faults), Close: closeOf(c.Close),
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
	w := &Close{Code: c.Code, Reason: c.Reason, By: c.By.String(), At: c.At.UTC(), How: c.Parting.How.String(), Answer: c.Parting.Answer.String()}
	if c.Parting.How != model.SignNone {
		w.First = c.Parting.First.String()
	}
	return w
}

// parser parses the words in a struct. What is not known here is kept as unknown: the other holter may be of
// another version. The only error is a connection without an id, for then nothing can be done with it.
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

func stateOf(s string) model.State {
	if state, err := model.ParseState(s); err == nil {
		return state
	}
	return model.Unknown
}

func sideOf(s string) model.Side {
	if s == "" {
		return model.ClientSide
	}
	if side, err := model.ParseSide(s); err == nil {
		return side
	}
	return model.UnknownSide
}

func signOf(s string) model.Sign {
	if sign, err := model.ParseSign(s); err == nil {
		return sign
	}
	return model.SignOther
}

func closerOf(s string) model.Closer {
	if by, err := model.ParseCloser(s); err == nil {
		return by
	}
	return model.ByUnknown
}

// remoteOf returns the zero address for one that is not understood.
func remoteOf(s string) netip.AddrPort {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a.WithZone(text(a.Zone())), 0)
	}
	a, _ := netip.ParseAddrPort(s)
	return netip.AddrPortFrom(a.Addr().WithZone(text(a.Addr().Zone())), a.Port())
}

// kindsOf returns beats without their heights. A probe is one more beat without an answer.
func kindsOf(s *model.Strip) (kinds model.Strip) {
	for i, b := range s {
		kinds[i] = b.Kind()
		if kinds[i] == model.ProbeBeat {
			kinds[i] = model.MissedBeat
		}
	}
	return kinds
}

// traceMarks are the characters of a trace for beats that were not answered in time.
var traceMarks = [...]byte{model.NoBeat: ' ', model.MissedBeat: 'x', model.LateBeat: '!', model.ProbeBeat: '.'}

func traceOf(s *model.Strip) string {
	var text [len(s)]byte
	for i, b := range s {
		switch kind := int(b.Kind()); {
		case b.Answered() && b != b.Kind():
			text[i] = '0' + byte(b.Height())
		case !b.Answered() && kind < len(traceMarks):
			text[i] = traceMarks[kind]
		default:
			text[i] = ' '
		}
	}
	return string(text[:])
}

// stripOf puts beats and their trace together again. It leaves beats out that are not understood. A holter of an earlier
// version sends no trace.
func stripOf(s model.Strip, trace string) model.Strip {
	for i, b := range s {
		mark := byte(0)
		if len(trace) == len(s) {
			mark = trace[i]
		}
		switch {
		case b > model.LateBeat:
			s[i] = model.NoBeat
		case b.Answered() && '1' <= mark && mark <= '0'+model.MostHeight:
			s[i] = b.Raised(int(mark - '0'))
		case b == model.MissedBeat && mark == traceMarks[model.ProbeBeat]:
			s[i] = model.ProbeBeat
		}
	}
	return s
}

func closeOf(c *Close) *model.Close {
	if c == nil {
		return nil
	}
	m := &model.Close{Code: c.Code, Reason: text(c.Reason), By: closerOf(c.By), At: c.At}
	if m.Parting.How = signOf(c.How); m.Parting.How != model.SignNone {
		m.Parting.First, m.Parting.Answer = closerOf(c.First), signOf(c.Answer)
	}
	return m
}
