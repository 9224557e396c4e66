package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
)

// advice answers GET /api/v1/advice: what matters most, the worst first.
func (a *Plane) advice(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.source.Snapshot(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromAdvice(snapshot.Warnings))
}

// dismiss answers DELETE /api/v1/advice/{id}.
func (a *Plane) dismiss(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength != 0 {
		return model.Errorf(model.Invalid, "this call takes no body")
	}
	id := r.PathValue("id")
	if err := a.source.Dismiss(r.Context(), id); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Dismissed{ID: id})
}
