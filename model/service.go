package model

import (
	"slices"
	"time"
)

// Service is a snapshot of one service beside the connections: one that reports its own heartbeat, or one that holter asks
// for its health. All strings in it are bounded and have no control characters. A duration of 0 means that there is no such
// figure yet.
type Service struct {
	ID     string
	Kind   ServiceKind
	Target string // what is asked, such as http://localhost:3000/health, what may be secret in it masked; "" of one that reports

	State     State // Unknown until the first answer; Closed after a goodbye
	Since     time.Time
	Known     time.Time // since when it has been on the list without a pause
	Heard     time.Time // the last sign of life, zero before the first
	Diagnosis Diagnosis
	Late      time.Duration // as in Connection
	Status    string        // what it says of itself: the status of a report, or that of the newest answer over HTTP, such as 503
	// Clock is by how much the clock of a service that reports was ahead of ours, as of its newest report; below zero it is
	// behind. It counts for nothing. It is 0 if the report named no time, or one within a few seconds of ours.
	Clock time.Duration

	Latency        time.Duration // round trip of the newest answer or, of a report, how late it was
	LatencyMean    time.Duration // over the detector's memory
	LatencyDev     time.Duration // how far latencies stray, as the detector of package heart measures it
	Timeout        time.Duration // how late an answer or a report may be before suspicion
	Interval       time.Duration // between two questions or reports
	TTL            time.Duration // of one that reports: without a report for so long it has failed
	Missed         int           // questions without a good answer, or reports that did not come, in a row
	Received, Lost uint64        // questions and reports that were answered or came, and that were not

	Uptime  float64         // share of the last hour in which it lived, or of the time that it is known: from 0 to 1
	Strip   Strip           // the newest beats
	Changes []ServiceChange // of its state, oldest first, at most MaxServiceChanges; shared, and never changed
}

// ServiceKind is how holter hears of a service.
type ServiceKind string

const (
	Reported ServiceKind = "reported" // it sends its heartbeat to the admin plane
	Probed   ServiceKind = "probed"   // holter asks a URL of it
	Upstream ServiceKind = "upstream" // the backend of a proxy, over a WebSocket of holter's own
)

// ServiceKinds are all of them.
var ServiceKinds = [...]ServiceKind{Reported, Probed, Upstream}

// ServiceChange is one change of a service's state, with the diagnosis at that time.
type ServiceChange struct {
	At        time.Time
	From, To  State
	Diagnosis Diagnosis
	Late      time.Duration
}

const (
	MaxServices       = 1000 // reported and probed together
	MaxServiceChanges = 12
	MaxServiceID      = 128 // bytes
)

// Causes of trouble with a service. A new one needs a row in the table of server/services/README.md and a few words for the
// screen (tui/services); tests hold these against ServiceCauses.
const (
	CauseNoHeartbeat Cause = "no-heartbeat" // a report did not come
	CauseRefused     Cause = "refused"      // nobody listens there
	CauseTimedOut    Cause = "timed-out"    // no answer came in time
	CauseDNS         Cause = "dns"          // its name has no address
	CauseTLS         Cause = "tls"          // the certificate or the handshake is wrong
	CauseStatus      Cause = "status"       // it answers that it is not well
	CauseNoHTTP      Cause = "no-http"      // what came was no answer of HTTP, or the connection broke
	CauseBack        Cause = "back"         // it had failed, and lives again
	CauseUnreachable Cause = "unreachable"  // there is no way to it, or no descriptor for one here
)

// ServiceCauses are the causes that a service's state can have. Jitter is as of connections, after a suspicion alone.
var ServiceCauses = [...]Cause{
	CauseNoHeartbeat, CauseRefused, CauseTimedOut, CauseDNS, CauseTLS, CauseStatus, CauseNoHTTP, CauseUnreachable,
	CauseJitter, CauseBack,
}

// Alive reports whether the service is on the list of the living: it answers, or may yet.
func (s *Service) Alive() bool { return s.State == Normal || s.State == Suspect }

// ServiceCounts are the numbers of services in each state.
type ServiceCounts struct {
	Normal, Suspect, Failed, Closed, Unknown int
}

// CountServices counts the services of s.
func (s *Snapshot) CountServices() (n ServiceCounts) {
	for i := range s.Services {
		switch s.Services[i].State {
		case Normal:
			n.Normal++
		case Suspect:
			n.Suspect++
		case Failed:
			n.Failed++
		case Closed:
			n.Closed++
		default:
			n.Unknown++
		}
	}
	return n
}

// Service returns the service with an id, nil if there is none. The services are by id.
func (s *Snapshot) Service(id string) *Service {
	i, ok := slices.BinarySearchFunc(s.Services, id, func(one Service, id string) int {
		switch {
		case one.ID < id:
			return -1
		case one.ID > id:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &s.Services[i]
}

// Heartbeat is a report of a service about itself.
type Heartbeat struct {
	ID        string
	Timestamp *float64 // Unix seconds by its own clock; nil for none
	Status    string
	Interval  time.Duration // until the next report, 0 for the usual one
	TTL       time.Duration // after which it is dead without a report, 0 for the usual one
}
