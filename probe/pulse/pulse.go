// Package pulse is the heartbeat of a client over a gorilla connection: the heart that a monitor keeps at the
// server's end, at the client's. The clients of a swarm and those of a comparison share it.
//
// A Pulse owns its heart and the lock around it, and writes the pings. It starts no goroutine and reads
// nothing. The goroutine that reads the connection reports to Heard, Pong and Answered what came in, and a
// timer of the caller's calls Beat at the moments that Start and Beat return. They may run at the same time.
package pulse

import (
	"errors"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/heart"
	"holter/probe/sock"
)

// Never is the moment at which a Pulse that does not beat is due.
const Never = model.Instant(math.MaxInt64)

// ErrDead is the error of Beat once the server is taken for dead.
var ErrDead = errors.New("the server did not answer")

// writeTimeout bounds how long a ping may wait for room in the socket.
const writeTimeout = 10 * time.Second

// Options say how a Pulse beats, and what it reports. Nothing may be called back into the Pulse from Changed
// and RoundTrip.
type Options struct {
	Rhythm *heart.Rhythm // see Rhythm; shared and never changed
	Spread float64       // in [0,1): moves the interval and the first beat, so that clients do not beat together
	Among  int           // how many clients there are; many give their first beats later

	Write     func(seq uint32) error  // writes a ping; nil writes a ping frame with the decimal number
	Changed   func(to model.State)    // what is believed of the server has changed; may be nil
	RoundTrip func(rtt time.Duration) // a ping was answered; may be nil
}

// Rhythm is the default rhythm for clients that beat at an interval. It is for one end alone: pings that come
// from the server say only that it lives.
func Rhythm(interval time.Duration) *heart.Rhythm {
	r := heart.DefaultRhythm()
	r.Scheme, r.Interval = model.SchemeServer, interval // in a heart's words, the end that keeps it is the server
	return &r
}

// Pulse is the heartbeat of one client on one connection. A nil Pulse never beats.
type Pulse struct {
	clock *Clock
	conn  *websocket.Conn
	o     Options

	mu    sync.Mutex // protects all following
	heart *heart.Heart
	heard model.Instant // when something last came in
	ping  uint32        // number of the newest ping
	wrote model.Instant // when it was written, 0 once it is answered
}

// New makes a Pulse that does not beat until Start.
func New(c *Clock, conn *websocket.Conn, o Options) *Pulse {
	return &Pulse{clock: c, conn: conn, o: o}
}

// Start begins to beat. Called again, after the client itself has stood still, it begins anew and forgets
// what was under way. It returns when to call Beat first.
func (p *Pulse) Start() model.Instant {
	if p == nil {
		return Never
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = p.clock.Now()
	p.heart = heart.New(p.o.Rhythm, p.heard, p.o.Spread, p.o.Among)
	return p.heart.Tick(p.heard, &p.clock.late, server{p}).Next
}

// Beat judges the server, and writes a ping if one is due. It returns when to call it next. The error is
// ErrDead or that of the write; after one there is no next time. One goroutine at a time may call it.
func (p *Pulse) Beat() (next model.Instant, err error) {
	a := p.tick()
	switch {
	case a.To == model.Failed:
		return Never, ErrDead
	case a.Ping == 0:
		return a.Next, nil
	}
	if err := p.write(a.Ping); err != nil {
		return Never, err
	}
	return p.sent(a.Ping), nil
}

func (p *Pulse) tick() heart.Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	a := p.heart.Tick(now, &p.clock.late, server{p})
	p.changed(a.To, a.Changed)
	if a.Ping != 0 {
		p.ping, p.wrote = a.Ping, now
	}
	return a
}

func (p *Pulse) write(seq uint32) error {
	if p.o.Write != nil {
		return p.o.Write(seq)
	}
	payload := strconv.AppendUint(nil, uint64(seq), 10)
	return p.conn.WriteControl(websocket.PingMessage, payload, time.Now().Add(writeTimeout))
}

func (p *Pulse) sent(seq uint32) (next model.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.wrote > 0 { // the answer has not overtaken us
		p.wrote = now
	}
	return p.heart.Sent(seq, now)
}

// Heard reports that something came in that is no pong.
func (p *Pulse) Heard() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hear()
}

// hear runs under mu.
func (p *Pulse) hear() {
	p.heard = p.clock.Now()
	if p.heart.Alert() {
		_, to, changed := p.heart.Heard(p.heard)
		p.changed(to, changed)
	}
}

// Pong reports a pong frame. Its payload may be that of another program's ping: then it shows only that the
// server lives.
func (p *Pulse) Pong(payload string) {
	seq, err := strconv.ParseUint(payload, 10, 32)
	if err != nil || seq == 0 {
		p.Heard()
		return
	}
	p.Answered(uint32(seq))
}

// Answered reports the answer to a ping, to the newest one if seq is 0.
func (p *Pulse) Answered(seq uint32) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hear()
	if seq == 0 {
		seq = p.ping
	}
	if seq == p.ping && p.wrote > 0 {
		if p.o.RoundTrip != nil {
			p.o.RoundTrip(time.Duration(p.heard - p.wrote))
		}
		p.wrote = 0
	}
	_, to, changed := p.heart.Pong(seq, p.heard, true, &p.clock.late)
	p.changed(to, changed)
}

// changed runs under mu.
func (p *Pulse) changed(to model.State, changed bool) {
	if changed && p.o.Changed != nil {
		p.o.Changed(to)
	}
}

// server is what a heart asks about the server. Its methods run under mu.
type server struct{ *Pulse }

// Heard is when something last came in.
func (s server) Heard() model.Instant { return s.heard }

// Unread reports whether bytes wait in the socket, as they do if the reader is slow or stands still.
func (s server) Unread() bool {
	unread := 0
	sock.Control(s.conn.NetConn(), func(fd uintptr) { unread, _ = sock.Unread(fd) })
	return unread > 0
}

// Timing is what the kernel knows of the path.
func (s server) Timing() (rto, rtt time.Duration) {
	sock.Control(s.conn.NetConn(), func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			rto, rtt = info.RTO>>min(info.Backoff, 16), info.RTT
		}
	})
	return rto, rtt
}

// Kernel would tell why the server is silent, and only for a reader of the diagnosis.
func (s server) Kernel() model.Kernel { return model.Kernel{} }

// Untaken would tell that the server takes nothing, which is no matter of beats.
func (s server) Untaken(model.Instant, bool) model.Instant { return 0 }

func (s server) Beyond(model.Instant) time.Duration { return 0 }

// Backlog returns nothing: this client's messages are short.
func (s server) Backlog(model.Instant) model.Backlog { return model.Backlog{} }

func (s server) MayBeat(_, _ model.Instant) bool { return true }
