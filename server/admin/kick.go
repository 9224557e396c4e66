package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"holter/model"
	"holter/server/api"
)

const longestOver = 24 * time.Hour

// kickOne answers DELETE /api/v1/connections/{id}?code=1001&reason=.
func (a *Plane) kickOne(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength != 0 {
		return model.Errorf(model.Invalid, "this call takes no body: write code and reason behind the path, as in ?code=1001&reason=deploy")
	}
	kick, err := parseKick(r.PathValue("id"), r.URL.Query())
	if err != nil {
		return err
	}
	return a.kick(w, r, kick)
}

// kickMatching answers POST /api/v1/kick.
func (a *Plane) kickMatching(w http.ResponseWriter, r *http.Request) error {
	var body api.Kick
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	kick, err := parseKicks(body)
	if err != nil {
		return err
	}
	if body.DryRun {
		if err := kick.Validate(); err != nil {
			return err
		}
		return a.preview(w, r, kick.IDs, kick.Query)
	}
	return a.kick(w, r, kick)
}

// parseKicks reads a kick of those in a list or of those that match.
func parseKicks(body api.Kick) (model.Kick, error) {
	kick := model.Kick{Query: body.Q, Code: body.Code, Reason: body.Reason, Reset: body.RST, Over: body.OverMS.Duration()}
	if kick.Over > longestOver {
		return kick, model.Errorf(model.Invalid, "over_ms is more than %d, which is a day", longestOver.Milliseconds())
	}
	if body.IDs != nil && body.Q != "" {
		return kick, model.Errorf(model.Invalid, "both ids and q: write one of them")
	}
	for _, text := range body.IDs {
		id, err := parseID(text)
		if err != nil {
			return kick, err
		}
		kick.IDs = append(kick.IDs, id)
	}
	return kick, nil
}

func (a *Plane) kick(w http.ResponseWriter, r *http.Request, k model.Kick) error {
	n, err := a.source.Kick(r.Context(), k)
	if err != nil && n == 0 {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Kicked{Kicked: n, Error: why(err)})
}

// parseKick reads a kick of one connection from its path and query.
func parseKick(id string, query url.Values) (model.Kick, error) {
	connection, err := parseID(id)
	if err != nil {
		return model.Kick{}, err
	}
	kick := model.Kick{IDs: []model.ID{connection}, Reason: query.Get("reason")}
	if !query.Has("code") {
		return kick, nil
	}
	code := query.Get("code")
	if code == "" {
		return model.Kick{}, model.Errorf(model.Invalid, "code is empty: write a close code such as 1001, or leave code out")
	}
	if kick.Code, err = strconv.Atoi(code); err != nil {
		return model.Kick{}, model.Errorf(model.Invalid, "code %.20q is no number: write a close code such as 1001", code)
	}
	return kick, nil
}

func parseID(s string) (model.ID, error) {
	id, err := model.ParseID(s)
	if err != nil {
		return 0, model.Errorf(model.Invalid, "%.40q is no connection id: write it like c17", s)
	}
	return id, nil
}
