package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that ends at the first SIGINT or SIGTERM. The second signal calls the function of
// BeforeAbort and ends the program with the exit code that a shell reports for it: 128 plus the signal's number.
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
