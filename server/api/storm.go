package api

import (
	"cmp"
	"time"

	"holter/model"
	"holter/model/storm"
)

// StormSummary is many clients that came back in a short time.
type StormSummary struct {
	ID        int        `json:"id"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"` // null while it is on

	Restart    bool    `json:"restart"`    // the clients were those of the server that listened here before, and that was gone at once
	Population int     `json:"population"` // clients that were known when the storm was noticed, or clients if these have become more
	Clients    int     `json:"clients"`    // that lost their connection in the burst that led to it, that flap, or that never got in
	Away       int     `json:"away"`       // clients that are not back yet: that have not stayed
	Settling   int     `json:"settling"`   // of those away: that have a connection, which has yet to last
	Flapping   int     `json:"flapping"`   // of those away: whose connections are closed again within seconds
	GaveUp     int     `json:"gave_up"`    // of those away: that have been silent for clearly longer than their policy allows
	NeverIn    int     `json:"never_in"`   // of those away: that have never had a connection
	Reconnects int     `json:"reconnects"`
	Refused    int     `json:"refused"`
	Back50MS   *Millis `json:"back_50_ms"` // since started_at until half of the clients were back; null while they are not
	Back90MS   *Millis `json:"back_90_ms"`
	Back99MS   *Millis `json:"back_99_ms"`
	PeakPerS   float64 `json:"peak_per_s"` // attempts, refused ones too
	Crowding   float64 `json:"crowding"`   // the peak over an even spread: 1 is ideal

	FlapsPerS float64 `json:"flaps_per_s"` // connections that are closed again within seconds

	DroppedClients  int `json:"dropped_clients"`  // that there was no room for, and that are counted nowhere else
	DroppedAttempts int `json:"dropped_attempts"` // that are counted, but came after the end of the activity

	Causes   []StormCause   `json:"causes"`
	Flaps    []StormCause   `json:"flaps"`    // how the connections of clients that flap are closed
	Refusals []StormRefusal `json:"refusals"` // the commonest first
}

// StormRefusal is a way in which upgrades were refused.
type StormRefusal struct {
	Status int           `json:"status"` // 0 without an answer
	By     model.Refuser `json:"by"`
	Count  int           `json:"count"` // attempts
}

// Storm is a storm with its clients' policies and its course.
type Storm struct {
	StormSummary
	Policies []Policy  `json:"policies"`
	More     PoolCount `json:"more_pools"` // that are not among policies
	Delays   Delays    `json:"delays"`     // from the loss to the first attempt
	Activity Activity  `json:"activity"`   // from started_at on
}

// PoolCount is a number of pools and of the clients in them.
type PoolCount struct {
	Pools   int `json:"pools"`
	Clients int `json:"clients"`
}

// StormCause is a way in which connections end, before a storm or in it.
type StormCause struct {
	Code  int    `json:"code"`
	By    string `json:"by"`
	Count int    `json:"count"` // clients
}

// Policy is how the clients of one kind try to come back.
type Policy struct {
	UserAgent string           `json:"user_agent"`
	Path      string           `json:"path"`
	Kind      model.PolicyKind `json:"kind"`
	BaseMS    Millis           `json:"base_ms"`
	Factor    float64          `json:"factor"`
	StepMS    Millis           `json:"step_ms"` // from one delay to the next, of linear ones
	CapMS     Millis           `json:"cap_ms"`  // 0 if none has been reached
	StepsMS   []Millis         `json:"steps_ms"`
	EndsMS    []Millis         `json:"ends_ms"` // of steps with jitter ranges, one for each of steps_ms
	Jitter    model.Jitter     `json:"jitter"`
	Share     float64          `json:"share"`    // half the width of the jitter over the mean delay
	AddedMS   [2]Millis        `json:"added_ms"` // the ends of what the jitter added adds
	Carried   bool             `json:"carried"`  // the delay before grows, with the jitter that it had
	Like      string           `json:"like"`     // a known client or method, empty for none

	Clients    int     `json:"clients"`
	Attempts   int     `json:"attempts"`
	Obeys      bool    `json:"obeys_retry_after"`
	Confidence float64 `json:"confidence"`
	Resets     string  `json:"resets"` // at_open, after_stay or unknown
	First      Delays  `json:"first"`  // of the first attempts
	Doubt      *Doubt  `json:"doubt"`  // null unless the kind is unknown
}

// Doubt is why a policy is unknown, and what was seen instead.
type Doubt struct {
	Reason  model.DoubtReason `json:"reason"`
	Have    int               `json:"have"`    // of what the reason counts
	Need    int               `json:"need"`    // that would be enough; 0 if that is not known
	Attempt int               `json:"attempt"` // that is missing, from 1; 0 for none in particular
	Detail  string            `json:"detail"`  // all that in a sentence
	Seen    []AttemptDelays   `json:"seen"`    // of the first attempts
}

// AttemptDelays are the delays before the attempts of one number. A tenth are shorter than low_ms, and a tenth longer than
// high_ms.
type AttemptDelays struct {
	Attempt  int    `json:"attempt"` // from 1; 0 for those after connections that were closed again within seconds
	Clients  int    `json:"clients"`
	LowMS    Millis `json:"low_ms"`
	MedianMS Millis `json:"median_ms"`
	HighMS   Millis `json:"high_ms"`
}

// Delays is a histogram of delays, in bins of equal width. The last bin also counts those beyond to_ms.
type Delays struct {
	FromMS Millis   `json:"from_ms"`
	ToMS   Millis   `json:"to_ms"`
	Counts []uint32 `json:"counts"`
}

// Storms are all storms that are remembered.
type Storms struct {
	Storms []StormDetail `json:"storms"` // oldest first
}

// StormDetail is a storm, with a forecast of what its policies would do in another one.
type StormDetail struct {
	Storm
	Forecast Forecast `json:"forecast"`
}

// Forecast predicts the clients' reconnects if the server were away for a while.
type Forecast struct {
	AwayMS   Millis   `json:"away_ms"`
	Clients  int      `json:"clients"` // with a known policy
	Measured Recovery `json:"measured"`
	Spread   Recovery `json:"full_jitter"`
}

// Recovery is how clients come back. A refusal in its activity is an attempt while the server is not there.
type Recovery struct {
	PeakPerS float64  `json:"peak_per_s"`
	Back99MS *Millis  `json:"back_99_ms"`
	Activity Activity `json:"activity"`
}

// forecastAway is how long the server is not there in a forecast.
const forecastAway = 30 * time.Second

// FromStorm converts s.
func FromStorm(s *model.Storm) Storm {
	w := Storm{
		StormSummary: fromStormSummary(s),
		Policies:     make([]Policy, len(s.Policies)),
		More:         PoolCount(s.More),
		Delays:       fromDelays(s.Delays),
		Activity:     fromActivity(s.Curve),
	}
	for i := range s.Policies {
		w.Policies[i] = fromPolicy(&s.Policies[i])
	}
	return w
}

func fromStormSummary(s *model.Storm) StormSummary {
	w := StormSummary{
		ID: s.ID, StartedAt: s.Started.UTC(), Restart: s.Restart, Population: s.Population, Clients: s.Clients, Away: s.Away,
		Reconnects: s.Reconnects, Refused: s.Refused,
		Back50MS: reached(s.Back50), Back90MS: reached(s.Back90), Back99MS: reached(s.Back99),
		PeakPerS: finite(s.Peak), Crowding: finite(s.Crowding),
		Settling: s.Settling, Flapping: s.Flapping, GaveUp: s.GaveUp, NeverIn: s.NeverIn, FlapsPerS: finite(s.FlapRate),
		DroppedClients: s.DroppedClients, DroppedAttempts: s.DroppedAttempts,
		Causes: fromCauses(s.Causes), Flaps: fromCauses(s.Flaps), Refusals: make([]StormRefusal, len(s.Refusals)),
	}
	if !s.On() {
		ended := s.Ended.UTC()
		w.EndedAt = &ended
	}
	for i, r := range s.Refusals {
		w.Refusals[i] = StormRefusal(r)
	}
	return w
}

func fromCauses(causes []model.StormCause) []StormCause {
	w := make([]StormCause, len(causes))
	for i, c := range causes {
		w[i] = StormCause{c.Code, c.By.String(), c.Count}
	}
	return w
}

func modelCauses(causes []StormCause) (m []model.StormCause) {
	for _, c := range causes[:min(len(causes), model.MaxStormCauses)] {
		m = append(m, model.StormCause{Code: c.Code, By: closerOf(c.By), Count: c.Count})
	}
	return m
}

// FromStormDetail converts s and computes its forecast.
func FromStormDetail(s *model.Storm) StormDetail {
	f := storm.NewForecast(s.Policies, forecastAway, uint64(s.ID))
	return StormDetail{FromStorm(s), Forecast{
		AwayMS: millis(f.Away), Clients: f.Clients, Measured: fromReplay(&f.Measured), Spread: fromReplay(&f.Spread),
	}}
}

func fromReplay(r *storm.Replay) Recovery {
	return Recovery{PeakPerS: finite(r.Peak), Back99MS: reached(r.Back99), Activity: fromActivity(r.Curve)}
}

// reached returns nil, which is null in JSON, for a share of the clients that is not back yet.
func reached(d time.Duration) *Millis {
	if d <= 0 {
		return nil
	}
	ms := millis(d)
	return &ms
}

func (m *Millis) reached() time.Duration {
	if m == nil {
		return 0
	}
	return m.Duration()
}

func fromPolicy(p *model.PoolPolicy) Policy {
	w := Policy{
		UserAgent: p.UserAgent, Path: p.Path, Kind: p.Kind, BaseMS: millis(p.Base), Factor: finite(p.Factor),
		StepMS: millis(p.Step), CapMS: millis(p.Cap), StepsMS: allMillis(p.Steps), EndsMS: allMillis(p.Ends),
		AddedMS: [2]Millis{millis(p.AddedFrom), millis(p.AddedTo)}, Carried: p.Carried, Jitter: p.Jitter, Share: finite(p.Share), Like: p.Like,
		Clients: p.Clients, Attempts: p.Attempts, Obeys: p.Obeys, Confidence: finite(p.Confidence), Resets: fromReset(p.Resets),
		First: fromDelays(p.First),
		Doubt: fromDoubt(&p.Doubt),
	}
	return w
}

func allMillis(list []time.Duration) []Millis {
	all := make([]Millis, len(list))
	for i, d := range list {
		all[i] = millis(d)
	}
	return all
}

func durations(list []Millis) (all []time.Duration) {
	for _, d := range list {
		all = append(all, d.Duration())
	}
	return all
}

func fromReset(r model.Reset) string { return cmp.Or(string(r), unknownReset) }

// unknownReset is the word for model.ResetUnknown, which is also what a word that is not known here stands for.
const unknownReset = "unknown"

func resetOf(word string) model.Reset {
	switch r := model.Reset(word); r {
	case model.ResetAtOpen, model.ResetAfterStay:
		return r
	}
	return model.ResetUnknown
}

func fromDoubt(d *model.Doubt) *Doubt {
	if d.Reason == "" {
		return nil
	}
	w := &Doubt{d.Reason, d.Have, d.Need, d.Attempt, d.String(), make([]AttemptDelays, len(d.Seen))}
	for i, s := range d.Seen {
		w.Seen[i] = AttemptDelays{s.Attempt, s.Clients, millis(s.Low), millis(s.Median), millis(s.High)}
	}
	return w
}

func (d *Doubt) model() (m model.Doubt) {
	if d == nil {
		return m
	}
	m = model.Doubt{Reason: model.DoubtReason(text(string(d.Reason))), Have: d.Have, Need: d.Need, Attempt: d.Attempt}
	for _, s := range d.Seen[:min(len(d.Seen), model.MaxAttemptDelays)] {
		m.Seen = append(m.Seen, model.AttemptDelays{
			Attempt: s.Attempt, Clients: s.Clients, Low: s.LowMS.Duration(), Median: s.MedianMS.Duration(), High: s.HighMS.Duration(),
		})
	}
	return m
}

func fromDelays(h model.DelayHistogram) Delays {
	return Delays{FromMS: millis(h.From), ToMS: millis(h.To), Counts: append([]uint32{}, h.Counts...)}
}

// Bounds for what another holter may send of a storm.
const longestTable = 100 // steps of a policy, and bins of delays

// Model converts s back.
func (s *Storm) Model() model.Storm {
	m := model.Storm{
		ID: s.ID, Started: s.StartedAt, Restart: s.Restart, Population: s.Population, Clients: s.Clients, Away: s.Away,
		Reconnects: s.Reconnects, Refused: s.Refused,
		Back50: s.Back50MS.reached(), Back90: s.Back90MS.reached(), Back99: s.Back99MS.reached(),
		Settling: s.Settling, Flapping: s.Flapping, GaveUp: s.GaveUp, NeverIn: s.NeverIn, FlapRate: s.FlapsPerS,
		DroppedClients: s.DroppedClients, DroppedAttempts: s.DroppedAttempts,
		Causes: modelCauses(s.Causes), Flaps: modelCauses(s.Flaps),
		Peak: s.PeakPerS, Crowding: s.Crowding, Delays: s.Delays.model(), More: model.PoolCount(s.More),
		Curve: newest(s.Activity.model(), model.MaxActivity),
	}
	if s.EndedAt != nil {
		m.Ended = *s.EndedAt
	}
	for _, r := range s.Refusals[:min(len(s.Refusals), model.MaxStormCauses)] {
		m.Refusals = append(m.Refusals, model.StormRefusal{Status: r.Status, By: model.Refuser(text(string(r.By))), Count: r.Count})
	}
	for _, p := range s.Policies[:min(len(s.Policies), model.MaxStormPolicies)] {
		m.Policies = append(m.Policies, p.model())
	}
	return m
}

func (p *Policy) model() model.PoolPolicy {
	m := model.PoolPolicy{
		Pool: model.Pool{UserAgent: text(p.UserAgent), Path: text(p.Path)},
		Policy: model.Policy{
			Kind: model.PolicyKind(text(string(p.Kind))), Base: p.BaseMS.Duration(), Factor: p.Factor,
			Step: p.StepMS.Duration(), Cap: p.CapMS.Duration(), Steps: durations(newest(p.StepsMS, longestTable)),
			Jitter: model.Jitter(text(string(p.Jitter))), Share: p.Share,
			AddedFrom: p.AddedMS[0].Duration(), AddedTo: p.AddedMS[1].Duration(), Carried: p.Carried,
		},
		Like: text(p.Like), Clients: p.Clients, Attempts: p.Attempts, Obeys: p.Obeys, Confidence: p.Confidence, Resets: resetOf(p.Resets), First: p.First.model(), Doubt: p.Doubt.model(),
	}
	if len(p.EndsMS) == len(p.StepsMS) {
		m.Ends = durations(newest(p.EndsMS, longestTable))
	}
	return m
}

func (d *Delays) model() model.DelayHistogram {
	h := model.DelayHistogram{From: d.FromMS.Duration(), To: d.ToMS.Duration()}
	if len(d.Counts) > 0 {
		h.Counts = newest(d.Counts, longestTable)
	}
	return h
}
