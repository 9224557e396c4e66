package tap

// aside calls f on a stack of its own, and panics as f does. A handler that waits in Read for as long as
// its connection lives needs just under 4 KiB of stack. What happens once, at the beginning, needs more,
// and a stack that has grown to 8 KiB does not shrink before 6 of them are free.
func aside(f func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if panicked := <-done; panicked != nil {
		panic(panicked)
	}
}
