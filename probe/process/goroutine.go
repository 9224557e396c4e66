package process

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Go starts f in a goroutine of its own. If f panics, what BeforeAbort has set is called before the program
// ends. All goroutines of the program are started by this function, or by Group, Run, Together and Beside, which also
// wait for them. The caller of Go waits by means of its own.
func Go(f func()) { go Guard(f)() }

// Guard is f for a caller that starts the goroutine itself, such as time.AfterFunc and context.AfterFunc.
func Guard(f func()) func() {
	return func() {
		defer tidy()
		f()
	}
}

// Group is a set of goroutines that the caller waits for. Its zero value is ready to use.
type Group struct{ running sync.WaitGroup }

// Go starts f in a goroutine of the group.
func (g *Group) Go(f func()) { g.running.Go(Guard(f)) }

// Wait returns when all goroutines of the group have ended.
func (g *Group) Wait() { g.running.Wait() }

// Part is something that runs until its context ends, or until it is done or fails.
type Part = func(context.Context) error

// Run runs all parts, each in a goroutine of its own, and returns when all of them have ended. The first
// error ends the context of the others and is returned. A part that returns nil ends nothing but itself.
func Run(ctx context.Context, parts ...Part) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error {
			defer tidy()
			return part(ctx)
		})
	}
	return group.Wait()
}

// Together runs all parts, each in a goroutine of its own, until the first of them ends. Then it ends the
// context of the others, waits for them, and returns the error of the first, nil if it had none. A panic in
// a part is such an error, so that the others still end in order.
func Together(ctx context.Context, parts ...Part) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ends := make(chan error, len(parts))
	for _, part := range parts {
		Go(func() { ends <- recovered(ctx, part) })
	}
	err := <-ends
	stop()
	for range parts[1:] {
		<-ends
	}
	return err
}

func recovered(ctx context.Context, part Part) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	return part(ctx)
}

// Beside is part, with side in a goroutine of its own, on which part can rely to its end: the context of side
// does not end with that of part, but when part has returned. The error is that of both.
func Beside(side, part Part) Part {
	return func(ctx context.Context) error {
		aside, stop := context.WithCancel(context.WithoutCancel(ctx))
		defer stop()
		done := make(chan error, 1)
		Go(func() { done <- side(aside) })
		err := part(ctx)
		stop()
		return errors.Join(err, <-done)
	}
}
