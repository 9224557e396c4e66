package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible ends its context at the first SIGINT or SIGTERM. The second one ends the program, after what
// BeforeAbort has set, with the exit code that a shell would give it: 128 and the signal's number.
func Interruptible(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	Go(func() {
		<-signals
		cancel()
		second := <-signals
		if f := before.Load(); f != nil {
			(*f)()
		}
		os.Exit(128 + int(second.(syscall.Signal)))
	})
	return ctx
}
