package process

import "sync/atomic"

var before atomic.Pointer[func()]

// BeforeAbort sets the function that is called before a panic or a second signal ends the program. It is for
// restoring the terminal, without which the message of a panic cannot be read. The program ends in any case, because
// locks and data may be in an unknown state. f may be called in any goroutine. Only main calls BeforeAbort; a second
// call replaces f.
func BeforeAbort(f func()) { before.Store(&f) }

// tidy must be the first deferred call of each goroutine. After a panic it calls the function of BeforeAbort and
// panics again. If no function is set, as in an application that embeds a monitor, it does not even recover.
func tidy() {
	f := before.Load()
	if f == nil {
		return
	}
	if p := recover(); p != nil {
		(*f)()
		panic(p)
	}
}
