package export

import (
	"io"
	"time"

	"holter/model"
)

// storm is one policy of a storm, nil if none is known yet.
type storm struct {
	*model.Storm
	policy *model.PoolPolicy
}

// Storm is functions that write a storm by the ending of the file: a row for each policy of its clients, or one without.
func Storm(s *model.Storm, hide bool) map[string]func(io.Writer) error {
	var rows []storm
	for i := range s.Policies {
		rows = append(rows, storm{s, &s.Policies[i]})
	}
	if len(rows) == 0 {
		rows = append(rows, storm{s, nil})
	}
	return formats(stormColumns, rows, hide)
}

// NoStorm is Storm before there was one.
func NoStorm() map[string]func(io.Writer) error { return formats(stormColumns, nil, false) }

var stormColumns = []column[storm]{
	{"storm", func(r *storm) any { return r.ID }},
	{"storm_started_at", func(r *storm) any { return moment(r.Started) }},
	{"storm_ended_at", func(r *storm) any { return moment(r.Ended) }},
	{"storm_clients", func(r *storm) any { return r.Clients }},
	{"storm_away", func(r *storm) any { return r.Away }},
	{"storm_reconnects", func(r *storm) any { return r.Reconnects }},
	{"storm_refused", func(r *storm) any { return r.Refused }},
	{"storm_peak_per_s", func(r *storm) any { return r.Peak }},
	{"storm_crowding", func(r *storm) any { return r.Crowding }},
	{"storm_back_50_ms", func(r *storm) any { return known(r.Back50) }},
	{"storm_back_90_ms", func(r *storm) any { return known(r.Back90) }},
	{"storm_back_99_ms", func(r *storm) any { return known(r.Back99) }},
	{"user_agent", ofPolicy(func(p *model.PoolPolicy) any { return p.UserAgent })},
	{"path", ofPolicy(func(p *model.PoolPolicy) any { return p.Path })},
	{"clients", ofPolicy(func(p *model.PoolPolicy) any { return p.Clients })},
	{"attempts", ofPolicy(func(p *model.PoolPolicy) any { return p.Attempts })},
	{"kind", ofPolicy(func(p *model.PoolPolicy) any { return string(p.Kind) })},
	{"base_ms", ofPolicy(func(p *model.PoolPolicy) any { return millis(p.Base) })},
	{"factor", ofPolicy(func(p *model.PoolPolicy) any { return p.Factor })},
	{"cap_ms", ofPolicy(func(p *model.PoolPolicy) any { return known(p.Cap) })},
	{"steps_ms", ofPolicy(func(p *model.PoolPolicy) any { return list(p.Steps) })},
	{"jitter", ofPolicy(func(p *model.PoolPolicy) any { return string(p.Jitter) })},
	{"share", ofPolicy(func(p *model.PoolPolicy) any { return p.Share })},
	{"like", ofPolicy(func(p *model.PoolPolicy) any { return named(p.Like) })},
	{"obeys_retry_after", ofPolicy(func(p *model.PoolPolicy) any { return p.Obeys })},
	{"confidence", ofPolicy(func(p *model.PoolPolicy) any { return p.Confidence })},
	{"doubt_reason", ofPolicy(func(p *model.PoolPolicy) any { return named(string(p.Doubt.Reason)) })},
	{"doubt_detail", ofPolicy(func(p *model.PoolPolicy) any { return named(p.Doubt.String()) })},
	{"seen_median_ms", ofPolicy(func(p *model.PoolPolicy) any {
		return seen(p, func(s *model.AttemptDelays) time.Duration { return s.Median })
	})},
	{"seen_low_ms", ofPolicy(func(p *model.PoolPolicy) any {
		return seen(p, func(s *model.AttemptDelays) time.Duration { return s.Low })
	})},
	{"seen_high_ms", ofPolicy(func(p *model.PoolPolicy) any {
		return seen(p, func(s *model.AttemptDelays) time.Duration { return s.High })
	})},
	{"first_from_ms", ofPolicy(func(p *model.PoolPolicy) any { return millis(p.First.From) })},
	{"first_to_ms", ofPolicy(func(p *model.PoolPolicy) any { return millis(p.First.To) })},
	{"first_counts", ofPolicy(func(p *model.PoolPolicy) any { return counts(p.First.Counts) })},
	{"step_ms", ofPolicy(func(p *model.PoolPolicy) any { return known(p.Step) })},
	{"ends_ms", ofPolicy(func(p *model.PoolPolicy) any { return list(p.Ends) })},
	{"added_ms", ofPolicy(added)},
	{"carried", ofPolicy(func(p *model.PoolPolicy) any { return p.Carried })},
	{"storm_more_pools", func(r *storm) any { return r.More.Pools }},
	{"storm_more_pools_clients", func(r *storm) any { return r.More.Clients }},
	{"storm_settling", func(r *storm) any { return r.Settling }},
	{"storm_flapping", func(r *storm) any { return r.Flapping }},
	{"storm_gave_up", func(r *storm) any { return r.GaveUp }},
	{"storm_never_in", func(r *storm) any { return r.NeverIn }},
	{"storm_flaps_per_s", func(r *storm) any { return r.FlapRate }},
	{"resets", ofPolicy(func(p *model.PoolPolicy) any { return named(string(p.Resets)) })},
}

func ofPolicy(value func(*model.PoolPolicy) any) func(*storm) any {
	return func(r *storm) any {
		if r.policy == nil {
			return nil
		}
		return value(r.policy)
	}
}

// added is what the jitter adds at least and at most, nil if it adds nothing.
func added(p *model.PoolPolicy) any {
	if p.AddedTo == 0 {
		return nil
	}
	return list([]time.Duration{p.AddedFrom, p.AddedTo})
}

// seen is a figure of the delays before each attempt.
func seen(p *model.PoolPolicy, of func(*model.AttemptDelays) time.Duration) []float64 {
	all := make([]float64, len(p.Doubt.Seen))
	for i := range p.Doubt.Seen {
		all[i] = millis(of(&p.Doubt.Seen[i]))
	}
	return all
}

func counts(bins []uint32) []float64 {
	all := make([]float64, len(bins))
	for i, n := range bins {
		all[i] = float64(n)
	}
	return all
}
