package admin

import (
	"net/http"
	"time"

	"holter/model"
	"holter/server/api"
)

// refuse answers POST /api/v1/refuse.
func (a *Plane) refuse(w http.ResponseWriter, r *http.Request) error {
	var body api.Refuse
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if body.ForMS == nil {
		return model.Errorf(model.Invalid, "for_ms is missing: write for how long to refuse, or 0 to let clients in again")
	}
	length := body.ForMS.Duration()
	if err := a.source.Refuse(r.Context(), length); err != nil {
		return err
	}
	answer := api.Refusing{}
	if length > 0 {
		until := time.Now().Add(length).UTC()
		answer.Until = &until
	}
	return writeJSON(w, http.StatusOK, answer)
}
