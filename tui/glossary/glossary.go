// Package glossary says what the words on the screen mean, one short sentence each.
//
// It owns the sentences and their order, nothing else: the help draws and searches them. They are those of the READMEs; a
// test holds the causes against the tables of model/heart/README.md and model/cohort/README.md. A word that comes onto the screen and is not plain
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
	{"suspect", "for its timeout no answer to a beat and no byte came, or nothing was taken"},
	{"probe", "one of three more pings that a suspect gets, further and further apart"},
	{"failed", "the probes stayed unanswered as well; a failed connection may be closed already"},
	{"cohort", "ends, or suspicions, that belong together: of the same silence, age or moment, or of one kind of client"},
	{"chance", "of a cohort: the probability, at most, that nothing but chance brought its ends together"},
	{"alert", "a rule that holds: pending at first, firing once it has held for long enough, resolved when it no longer does"},
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
	{"advice", "what is wrong or could be better, the worst first: harm, risk, hint; a lists it, and enter there shows the evidence"},
	{"resets at open", "a client whose delays start anew after each connection, however short it was"},
	{"shared-identity", "many connections at once have one client's name; they are told apart by address and user agent, or order"},
	{"path", "what connections to one path, or to paths with an id in them, have in common: /ocpp/*"},
	{"margin", "on a path: the shortest known cut over the time within which 99 % of the beats come; 1 is a race"},
	{"timer-race", "a beat that comes about when the path is cut"},
	{"no-beats", "a path on which neither end beats, so that nothing keeps it alive"},
	{"slow-beats", "a beat that comes after the path is cut, or in hours"},
	{"beat-interval", "a beat that comes in time, but not long before a cut"},
	{"duplicate", "a client's earlier connection, which has failed, is open beside its newer one"},
	{"never-pongs", "peers that live, and have never answered a ping"},
	{"resets-at-open", "advice about clients that do what \"resets at open\" says"},
	{"low-floor", "a --min-timeout below what answers often take, by the recorded beats"},
	{"better-detector", "another --detector would have done better on the recorded beats"},
	{"kept alive", "a path on which, for a while, nothing passed but holter's own beats: they may hide a cut"},
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
	model.CauseBackpressure:    "bytes wait unsent, for a client that takes nothing",
	model.CauseAppNotReading:   "bytes wait unread in holter's own socket, or for an upstream that takes nothing",
	model.CausePingBehindData:  "a beat waits behind a large message, which the peer takes or sends: late, not dead",
	model.CausePathDown:        "the peer's kernel did not acknowledge the pings",
	model.CauseNoPong:          "data comes, but pongs do not",
	model.CausePeerStalled:     "the peer's kernel acknowledged the pings, but no pong came",
	model.CauseStreamStalled:   "pongs come on time, but data stopped against its own habit, and not because the whole path is quiet",
	model.CausePageThrottled:   "pongs come on time, but a page's own messages stopped, or come about a minute apart: a hidden tab",
	model.CauseJitter:          "an answer came late",
	model.CauseUnknown:         "none of these, rather than a guess",
	model.CauseIdleCut:         "ended without a close frame after the same silence as others: something on the way cuts what is idle",
	model.CauseAgeCut:          "ended without a close frame at the same age as others: something on the way limits lifetimes",
	model.CauseProxyReload:     "all that came through one address ended at one moment, whatever their age: a proxy was restarted",
	model.CauseHandshakeBroken: "a refusal's: the handshake itself was broken",
}
