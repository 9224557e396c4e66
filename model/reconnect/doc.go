// Package reconnect is about how clients come back: the delays between their attempts, and the policy that follows
// from these delays.
//
// Attempts is the record of one client: when it lost its connection and when it tried again. Infer pools the records
// of many clients by user agent and path, and returns the policy of each pool: its kind (none, fixed, exponential,
// linear, steps), its figures and its jitter, or that it is unknown. It does so in three steps. A ladder has a rung for
// each attempt number, with the delays of all clients. The known clients, and what curves through the rungs come to (fit), are
// candidates. Each is judged by the likelihood of all delays, and by whether they may be its own at all (judge): the likeliest
// is told, unless another one is nearly as likely. Rungs on which clients came all at once are allowed for (crowd),
// and rungs on which all of them were late (stalls).
//
// The package is pure: instants come in as arguments. An Attempts belongs to one goroutine; policies are
// values.
package reconnect
