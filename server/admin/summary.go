package admin

import (
	"net/http"

	"holter/server/api"
)

// summary answers GET /api/v1/summary.
func (a *Plane) summary(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromSnapshot(&snapshot))
}
