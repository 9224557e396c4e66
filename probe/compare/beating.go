package compare

import (
	"errors"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/probe/pulse"
)

// beating is a client that beats as those of a swarm do.
type beating struct{ interval time.Duration }

// join keeps the client's end until its connection is over.
func (b beating) join(e *end) {
	p := pulse.New(e.clock, e.conn, pulse.Options{
		Rhythm: pulse.Rhythm(b.interval), Spread: e.random, Among: 1,
		Changed: func(to model.State) { e.record.believe(to, time.Now()) },
	})
	first := p.Start()
	e.onPing(p.Heard)
	e.conn.SetPongHandler(func(payload string) error {
		p.Pong(payload)
		return nil
	})
	over := make(chan struct{})
	var beats process.Group
	beats.Go(func() { e.beat(p, first, over) })
	e.read()
	close(over)
	beats.Wait()
}

// beat beats until the connection is over, or gives the server up.
func (e *end) beat(p *pulse.Pulse, next model.Instant, over <-chan struct{}) {
	timer := time.NewTimer(e.clock.Until(next))
	defer timer.Stop()
	for {
		select {
		case <-over:
			return
		case <-timer.C:
		}
		next, err := p.Beat()
		if errors.Is(err, pulse.ErrDead) {
			e.record.over(time.Now(), true)
			e.conn.Close()
		}
		if err != nil { // that of a write: the reader finds out why
			return
		}
		timer.Reset(e.clock.Until(next))
	}
}
