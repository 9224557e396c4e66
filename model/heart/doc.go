// Package heart is the heartbeat of one connection, without a clock, a goroutine or a socket.
//
// The owner of a Heart tells it about events and their times: a ping was written, a pong or another byte came in,
// time passed. The Heart answers with the next action (send a ping, call again at an instant) and with its judgement:
// the state, the round trip, the timeout that follows from the round trips, and the cause of trouble. The parts are:
//
//   - Rhythm: the settings that all hearts of a monitor share, such as the interval and the bounds of timeouts;
//   - Detector: round trips in, timeout out (deviation, jacobson, phi);
//   - Lateness: how late holter itself ran. That makes evidence against peers void, and timeouts longer;
//   - pace: the rhythm of the peer's own beats, as it was learned;
//   - history: the newest beats in little memory;
//   - rules: from Evidence to a Diagnosis, in order. The first rule that holds wins.
//
// A Heart belongs to one goroutine at a time: its owner holds a lock around each call. No call waits. A Lateness
// is written by one goroutine, the scheduler, and may be read by any.
package heart
