package tui

import (
	"fmt"

	"holter/model"
)

// keptEvents bounds how many events the screen remembers.
const keptEvents = 64

// How much an event matters on the message line.
const (
	weightArrival = iota + 1
	weightEnd
	weightTrouble
	weightLoss
)

// events are the notable events of late, oldest first.
type events struct {
	items []item
	seq   uint64 // of the newest event seen
}

// add takes a batch and returns the weightiest item of it, the newest of several. first says that
// there was no batch before it: what it reports as lost was never this screen's.
func (e *events) add(batch []model.Event, first bool) (item, bool) {
	var heaviest item
	for i := range batch {
		ev := &batch[i]
		e.seq = max(e.seq, ev.Seq)
		it, ok := itemOf(ev)
		if !ok || first && ev.Type == model.Dropped {
			continue
		}
		e.items = append(e.items, it)
		if it.weight >= heaviest.weight {
			heaviest = it
		}
	}
	if extra := len(e.items) - keptEvents; extra > 0 {
		e.items = append(e.items[:0], e.items[extra:]...)
	}
	return heaviest, heaviest.weight > 0
}

// view is the newest h items, the newest one last.
func (e *events) view(s *styles, w, h int) []string {
	lines := make([]string, 0, h)
	for i := max(0, len(e.items)-h); i < len(e.items); i++ {
		lines = append(lines, e.items[i].view(s, w))
	}
	return fill(lines, h)
}

// itemOf puts an event into words. Not every event deserves some.
func itemOf(e *model.Event) (item, bool) {
	it := item{at: e.Time}
	switch {
	case e.Type == model.ConnectionOpened && e.Connection != nil:
		it.weight = weightArrival
		it.text = who(e.Connection) + " connected"
		if g := e.Connection.Generation; g > 1 {
			it.text += fmt.Sprintf(" again, generation %d", g)
		}
	case e.Type == model.ConnectionClosed && e.Connection != nil:
		it.weight, it.state = weightEnd, e.Connection.State
		it.text = who(e.Connection) + " closed"
		if e.Connection.Close != nil {
			it.text += ": " + ending(e.Connection.Close)
		}
	case e.Type == model.StateChanged && e.Connection != nil:
		it = changeOf(e, it)
	case e.Type == model.ConnectionRefused && e.Refusal != nil:
		it.weight, it.state = weightEnd, model.Failed
		it.text = fmt.Sprintf("refused %s: %d %s", e.Refusal.Remote, e.Refusal.Status, e.Refusal.Reason)
	case e.Type == model.Dropped:
		it.weight, it.state = weightLoss, model.Suspect
		it.text = fmt.Sprintf("%d events lost: the screen could not keep up", e.Count)
	}
	return it, it.weight > 0
}

// changeOf words a change of state. The end of a connection is told by another event.
func changeOf(e *model.Event, it item) item {
	if e.To == model.Closed {
		return it
	}
	it.weight, it.state = weightArrival, min(e.To, model.Away)
	if e.To.Trouble() {
		it.weight = weightTrouble
	}
	it.text = fmt.Sprintf("%s %s, was %s", who(e.Connection), e.To, e.From)
	if cause := e.Connection.Diagnosis.Cause; cause != "" {
		it.text += ": " + string(cause)
	}
	return it
}
