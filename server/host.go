package server

import (
	"net/http"

	"holter/server/api"
)

// host answers GET /api/v1/host.
func (a *admin) host(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.source.Snapshot(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromHost(&snapshot.Host))
}
