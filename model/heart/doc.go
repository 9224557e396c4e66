// Package heart is the heartbeat of one connection, without a clock, a goroutine or a socket.
//
// A Heart is told what happened and when: a ping was written, a pong or any other byte came in, time
// passed. It says what to do next (send a ping, look again at an instant) and what it believes: the state,
// the round trip, the timeout that follows from the round trips, and the cause of a trouble. The parts:
//
//   - Rhythm: what all hearts of a monitor have in common, such as the interval and the bounds of timeouts;
//   - Detector: round trips in, timeout out (deviation, jacobson, phi);
//   - Lateness: how late holter itself ran, which voids evidence against peers and stretches timeouts;
//   - the pace: the peer's own rhythm of beats, learned;
//   - the history: the newest beats in little room;
//   - the rules: from Evidence to a Diagnosis, in order; the first rule that holds wins.
//
// A Heart belongs to one goroutine at a time: its owner holds a lock around each call. It never blocks. A
// Lateness has one writer, the scheduler, and may be read by all.
package heart
