package model

// Cause is the reason for a connection's state, as far as the evidence goes. The empty cause means
// that nothing is wrong.
type Cause string

const (
	CauseUnknown  Cause = "unknown"
	CauseHostBusy Cause = "host-busy" // holter or the machine was late itself
	CauseNoPong   Cause = "no-pong"   // data flows, but pongs do not come
	CauseJitter   Cause = "jitter"    // a late answer; recovered by itself

	CauseFramesLost    Cause = "frames-lost"     // what passes is no WebSocket, and so is not judged
	CauseBackpressure  Cause = "backpressure"    // the peer takes nothing, and a write waits for it
	CauseAppNotReading Cause = "app-not-reading" // bytes wait unread in our own socket
	CausePathDown      Cause = "path-down"       // pings are not even acknowledged
	CausePeerStalled   Cause = "peer-stalled"    // they are, by the peer's kernel, and not answered
)

// Diagnosis is a cause and one sentence that names its evidence.
type Diagnosis struct {
	Cause  Cause
	Detail string
}

// Causes are the causes that a diagnosis can come to, in the order of judging: an earlier one silences
// those after it.
var Causes = [...]Cause{
	CauseFramesLost, CauseHostBusy, CauseBackpressure, CauseAppNotReading, CausePathDown, CauseNoPong,
	CausePeerStalled, CauseJitter, CauseUnknown,
}
