package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
	"holter/server/plane"
)

// longestPreview bounds the ids in the answer to a dry run.
const longestPreview = 100

// preview answers a dry run with the connections that a command would act on now: the open ones with these ids or, if
// there are no ids, those that match query.
func (a *Plane) preview(w http.ResponseWriter, r *http.Request, ids []model.ID, query string) error {
	targets, err := a.source.Targets(r.Context(), ids, query)
	if err != nil && len(targets) == 0 {
		return err
	}
	answer := api.Preview{DryRun: true, Matches: len(targets), IDs: []string{}, Error: why(err)}
	for _, id := range targets[:min(len(targets), longestPreview)] {
		answer.IDs = append(answer.IDs, id.String())
	}
	return writeJSON(w, http.StatusOK, answer)
}

// why returns the reason why a command did not act on all of its ids, nil if it did.
func why(err error) *api.ErrorBody {
	switch {
	case err == nil:
		return nil
	case model.ErrorCode(err) == model.Internal:
		return &api.ErrorBody{Code: model.Internal, Message: plane.ErrBland.Error()}
	}
	return &api.ErrorBody{Code: model.ErrorCode(err), Message: err.Error()}
}
