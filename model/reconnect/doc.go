// Package reconnect is about how clients come back: the delays between their attempts, and the policy that
// these delays tell.
//
// Attempts is the record of one client: when it lost its connection and when it tried again. Infer pools
// the records of many clients by user agent and path, and tells each pool's policy: its kind (none, fixed,
// exponential, steps), its figures and its jitter, or that it is unknown. The way of an inference: a ladder
// has a rung for each attempt number with all clients' delays; the ladder is compared with the known
// clients first, and then fitted with curves (fit), with room for clients that came all at once (crowd).
//
// The package is pure: instants come in as arguments. An Attempts belongs to one goroutine; policies are
// values.
package reconnect
