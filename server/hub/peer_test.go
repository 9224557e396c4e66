package hub

import (
	"bufio"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server/tap"
)

// peer is the client's end of a connection. It answers pings and close frames at once, unless frozen or
// stall is set.
type peer struct {
	id     model.ID
	conn   *memory
	app    *tap.Conn // the server's end
	server *memory   // below it
	over   chan struct{}

	frozen atomic.Bool  // answers nothing
	stall  atomic.Int64 // how long it takes to answer

	mu     sync.Mutex  // protects all following
	pings  []time.Time // when they came
	closes []closing   // the close frames that came
}

type closing struct {
	at     time.Time
	code   ws.StatusCode
	reason string
}

func newPeer(conn *memory) *peer { return &peer{conn: conn, over: make(chan struct{})} }

// run reads until the connection ends.
func (p *peer) run() {
	defer close(p.over)
	defer p.conn.Close()
	in := bufio.NewReader(p.conn)
	if _, err := http.ReadResponse(in, nil); err != nil {
		return
	}
	for {
		frame, err := readFrame(in)
		if err != nil {
			return
		}
		p.note(frame)
		time.Sleep(time.Duration(p.stall.Load()))
		if p.frozen.Load() {
			continue
		}
		switch frame.Header.OpCode {
		case ws.OpPing:
			p.send(ws.NewPongFrame(frame.Payload))
		case ws.OpClose:
			p.send(ws.NewCloseFrame(frame.Payload))
			return
		}
	}
}

func (p *peer) note(frame ws.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch frame.Header.OpCode {
	case ws.OpPing:
		p.pings = append(p.pings, time.Now())
	case ws.OpClose:
		code, reason := ws.ParseCloseFrameData(frame.Payload)
		p.closes = append(p.closes, closing{time.Now(), code, reason})
	}
}

func (p *peer) send(frame ws.Frame) { ws.WriteFrame(p.conn, ws.MaskFrameInPlace(frame)) }
func (p *peer) say(text string)     { p.send(ws.NewTextFrame([]byte(text))) }
func (p *peer) ping()               { p.send(ws.NewPingFrame(nil)) }

// pinged returns the times at which pings came.
func (p *peer) pinged() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.pings...)
}

func (p *peer) closed() []closing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]closing(nil), p.closes...)
}

// every does something until the connection ends.
func (p *peer) every(d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-p.over:
			return
		}
	}
}

// readFrame reads a frame. Its length needs no bound, as the test itself has caused it.
func readFrame(r io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}
