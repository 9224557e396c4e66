package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that ends at the first SIGINT or SIGTERM. The second signal calls the function of
// BeforeAbort and ends the program with the exit code that a shell reports for it: 128 plus the signal's number.
//
// The context also ends at SIGHUP, unless the program was started with that ignored, as nohup does. SIGHUP never counts as the
// second signal: when a terminal is closed, both its shell and the kernel send it.
//
// SIGQUIT and SIGABRT call the function of BeforeAbort and then do what they do in any Go program: the stacks of all goroutines
// are printed.
func Interruptible(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	ends := make(chan os.Signal, 2)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	hangups := make(chan os.Signal, 1)
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
				cancel()
			case <-hangups:
				cancel()
			case s := <-aborts:
				abort()
				signal.Reset(s)
				again(s.(syscall.Signal))
			}
		}
	})
	return ctx
}

// abort calls the function of BeforeAbort.
func abort() {
	if f := before.Load(); f != nil {
		(*f)()
	}
}
