package export

import (
	"io"

	"holter/model"
)

// Services is functions that write services by the ending of the file: a row for each.
func Services(rows []model.Service, hide bool) map[string]func(io.Writer) error {
	return formats(serviceColumns, rows, hide)
}

var serviceColumns = []column[model.Service]{
	{"id", func(r *model.Service) any { return r.ID }},
	{"kind", func(r *model.Service) any { return string(r.Kind) }},
	{"target", func(r *model.Service) any { return named(r.Target) }},
	{"state", func(r *model.Service) any { return r.State.String() }},
	{"since", func(r *model.Service) any { return moment(r.Since) }},
	{"known_at", func(r *model.Service) any { return moment(r.Known) }},
	{"heard_at", func(r *model.Service) any { return moment(r.Heard) }},
	{"cause", func(r *model.Service) any { return named(string(r.Diagnosis.Cause)) }},
	{"cause_detail", func(r *model.Service) any { return named(r.Diagnosis.Detail) }},
	{"late_ms", func(r *model.Service) any { return known(r.Late) }},
	{"status", func(r *model.Service) any { return named(r.Status) }},
	{"clock_off_ms", func(r *model.Service) any { return known(r.Clock) }},
	{"latency_ms", func(r *model.Service) any { return known(r.Latency) }},
	{"latency_mean_ms", func(r *model.Service) any { return known(r.LatencyMean) }},
	{"latency_dev_ms", func(r *model.Service) any { return known(r.LatencyDev) }},
	{"timeout_ms", func(r *model.Service) any { return known(r.Timeout) }},
	{"interval_ms", func(r *model.Service) any { return known(r.Interval) }},
	{"ttl_ms", func(r *model.Service) any { return known(r.TTL) }},
	{"missed", func(r *model.Service) any { return r.Missed }},
	{"received", func(r *model.Service) any { return r.Received }},
	{"lost", func(r *model.Service) any { return r.Lost }},
	{"uptime", func(r *model.Service) any {
		if r.State == model.Unknown {
			return nil
		}
		return r.Uptime
	}},
}
