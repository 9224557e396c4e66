// Package advice finds what could be better at the connections of a hub, and keeps what a user has been told of it.
//
// Advice is warnings, of which the worst come first: see model.Warning. Some are found elsewhere: those about the clocks of
// a path by package timers, and names that are no client's own by the hub. A Look finds the others. It is shown peers and
// their recorded beats, one by one, and the storms, and then makes warnings of what it has seen. What each says and rests on
// is in the README.
//
// A Book is the memory behind all warnings: since when each stands, by which id a user calls it, whether it is news, and
// whether the user has dismissed it.
//
// The package is pure: no clock, no goroutine, no socket. Its memory is bounded, however many connections there are. A Look
// belongs to one goroutine, and a Book to one at a time.
package advice
