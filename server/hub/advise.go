package hub

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/model/advice"
	"holter/model/heart"
	"holter/probe/process"
)

// board is the memory of warnings: those about paths, about shared names, and those that a look has found.
type board struct {
	mu   sync.Mutex // protects book
	book *advice.Book

	found atomic.Pointer[[]model.Warning] // by the newest look; what it points to never changes
}

// adviseEvery is the time from one look for advice to the next.
const adviseEvery = 15 * time.Second

// advise looks for advice until ctx ends.
func (h *Hub) advise(ctx context.Context) error {
	return process.Every(ctx, adviseEvery, h.lookForAdvice)
}

// lookForAdvice shows all connections to a Look, each for a moment under its own lock, and publishes what is news. Of many,
// only some are shown with their beats: others in each look, as they come in another order each time.
func (h *Hub) lookForAdvice() {
	now := h.now()
	look := advice.NewLook(&h.o.Rhythm, h.o.OnFail, h.time(now))
	all := h.all()
	every := 1 + 2*len(all)/advice.MostRecords // a connection may have two legs
	var failed []*connection
	for i, c := range all {
		beats, dead := c.show(look, now, i%every == 0)
		look.Beats(c.id, beats...)
		if dead && len(failed) < mostDoubles {
			failed = append(failed, c)
		}
	}
	h.showDoubles(look, failed, now)
	look.Storms(h.storms())
	found := look.Warnings()
	for i := range found {
		found[i].Upstream = h.upstream()
		h.raise(&found[i], now)
	}
	h.board.found.Store(&found)
	h.board.mu.Lock()
	defer h.board.mu.Unlock()
	h.board.book.Tidy(now)
}

// show shows the legs of c. It returns their recorded beats if those are wanted, and whether the client's side has failed and
// is still open. A connection that was ever disturbed on purpose shows nothing: its troubles are no one's fault.
func (c *connection) show(look *advice.Look, now model.Instant, wanted bool) (beats []heart.Record, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.toClient.tap; t != nil && t.Disturbed() {
		return nil, false
	}
	for _, l := range c.legs() {
		if l.end != nil || l.heart == nil {
			continue
		}
		if l.heart.Mute() {
			var mute model.Connection
			c.render(&mute, l, now)
			look.Mute(&mute)
		}
		if wanted {
			beats = append(beats, l.heart.Record())
		}
		failed = failed || l.side == model.ClientSide && l.heart.State() == model.Failed
	}
	return beats, failed
}

// mostDoubles bounds the failed connections of which a newer one of the same client is looked for.
const mostDoubles = 1000

// showDoubles shows each failed connection whose client has a newer one, with that.
func (h *Hub) showDoubles(look *advice.Look, failed []*connection, now model.Instant) {
	newest := make([]*connection, len(failed))
	h.mu.Lock()
	for i, c := range failed {
		newest[i] = c.client.newest
	}
	h.mu.Unlock()
	for i, c := range failed {
		if newest[i] == nil || newest[i] == c {
			continue
		}
		var old, newer model.Connection
		c.mu.Lock()
		c.snapshot(&old, now)
		c.mu.Unlock()
		newest[i].mu.Lock()
		newest[i].snapshot(&newer, now)
		newest[i].mu.Unlock()
		look.Double(&old, &newer)
	}
}

func (h *Hub) storms() []model.Storm {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registry.storms.Storms()
}

// raise completes a warning that holds at now, and publishes it if it is news.
func (h *Hub) raise(w *model.Warning, now model.Instant) {
	h.board.mu.Lock()
	since, news := h.board.book.Stand(w, now)
	h.board.mu.Unlock()
	w.Since = h.time(since)
	if news {
		raised := *w
		h.log.Publish(model.Event{Time: h.time(now), Type: model.WarningRaised, Warning: &raised})
	}
}

// warnings are those about the present crowds and about paths, and those that the newest look has found: the worst of them,
// the oldest first.
func (h *Hub) warnings(paths []model.Path) []model.Warning {
	h.mu.Lock()
	all := h.registry.shared()
	h.mu.Unlock()
	for i := range paths {
		all = append(all, paths[i].Warnings...)
	}
	if found := h.board.found.Load(); found != nil {
		all = append(all, *found...)
	}
	h.board.mu.Lock()
	defer h.board.mu.Unlock()
	for i := range all {
		if since, ok := h.board.book.Mark(&all[i]); ok {
			all[i].Since = h.time(since)
		}
	}
	return model.KeepWorst(all)
}

// Dismiss takes a warning from the advice until it becomes worse. It returns a NotFound error if there is none with this id.
func (h *Hub) Dismiss(_ context.Context, id string) error {
	h.board.mu.Lock()
	defer h.board.mu.Unlock()
	return h.board.book.Dismiss(id)
}

// Recall takes back that a warning was dismissed. It returns a NotFound error if there is none with this id.
func (h *Hub) Recall(_ context.Context, id string) error {
	h.board.mu.Lock()
	defer h.board.mu.Unlock()
	return h.board.book.Recall(id)
}
