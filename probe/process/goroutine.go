package process

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Go runs f in a new goroutine. If f panics, the function of BeforeAbort is called before the program ends. All
// goroutines of the program are started with Go, or with Group, Run, Together, Beside or Gently, which also wait for them.
// Go does not wait: its caller has to.
func Go(f func()) { go Guard(f)() }

// Guard wraps f for functions that start the goroutine themselves, such as time.AfterFunc and context.AfterFunc. A
// panic of f is handled as in Go.
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

// Part is a function that runs until its context ends, until it is done, or until it fails.
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

// Together runs all parts, each in a goroutine of its own, until the first of them ends. Then it ends the context of
// the others, waits for them, and returns what the first has returned. If a part panics, the panic becomes its error,
// so that the other parts can still end in an orderly way.
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

// Beside returns a Part that runs part, and side in a goroutine beside it. The context of side ends only after part
// has returned, so that part can use side until its own end. The error joins those of both.
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
