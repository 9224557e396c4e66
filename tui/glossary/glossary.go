// Package glossary says what the words on the screen mean, one short sentence each.
//
// It owns the sentences and their order, nothing else: the help draws and searches them. They are those of the READMEs; a
// test holds the causes against the table of model/heart/README.md. A word that comes onto the screen and is not plain
// English gets a line here.
package glossary

import "holter/model"

// Entry is a word and what it means.
type Entry struct{ Name, Text string }

// Words are the words of the screen, those of one connection first, then those of a client and of a storm.
var Words = []Entry{
	{"beat", "one ping with its pong; it gives one round trip"},
	{"rtt", "round trip: the time from a ping to its pong"},
	{"p50, p99", "half of the open connections, and 99 in 100, have no longer round trip than this"},
	{"timeout", "how long a beat may stay unanswered; it follows from the connection's own round trips"},
	{"silence", "the time since the last byte came in from the peer"},
	{"suspect", "a beat stayed unanswered for its timeout, and no byte came meanwhile"},
	{"probe", "one of three more pings that a suspect gets, further and further apart"},
	{"failed", "the probes stayed unanswered as well; a failed connection may be closed already"},
	{"cause", "why, as far as the evidence goes; the causes are listed below"},
	{"both 5s", "which ends beat, and how long holter waits from one beat to the next"},
	{"lateness", "how late holter's own clock runs; where it is often late, all timeouts are stretched: timeouts x2.0"},
	{"cpu, mem", "the load and the memory of the whole machine"},
	{"self", "the memory of this process, and its share of one core; the clients of a demo run in it too"},
	{"fault", "a disturbance that holter puts on a connection on purpose"},
	{"side, leg", "one of the two ends that a proxy has a connection with: client or upstream"},
	{"ward", "one small monitor for each connection; the worst come first, marked ones stay in front"},
	{"1.2ms of 0.50s", "on such a monitor: the last round trip, and the timeout"},
	{"generation", "gen: which connection of its client this is, counted from 1"},
	{"client", "who is behind a connection; it stays the same over reconnects"},
	{"away", "a client without a connection that does not flap"},
	{"back", "a client whose connection has lasted for 5 s; the end of an earlier one is a failed attempt"},
	{"just in", "clients of a storm with a connection that has yet to last so long: no longer away, and not yet back"},
	{"flapping", "a client that comes back again and again, and whose connections are closed again within 5 s"},
	{"kept out by", "the code that closes a client's connections again, or the status that refuses it, and who does so"},
	{"gave up", "a client that has been silent for clearly longer than its own policy allows"},
	{"resets at open", "a client whose delays start anew after each connection, however short it was"},
	{"shared-identity", "many connections at once have one client's name; they are told apart by address and user agent, or order"},
	{"absence", "the time from the loss of a client's connection until the client is back"},
	{"storm", "many clients that come back in a short time"},
	{"peak", "attempts to connect in the worst second of a storm, refused ones included"},
	{"even spread", "the rate of a storm's attempts if they had come evenly"},
	{"policy", "how long a client waits before each attempt to come back, judged by its attempts"},
	{"jitter", "the part of such a wait that is left to chance; the cause of this name is another thing"},
	{"forecast", "computed, not measured: how the same clients would come back"},
}

// Cause is what a cause means, as in the table of model/heart/README.md.
func Cause(c model.Cause) string { return causes[c] }

var causes = map[model.Cause]string{
	model.CauseFramesLost:      "the bytes make no WebSocket frames any more",
	model.CausePingHostile:     "the peer hung up right after its first ping; holter sends no more to peers of its kind, unless they end alike without one",
	model.CauseHostBusy:        "holter itself was late: it was this machine",
	model.CauseBackpressure:    "bytes wait unsent, for a peer that takes nothing",
	model.CauseAppNotReading:   "bytes wait unread in holter's own socket",
	model.CausePathDown:        "the peer's kernel did not acknowledge the pings",
	model.CauseNoPong:          "data comes, but pongs do not",
	model.CausePeerStalled:     "the peer's kernel acknowledged the pings, but no pong came",
	model.CauseJitter:          "an answer came late",
	model.CauseUnknown:         "none of these, rather than a guess",
	model.CauseHandshakeBroken: "a refusal's: the handshake itself was broken",
}
