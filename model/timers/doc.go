// Package timers learns the clocks of a path: how often the ends beat, how far messages are apart, which silences
// connections have survived and which have ended them. It lays them beside the limits that are known of what stands
// between a client and a server, and warns of a beat that comes too late for one of them before it has ended a connection.
//
// A Path is told of the beats and ends of its connections and, once in a while, of each open one (Begin, Observe, End). Its
// Picture is a model.Path with warnings and notes in words. A beat or an end is kept in rings of fixed size, so a Path has a
// bounded size however many connections it has; a connection costs it nothing.
//
// The package is pure: instants come in as arguments. A Path has no lock. One goroutine uses it at a time.
package timers
