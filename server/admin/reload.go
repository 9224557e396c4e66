package admin

import (
	"net/http"

	"holter/model"
	"holter/server/api"
)

// reload answers POST /api/v1/reload: it reads the settings anew, and tells which are in force now and which need a restart.
func (a *Plane) reload(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength != 0 {
		return model.Errorf(model.Invalid, "this call takes no body: the settings are read from where they were")
	}
	done, err := a.source.Reload(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.FromReload(&done))
}
