package process

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Go starts f in a goroutine of its own. If f panics, what BeforePanic has set is called before the program
// ends. All goroutines of the program are started by this function, or by Group and Run, which also wait for
// them. The caller of Go waits by means of its own.
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

// Run runs all parts, each in a goroutine of its own, and returns when all of them have ended. The first
// error ends the context of the others and is returned. A part that returns nil ends nothing but itself.
func Run(ctx context.Context, parts ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error {
			defer tidy()
			return part(ctx)
		})
	}
	return group.Wait()
}
