package process

import "sync/atomic"

var before atomic.Pointer[func()]

// BeforePanic has f called before a panic ends the program, in the goroutine that panics: to give back a
// terminal, for one, on which the panic could not be read otherwise. It does not keep the program alive:
// what the goroutine had locked or half done is in an unknown state. There is one terminal to a process,
// and one f; main sets it.
func BeforePanic(f func()) { before.Store(&f) }

// tidy is deferred first in every goroutine. It calls what BeforePanic has set and panics on. Where nothing
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
