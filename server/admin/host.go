package admin

import (
	"net/http"

	"holter/server/api"
)

// host answers GET /api/v1/host.
func (a *Plane) host(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromHost(&snapshot.Host))
}
