package process

import "sync/atomic"

var before atomic.Pointer[func()]

// BeforeAbort has f called before a panic or a second signal ends the program at once: to give back a
// terminal, for one, on which the panic could not be read otherwise. It does not keep the program alive:
// what a goroutine had locked or half done is in an unknown state. f is called in any goroutine. There is one
// terminal to a process, and one f; main sets it.
func BeforeAbort(f func()) { before.Store(&f) }

// tidy is deferred first in every goroutine. It calls what BeforeAbort has set and panics on. Where nothing
// is set, as in an application that embeds a monitor, it changes nothing at all.
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
