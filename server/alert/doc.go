// Package alert watches by rules, keeps what they find, and sends it to where people are told.
//
// A Desk judges the rules of package model/alert by a snapshot, again and again. It takes at most a fiftieth of a core for
// that. What begins to fire and what is resolved goes to the outputs: webhooks, Alertmanagers, a command. The rules that come
// with holter are for the screen alone, unless the options say otherwise.
//
// Each output has a goroutine of its own, and what waits for it is bounded, so that nothing here ever waits for a receiver:
//
//   - A webhook and the command get each change once, in order (see queue). A webhook that does not take it is tried again with
//     growing pauses; what it has not taken after a quarter of an hour is dropped and counted.
//   - An Alertmanager gets all that fires, again and again, and all that was resolved lately (see manager). It forgets what it is
//     not told of any more.
//
// A receiver is not trusted: its answer is read up to a bound, within a time, and redirects are not followed.
package alert
