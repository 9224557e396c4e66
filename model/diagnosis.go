package model

// Cause is the reason for a connection's state, as far as the evidence shows it. The empty cause means that
// nothing is wrong.
type Cause string

const (
	CauseUnknown  Cause = "unknown"
	CauseHostBusy Cause = "host-busy" // holter or the machine itself was late
	CauseNoPong   Cause = "no-pong"   // data flows, but pongs do not come
	CauseJitter   Cause = "jitter"    // a late answer; recovered by itself

	CauseFramesLost    Cause = "frames-lost"     // the bytes are not WebSocket frames, so the peer is not judged
	CauseBackpressure  Cause = "backpressure"    // the peer takes nothing, and a write waits for it
	CauseAppNotReading Cause = "app-not-reading" // bytes wait unread in our own socket
	CausePathDown      Cause = "path-down"       // pings are not even acknowledged
	CausePingHostile   Cause = "ping-hostile"    // it ended right after the first ping
	CausePeerStalled   Cause = "peer-stalled"    // pings are acknowledged by the peer's kernel, but not answered

	CauseHandshakeBroken Cause = "handshake-broken" // of a Refusal: there was never a connection
)

// Diagnosis is a cause and one sentence that names its evidence.
type Diagnosis struct {
	Cause  Cause
	Detail string
}

// Causes are the causes that a connection's diagnosis can have, in the order of judging: the first that holds hides
// those after it. A new one also needs a rule (model/heart/rules.go), a row in the table of model/heart/README.md
// and a few words for the screen (tui/columns.go). Tests hold all three against this list.
var Causes = [...]Cause{
	CauseFramesLost, CausePingHostile, CauseHostBusy, CauseBackpressure, CauseAppNotReading, CausePathDown, CauseNoPong,
	CausePeerStalled, CauseJitter, CauseUnknown,
}
