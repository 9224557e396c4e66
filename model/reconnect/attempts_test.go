package reconnect

import (
	"slices"
	"testing"
	"time"

	"holter/model"
)

// A copy stays as it is, whatever becomes of the client: after few attempts, after many, and while it flaps.
func TestCopyStays(t *testing.T) {
	a, at := new(Attempts), model.Instant(0)
	next := func() model.Instant { at += model.Instant(time.Second); return at }
	type copied struct {
		of     Attempts
		list   []attempt
		reopen []reopening
	}
	var copies []copied
	for i := range 60 {
		if i%5 < 2 {
			a.Lose(next(), &Loss{Close: model.Close{Code: 1011, By: model.ByApp}, Lasted: time.Second, First: i == 0})
		}
		if i%3 == 0 {
			c := a.Copy()
			copies = append(copies, copied{c, slices.Clone(c.list), slices.Clone(c.chain.reopen)})
		}
		a.Try(next()+model.Instant(i), 0, i%5 != 0, time.Duration(i)*time.Second)
	}
	for i, c := range copies {
		if !slices.Equal(c.of.list, c.list) || !slices.Equal(c.of.chain.reopen, c.reopen) {
			t.Errorf("copy %d has changed: %v, %v", i, c.of.list, c.of.chain.reopen)
		}
	}
}
