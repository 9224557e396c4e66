package api

import (
	"cmp"
	"time"

	"holter/model"
)

// Detail is a connection with the request that opened it, its history, and the evidence for its diagnosis.
type Detail struct {
	Connection
	Header      []HeaderField `json:"header"`      // with secret values masked
	Samples     []Sample      `json:"samples"`     // oldest first
	Transitions []Transition  `json:"transitions"` // oldest first
	Evidence    Evidence      `json:"evidence"`
	Legs        []Detail      `json:"legs"` // of a proxied connection: the client's and the upstream's
}

// HeaderField is one line of a request's header.
type HeaderField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Sample is one beat of holter's.
type Sample struct {
	At        time.Time `json:"at,omitzero"` // when the ping was written, not always exact to the second; left out if unknown
	RTTMS     Millis    `json:"rtt_ms"`
	TimeoutMS Millis    `json:"timeout_ms"` // then in force
	Missed    bool      `json:"missed"`     // with an rtt_ms if the answer came late
	Probe     bool      `json:"probe"`      // missed, and a probe after a missed beat
}

// Transition is one change of state.
type Transition struct {
	At        time.Time `json:"at"`
	Side      string    `json:"side"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Diagnosis Diagnosis `json:"diagnosis"`
	LateMS    Millis    `json:"late_ms"` // as in Connection
}

// Evidence is model.Evidence.
type Evidence struct {
	State          string  `json:"state"`
	SilenceMS      Millis  `json:"silence_ms"`
	PingAgeMS      Millis  `json:"ping_age_ms"`
	TimeoutMS      Millis  `json:"timeout_ms"`
	Unanswered     int     `json:"unanswered"`
	Probes         int     `json:"probes"`
	Missed         int     `json:"missed"`
	Ponged         bool    `json:"ponged"`
	Mute           bool    `json:"mute"` // the peer lives, but has never answered a ping
	PeerIntervalMS Millis  `json:"peer_interval_ms"`
	Unread         bool    `json:"unread"`
	Proxied        bool    `json:"proxied"`    // this is one side of a proxy
	Side           string  `json:"side"`       // that side
	UntakenMS      Millis  `json:"untaken_ms"` // the peer has taken nothing of what waits for it
	BeyondMS       Millis  `json:"beyond_ms"`  // the other side has taken nothing of what came from this peer
	KeptMS         Millis  `json:"kept_ms"`    // how long a ping has waited to be written
	LostIn         bool    `json:"lost_in"`    // where frames begin is not known any more
	LostOut        bool    `json:"lost_out"`
	Kernel         Kernel  `json:"kernel"`
	LateMS         Millis  `json:"late_ms"`
	GapMS          Millis  `json:"gap_ms"`
	LateAnswerMS   Millis  `json:"late_answer_ms"`
	Skipped        int     `json:"skipped"`
	Tunnel         bool    `json:"tunnel"`    // the connection was never a WebSocket
	KilledMS       Millis  `json:"killed_ms"` // time from the first ping to the end of a peer that it killed
	Spared         bool    `json:"spared"`    // holter sends no pings, because other peers of this kind hung up on one
	Unsure         bool    `json:"unsure"`    // of both: something on the way may have forgotten the connection instead
	Backlog        Backlog `json:"backlog"`   // what stands between a ping and its answer
	Stream         Stream  `json:"stream"`    // how data flows, if not as usual
}

// Kernel is model.Kernel.
type Kernel struct {
	Known         bool     `json:"known"`
	Missing       string   `json:"missing"` // why it is not known: "system", "socket" (there is none) or "closed"
	Lacks         []string `json:"lacks"`   // which of these figures this kernel does not tell: "not_sent", "window", "last_ack", "probes"
	Unacked       int      `json:"unacked"`
	Retransmitted int      `json:"retransmitted"`
	LastAckMS     Millis   `json:"last_ack_ms"`
	RTOMS         Millis   `json:"rto_ms"`
	Unread        int      `json:"unread_bytes"`
	NotSent       int      `json:"not_sent_bytes"`
	WindowShut    bool     `json:"window_shut"`
	WindowProbes  int      `json:"window_probes"` // without an answer
	Writing       bool     `json:"writing"`
}

// Stream is model.Stream.
type Stream struct {
	QuietMS   Millis `json:"quiet_ms"` // no data for so long, against its habit
	BackMS    Millis `json:"back_ms"`  // such a quiet has just ended
	Minutes   int    `json:"minutes"`  // messages in a row about a minute apart
	UsualMS   Millis `json:"usual_ms"` // pause
	LongestMS Millis `json:"longest_ms"`
	Sent      bool   `json:"sent"` // to the client
	Page      bool   `json:"page"`
	PongMS    Millis `json:"pong_ms"`
	Others    int    `json:"others"`
	Flowing   int    `json:"flowing"`
}

// Backlog is model.Backlog.
type Backlog struct {
	Incoming int    `json:"incoming_bytes"`
	Queued   int    `json:"queued_bytes"`
	Taking   bool   `json:"taking"`
	Early    bool   `json:"early"`
	Passed   bool   `json:"passed"`
	IdleMS   Millis `json:"idle_ms"`
}

// longestHistory bounds the lists that are read from another holter: several times what it should send.
const longestHistory = 1000

// FromDetail converts d.
func FromDetail(d *model.Detail) Detail {
	w := Detail{
		Connection:  FromConnection(&d.Connection),
		Header:      make([]HeaderField, len(d.Header)),
		Samples:     fromSamples(d.Samples),
		Transitions: make([]Transition, len(d.Transitions)),
		Evidence:    fromEvidence(&d.Evidence),
		Legs:        make([]Detail, len(d.Legs)),
	}
	for i := range d.Legs {
		w.Legs[i] = FromDetail(&d.Legs[i])
	}
	for i, h := range d.Header {
		w.Header[i] = HeaderField(h)
	}
	for i, t := range d.Transitions {
		w.Transitions[i] = Transition{t.At.UTC(), t.Side.String(), t.From.String(), t.To.String(), Diagnosis(t.Diagnosis), millis(t.Late)}
	}
	return w
}

func fromSamples(beats []model.Sample) []Sample {
	list := make([]Sample, len(beats))
	for i, s := range beats {
		list[i] = Sample{s.At.UTC(), millis(s.RTT), millis(s.Timeout), s.Missed, s.Probe}
	}
	return list
}

// Model converts d back. The error says which field is not valid.
func (d *Detail) Model() (model.Detail, error) {
	m, err := d.own()
	legs := newest(d.Legs, 2)
	for i := range legs { // which have no legs themselves
		leg, e := legs[i].own()
		m.Legs, err = append(m.Legs, leg), cmp.Or(err, e)
	}
	return m, err
}

// own converts d without its legs.
func (d *Detail) own() (model.Detail, error) {
	connection, err := d.Connection.Model()
	m := model.Detail{Connection: connection, Evidence: d.Evidence.model()}
	for _, h := range newest(d.Header, longestHistory) {
		m.Header = append(m.Header, model.HeaderField{Name: text(h.Name), Value: text(h.Value)})
	}
	for _, s := range newest(d.Samples, longestHistory) {
		m.Samples = append(m.Samples, model.Sample{
			At: s.At, RTT: s.RTTMS.Duration(), Timeout: s.TimeoutMS.Duration(), Missed: s.Missed, Probe: s.Missed && s.Probe,
		})
	}
	for _, t := range newest(d.Transitions, model.MaxTransitions) {
		m.Transitions = append(m.Transitions, model.Transition{
			At: t.At, Side: sideOf(t.Side), From: stateOf(t.From), To: stateOf(t.To), Diagnosis: t.Diagnosis.model(), Late: t.LateMS.Duration(),
		})
	}
	return m, err
}

func fromEvidence(e *model.Evidence) Evidence {
	return Evidence{
		State: e.State.String(), SilenceMS: millis(e.Silence), PingAgeMS: millis(e.PingAge), TimeoutMS: millis(e.Timeout),
		Unanswered: e.Unanswered, Probes: e.Probes, Missed: e.Missed, Ponged: e.Ponged, Mute: e.Mute,
		PeerIntervalMS: millis(e.PeerInterval), Unread: e.Unread, LateMS: millis(e.Late), LostIn: e.LostIn, LostOut: e.LostOut,
		GapMS: millis(e.Gap), LateAnswerMS: millis(e.LateAnswer), Skipped: e.Skipped, KeptMS: millis(e.Kept), Kernel: fromKernel(&e.Kernel), Backlog: fromBacklog(&e.Backlog), Stream: fromStream(&e.Stream),
		Tunnel: e.Tunnel, KilledMS: millis(e.Killed), Spared: e.Spared, Unsure: e.Unsure,
		Proxied: e.Proxied, Side: e.Side.String(), UntakenMS: millis(e.Untaken), BeyondMS: millis(e.Beyond),
	}
}

func fromKernel(k *model.Kernel) Kernel {
	return Kernel{
		Known: k.Known, Missing: k.Missing.String(), Lacks: k.Lacks.Names(), Unacked: k.Unacked, Retransmitted: k.Retransmitted, LastAckMS: millis(k.LastAck),
		RTOMS: millis(k.RTO), Unread: k.Unread, NotSent: k.NotSent, WindowShut: k.WindowShut, WindowProbes: k.WindowProbes, Writing: k.Writing,
	}
}

func fromStream(s *model.Stream) Stream {
	return Stream{
		QuietMS: millis(s.Quiet), BackMS: millis(s.Back), Minutes: s.Minutes, UsualMS: millis(s.Usual), LongestMS: millis(s.Longest),
		Sent: s.Sent, Page: s.Page, PongMS: millis(s.Pong), Others: s.Others, Flowing: s.Flowing,
	}
}

func (s *Stream) model() model.Stream {
	return model.Stream{
		Quiet: s.QuietMS.Duration(), Back: s.BackMS.Duration(), Minutes: s.Minutes, Usual: s.UsualMS.Duration(), Longest: s.LongestMS.Duration(),
		Sent: s.Sent, Page: s.Page, Pong: s.PongMS.Duration(), Others: s.Others, Flowing: s.Flowing,
	}
}

func fromBacklog(b *model.Backlog) Backlog {
	return Backlog{Incoming: b.Incoming, Queued: b.Queued, Taking: b.Taking, Early: b.Early, Passed: b.Passed, IdleMS: millis(b.Idle)}
}

func (b *Backlog) model() model.Backlog {
	return model.Backlog{Incoming: b.Incoming, Queued: b.Queued, Taking: b.Taking, Early: b.Early, Passed: b.Passed, Idle: b.IdleMS.Duration()}
}

func (k *Kernel) model() model.Kernel {
	return model.Kernel{
		Known: k.Known, Missing: missingOf(k.Missing), Lacks: model.LacksOf(k.Lacks), Unacked: k.Unacked, Retransmitted: k.Retransmitted, LastAck: k.LastAckMS.Duration(),
		RTO: k.RTOMS.Duration(), Unread: k.Unread, NotSent: k.NotSent, WindowShut: k.WindowShut, WindowProbes: k.WindowProbes, Writing: k.Writing,
	}
}

func missingOf(s string) model.Missing {
	if m, err := model.ParseMissing(s); err == nil {
		return m
	}
	return model.MissingOther
}

func (e *Evidence) model() model.Evidence {
	return model.Evidence{
		State: stateOf(e.State), Silence: e.SilenceMS.Duration(), PingAge: e.PingAgeMS.Duration(), Timeout: e.TimeoutMS.Duration(),
		Unanswered: e.Unanswered, Probes: e.Probes, Missed: e.Missed, Ponged: e.Ponged, Mute: e.Mute,
		PeerInterval: e.PeerIntervalMS.Duration(), Unread: e.Unread, Late: e.LateMS.Duration(), LostIn: e.LostIn, LostOut: e.LostOut,
		Gap: e.GapMS.Duration(), LateAnswer: e.LateAnswerMS.Duration(), Skipped: e.Skipped, Kept: e.KeptMS.Duration(), Kernel: e.Kernel.model(),
		Tunnel: e.Tunnel, Killed: e.KilledMS.Duration(), Spared: e.Spared, Unsure: e.Unsure, Backlog: e.Backlog.model(), Stream: e.Stream.model(),
		Proxied: e.Proxied, Side: sideOf(e.Side), Untaken: e.UntakenMS.Duration(), Beyond: e.BeyondMS.Duration(),
	}
}
