package api

import (
	"context"
	"net/http"

	"holter/model"
)

// FaultOrder asks to put faults on connections: those with these ids, or those that match Q.
type FaultOrder struct {
	IDs    []string `json:"ids,omitempty"`
	Q      string   `json:"q"`                 // in the filter language; "all" for all
	Faults []string `json:"faults"`            // as model.ParseFaults reads them, in place of those that are on; [] for none
	DryRun bool     `json:"dry_run,omitempty"` // only answer which: see Preview
}

// Disturbed answers a FaultOrder.
type Disturbed struct {
	Disturbed int        `json:"disturbed"`
	Error     *ErrorBody `json:"error,omitempty"` // why some were not disturbed
}

// SetFaults puts faults on connections and returns their number, with an error too if some were no longer open.
func (r *Remote) SetFaults(ctx context.Context, o model.FaultOrder) (int, error) {
	in := FaultOrder{IDs: names(o.IDs), Q: o.Query, Faults: append([]string{}, o.Faults.Words()...)}
	var out Disturbed
	err := r.caller.call(ctx, http.MethodPost, "/api/v1/faults", in, &out)
	if err == nil && out.Error != nil {
		err = out.Error.err()
	}
	return max(0, out.Disturbed), err
}
