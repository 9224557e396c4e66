package admin

import (
	"encoding/json"
	"slices"
	"testing"

	"holter/model"
	"holter/server/api"
)

func TestListClients(t *testing.T) {
	s := newFakeSource()
	s.snapshot.Clients = []model.Client{
		{ID: "ann", Connection: 1},
		{ID: "cid", State: model.Flapping, Outage: &model.Outage{Flaps: 4, Close: model.Close{Code: 4401, By: model.ByApp}}},
		{ID: "dan", State: model.Away, Outage: &model.Outage{Refusals: 2, Status: 401, By: model.RefusedByUpstream}},
	}
	a := serveAdmin(t, s, "")
	for query, want := range map[string][]string{
		"":                              {"ann", "cid", "dan"},
		"state=flapping":                {"cid"},
		"state=away":                    {"dan"},
		"state=open":                    {"ann", "cid"},
		"q=state%3Dflapping%20or%20ann": {"ann", "cid"},
		"q=code%3D4401":                 {"cid"},
		"q=status%3D401&state=away":     {"dan"},
		"q=rtt%3E2ms":                   {"ann"},
		"q=kept_out_by~upstream":        {"dan"},
		"q=nobody":                      {},
	} {
		status, answer, _ := call(t, a.URL(), "GET", "/api/v1/clients?"+query, "")
		var list api.Clients
		if err := json.Unmarshal([]byte(answer), &list); err != nil || status != 200 || list.Clients == nil {
			t.Errorf("%s: status %d, %s", query, status, answer)
		}
		names := []string{}
		for _, c := range list.Clients {
			names = append(names, c.ID)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: %v, want %v", query, names, want)
		}
	}
}
