package model

import "slices"

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

	CauseIdleCut     Cause = "idle-cut"     // it ended after the same silence as others
	CauseAgeCut      Cause = "age-cut"      // it ended at the same age as others
	CauseProxyReload Cause = "proxy-reload" // all that came through one address ended at one moment

	CausePingBehindData Cause = "ping-behind-data" // a beat waits behind a large message: late, not dead
	CauseStreamStalled  Cause = "stream-stalled"   // data stopped against its own habit, while pongs are on time
	CausePageThrottled  Cause = "page-throttled"   // a page's messages stopped or come once a minute, while pongs are on time

	CauseHandshakeBroken Cause = "handshake-broken" // of a Refusal: there was never a connection
)

// Diagnosis is a cause and a sentence that names its evidence. Another sentence may say what to do.
type Diagnosis struct {
	Cause  Cause
	Detail string
}

// Causes are the causes that the evidence of one connection can show, in the order of judging: the first that holds hides
// those after it. A new one also needs a rule (model/heart/rules.go), a row in the table of model/heart/README.md
// and a few words for the screen (tui/columns.go). Tests hold all three against this list.
var Causes = [...]Cause{
	CauseFramesLost, CausePingHostile, CauseHostBusy, CauseBackpressure, CauseAppNotReading, CausePingBehindData,
	CausePathDown, CauseNoPong, CausePeerStalled, CauseStreamStalled, CausePageThrottled, CauseJitter, CauseUnknown,
}

// CohortCauses are the causes that only many ends together can show: see Cohort. They are of connections that have ended. A
// new one needs a row in the table of model/cohort/README.md and a few words for the screen, as above.
var CohortCauses = [...]Cause{CauseIdleCut, CauseAgeCut, CauseProxyReload}

// ByCohort reports whether c is a cause that only many ends together can show.
func (c Cause) ByCohort() bool { return slices.Contains(CohortCauses[:], c) }
