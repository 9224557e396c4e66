package admin

import (
	"net/http"

	"holter/server/api"
)

// storms answers GET /api/v1/storms: those that are remembered, oldest first.
func (a *Plane) storms(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	list := make([]api.StormDetail, len(snapshot.Storms))
	for i := range snapshot.Storms {
		list[i] = api.FromStormDetail(&snapshot.Storms[i])
	}
	return writeJSON(w, http.StatusOK, api.Storms{Storms: list})
}
