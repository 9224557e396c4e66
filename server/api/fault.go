package api

import (
	"context"
	"net/http"

	"holter/model"
)

// FaultOrder puts faults on connections: on those with these ids, or on those that match.
type FaultOrder struct {
	IDs    []string `json:"ids,omitempty"`
	Q      string   `json:"q"`      // in the filter language; "all" for all
	Faults []string `json:"faults"` // as model.ParseFaults reads them, in place of those that are on; [] for none
}

// Disturbed answers a FaultOrder with how many connections it was about.
type Disturbed struct {
	Disturbed int        `json:"disturbed"`
	Error     *ErrorBody `json:"error,omitempty"` // why some others were not
}

// SetFaults puts faults on connections and answers on how many, with an error if some were not there any more.
func (r *Remote) SetFaults(ctx context.Context, o model.FaultOrder) (int, error) {
	in := FaultOrder{IDs: names(o.IDs), Q: o.Query, Faults: append([]string{}, o.Faults.Words()...)}
	var out Disturbed
	err := r.caller.call(ctx, http.MethodPost, "/api/v1/faults", in, &out)
	if err == nil && out.Error != nil {
		err = out.Error.err()
	}
	return max(0, out.Disturbed), err
}
