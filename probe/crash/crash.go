// Package crash lets a program tidy up before a panic ends it: give back a terminal, for one, on which the
// panic could not be read otherwise. It does not keep the program alive. Whatever the goroutine had
// locked or half done is in a state that nobody knows.
package crash

import "sync/atomic"

var before atomic.Pointer[func()]

// Before has f called before a panic ends the program, in the goroutine that panics. There is one terminal
// to a process, and one f; it is for main to set it.
func Before(f func()) { before.Store(&f) }

// Tidy is deferred first in a goroutine. It calls what Before has set and panics on; where nothing is
// set, such as in an application that embeds a monitor, it changes nothing at all.
func Tidy() {
	f := before.Load()
	if f == nil {
		return
	}
	if p := recover(); p != nil {
		(*f)()
		panic(p)
	}
}
