package filter

import (
	"context"
	"sync/atomic"
	"time"

	"holter/model"
)

// Budget bounds what filters cost that somebody else has written. A regular expression that is as large as it may be takes
// milliseconds on one row, and there may be a hundred thousand rows.
//
// A search that is over soon runs at once. A longer one takes turns with the others of the Budget, so that all of them
// together keep one core busy at most, and ends with an error when its time is up. Any goroutine may use a Budget.
type Budget struct {
	quick, most time.Duration
	turn        chan struct{} // has one element, for the search that has its turn
	failed      atomic.Pointer[failure]
}

// failure is a filter that took too long, and how long it is not tried again. A screen asks four times a second.
type failure struct {
	filter string
	err    error
	until  time.Time
}

const againAfter = 10 * time.Second

// The times of a Budget: what a search may take before it waits for its turn, and with it.
const (
	quickSearch   = 20 * time.Millisecond
	longestSearch = time.Second
	waitForTurn   = 4 * longestSearch
	mostBetween   = 64 // rows between two looks at the clock
	briefly       = 200 * time.Microsecond
)

// NewBudget makes a budget of a second for each search.
func NewBudget() *Budget {
	return &Budget{quick: quickSearch, most: longestSearch, turn: make(chan struct{}, 1)}
}

// Select calls found for each of n rows that f selects, in their order. row makes a row. If the search takes too long the
// error has the code TooCostly, or Unavailable if others took so long that it had no turn. The error is that of ctx if it
// ends before. After an error, found has not been called for all rows that f selects.
func (b *Budget) Select(ctx context.Context, f Filter, n int, row func(i int) Row, found func(i int)) error {
	if f.root == nil || f.root == (everything{}) { // which a command for all must not fail by
		for i := range n {
			found(i)
		}
		return ctx.Err()
	}
	s := search{budget: b, ctx: ctx, begun: time.Now()}
	if last := b.failed.Load(); last != nil && s.begun.Before(last.until) && last.filter == f.String() {
		return last.err
	}
	defer s.end()
	for i := range n {
		if i == s.next {
			if err := s.goOn(i, n); err != nil {
				if model.ErrorCode(err) == model.TooCostly {
					b.failed.Store(&failure{f.String(), err, time.Now().Add(againAfter)})
				}
				return err
			}
		}
		if f.root.match(row(i)) {
			found(i)
		}
	}
	return nil
}

// search is one call of Select.
type search struct {
	budget *Budget
	ctx    context.Context
	begun  time.Time // moved on by the time that it waited
	turn   bool      // it has its turn

	next, step int // the row before which it looks at the clock again, and how many after the last such row
	taken      time.Duration
}

// goOn reports whether the search may go on with row i of n. It waits if others have their turn.
func (s *search) goOn(i, n int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	taken := time.Since(s.begun)
	if s.step *= 2; s.step == 0 || taken-s.taken > briefly { // rows that take long, or a core that others want too
		s.step = 1
	}
	s.step = min(s.step, mostBetween)
	s.next, s.taken = i+s.step, taken
	switch {
	case taken > s.budget.most:
		return model.Errorf(model.TooCostly, "the filter took longer than %s, and had looked at %d of %d: write a shorter regular expression, or a condition before it that leaves fewer, such as state=failed", s.budget.most, i, n)
	case taken <= s.budget.quick || s.turn:
		return nil
	}
	late := time.NewTimer(waitForTurn)
	defer late.Stop()
	waits := time.Now()
	select {
	case s.budget.turn <- struct{}{}:
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-late.C:
		return model.Errorf(model.Unavailable, "other filters take all the time that there is for filters: come back later, or write a shorter one")
	}
	s.turn = true
	s.begun = s.begun.Add(time.Since(waits)) // and so s.taken stays
	return nil
}

func (s *search) end() {
	if s.turn {
		<-s.budget.turn
	}
}
