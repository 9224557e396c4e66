package admin

import (
	"net/http"

	"holter/server/api"
)

// cohorts answers GET /api/v1/cohorts: those that are remembered, oldest first.
func (a *Plane) cohorts(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.picture(r.Context())
	if err != nil {
		return err
	}
	list := make([]api.Cohort, len(snapshot.Cohorts))
	for i := range snapshot.Cohorts {
		list[i] = api.FromCohort(&snapshot.Cohorts[i])
	}
	return writeJSON(w, http.StatusOK, api.Cohorts{Cohorts: list})
}
