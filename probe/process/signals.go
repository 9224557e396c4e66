package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// ErrTerminated is the cause of a context that ended because of SIGTERM: see context.Cause.
var ErrTerminated = errors.New("told to end by SIGTERM")

// Interruptible returns a context that ends at the first SIGINT or SIGTERM. The second signal calls the function of
// BeforeAbort and ends the program with the exit code that a shell reports for it: 128 plus the signal's number. After
// SIGTERM, which a service manager sends, the cause of the context is ErrTerminated.
//
// The context also ends at SIGHUP, unless the program was started with that ignored, as nohup does, or OnHangup says what it is
// for. SIGHUP never counts as the second signal: when a terminal is closed, both its shell and the kernel send it.
//
// SIGQUIT and SIGABRT call the function of BeforeAbort and then do what they do in any Go program: the stacks of all goroutines
// are printed, and the exit code is 2. But they do not wait without end for a terminal that takes nothing.
func Interruptible(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	ends := make(chan os.Signal, 2)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	aborts := make(chan os.Signal, 1)
	signal.Notify(aborts, syscall.SIGQUIT, syscall.SIGABRT)
	Go(func() {
		for second := false; ; {
			select {
			case s := <-ends:
				if second {
					abort()
					os.Exit(128 + int(s.(syscall.Signal)))
				}
				second = true
				if s == syscall.SIGTERM {
					cancel(ErrTerminated)
				}
				cancel(nil)
			case <-hangups:
				if !handled.Load().take() {
					cancel(nil)
				}
			case s := <-aborts:
				abort()
				printStacks(s)
				os.Exit(2)
			}
		}
	})
	return ctx
}

// Gently returns a Part that runs part until ctx ends. If SIGTERM has ended ctx, part runs on while wind runs, which winds up
// the work of part at leisure, and its context ends after that. If part ends by itself meanwhile, the context of wind ends, and
// the Part waits for it.
func Gently(wind func(context.Context), part Part) Part {
	return func(ctx context.Context) error {
		lasting, stop := context.WithCancel(context.WithoutCancel(ctx))
		defer stop()
		ended := make(chan error, 1)
		Go(func() { ended <- part(lasting) })
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		if errors.Is(context.Cause(ctx), ErrTerminated) {
			winding, cancel := context.WithCancel(lasting)
			defer cancel()
			wound := make(chan struct{})
			Go(func() {
				defer close(wound)
				wind(winding)
			})
			select {
			case err := <-ended:
				cancel()
				<-wound
				return err
			case <-wound:
			}
		}
		stop()
		return <-ended
	}
}

// abort calls the function of BeforeAbort.
func abort() {
	if f := before.Load(); f != nil {
		(*f)()
	}
}

// printStacks prints the stacks of all goroutines, as far as that can be done in a while.
func printStacks(why os.Signal) {
	stacks := make([]byte, 1<<20)
	for {
		n := runtime.Stack(stacks, true)
		if n < len(stacks) || n >= 64<<20 {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	printed := make(chan struct{})
	Go(func() {
		defer close(printed)
		fmt.Fprintf(os.Stderr, "holter was told to %v\n\n%s\n", why, stacks)
	})
	select {
	case <-printed:
	case <-time.After(time.Second):
	}
}
