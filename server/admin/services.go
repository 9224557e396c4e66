package admin

import (
	"net/http"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/server/api"
)

// services answers GET /api/v1/services?q=&state=.
func (a *Plane) services(w http.ResponseWriter, r *http.Request) error {
	chosen, err := parseChoice(r.URL.Query(), filter.Services)
	if err != nil {
		return err
	}
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	answer := api.Services{Services: []api.Service{}, Beyond: snapshot.ServicesBeyond}
	all := snapshot.Services
	err = chosen.choose(r, a.bounds.filters, len(all),
		func(i int) filter.Row { return filter.Row{Service: &all[i], Now: snapshot.Time} },
		func(i int) { answer.Services = append(answer.Services, api.FromService(&all[i])) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// service answers GET /api/v1/services/{id}.
func (a *Plane) service(w http.ResponseWriter, r *http.Request) error {
	s, beats, err := a.source.Service(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromServiceDetail(&s, beats))
}

// heartbeat answers PUT /api/v1/services/{id}/heartbeat. An empty body is a heartbeat too.
func (a *Plane) heartbeat(w http.ResponseWriter, r *http.Request) error {
	var in api.Heartbeat
	if r.ContentLength != 0 {
		if err := readJSON(w, r, &in); err != nil {
			return err
		}
	}
	b, err := toHeartbeat(r.PathValue("id"), &in)
	if err != nil {
		return err
	}
	s, err := a.source.Heartbeat(b)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromHeard(&s))
}

// goodbye answers DELETE /api/v1/services/{id}.
func (a *Plane) goodbye(w http.ResponseWriter, r *http.Request) error {
	s, err := a.source.Goodbye(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromService(&s))
}

func toHeartbeat(id string, in *api.Heartbeat) (model.Heartbeat, error) {
	b := model.Heartbeat{ID: id, Timestamp: in.Timestamp, Status: in.Status}
	for _, d := range []struct {
		name string
		from *api.Millis
		to   *time.Duration
	}{{"interval_ms", in.IntervalMS, &b.Interval}, {"ttl_ms", in.TTLMS, &b.TTL}, {"ttl", seconds(in.TTL), &b.TTL}} {
		if d.from == nil {
			continue
		}
		if *d.from <= 0 {
			return b, model.Errorf(model.Invalid, "%s is %v: write a positive number, or leave it out", d.name, *d.from)
		}
		*d.to = d.from.Duration()
	}
	if in.TTL != nil && in.TTLMS != nil {
		return b, model.Errorf(model.Invalid, "ttl is in seconds and ttl_ms in milliseconds: write one of them")
	}
	return b, nil
}

// seconds converts a number of seconds, nil for none.
func seconds(n *float64) *api.Millis {
	if n == nil {
		return nil
	}
	ms := api.Millis(*n * 1000)
	return &ms
}
