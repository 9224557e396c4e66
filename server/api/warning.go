package api

import (
	"time"

	"holter/model"
)

// Advice is what matters most of what is wrong or could be better.
type Advice struct {
	Advice    []Warning `json:"advice"`    // the worst first, at most model.MaxAdvice, without those that are dismissed
	Dismissed []Warning `json:"dismissed"` // the worst first
}

// Dismissed answers a call that dismisses a piece of advice.
type Dismissed struct {
	ID string `json:"dismissed"`
}

// Recalled answers a call that takes that back.
type Recalled struct {
	ID string `json:"recalled"`
}

// Warning is something that is wrong or could be better, although no connection need be in trouble for it yet.
type Warning struct {
	ID     string            `json:"id"`   // such as "a3": the same as long as it is about the same
	Kind   model.WarningKind `json:"kind"` // one of model.WarningKinds
	Since  time.Time         `json:"since"`
	Detail string            `json:"detail"` // a sentence

	Urgency   string `json:"urgency"`   // harm, risk or hint
	Touched   int    `json:"touched"`   // how many connections, clients or ends it is about: detail says which
	Page      string `json:"page"`      // of the screen, where its evidence is
	Query     string `json:"query"`     // a filter on the pages of connections and clients, the template of a path, the id of a storm
	Dismissed bool   `json:"dismissed"` // a user does not want it among the advice

	Path      string `json:"path"`       // the template of the path that it is about, else empty
	Upstream  string `json:"upstream"`   // of a proxy, of a warning about a path
	UserAgent string `json:"user_agent"` // of the clients that it is about, else empty

	Client      string `json:"client"`      // the name that is shared
	Connections int    `json:"connections"` // that had it at the same time
	Addresses   int    `json:"addresses"`   // that they come from
	Identity    string `json:"identity"`    // the setting of --identity that tells them apart, empty if none is known
}

// FromAdvice converts the warnings of a snapshot to the advice.
func FromAdvice(warnings []model.Warning) Advice {
	return Advice{Advice: fromWarnings(model.Advice(warnings)), Dismissed: fromWarnings(model.Dismissed(warnings))}
}

func fromWarning(w *model.Warning) Warning {
	return Warning{
		ID: w.ID, Kind: w.Kind, Since: w.Since.UTC(), Detail: w.Detail, Urgency: w.Urgency.String(), Touched: w.Touched,
		Page: w.At.Page, Query: w.At.Query, Dismissed: w.Dismissed, Path: w.Path, Upstream: w.Upstream, UserAgent: w.Agent,
		Client: w.Client, Connections: w.Connections, Addresses: w.Addresses, Identity: w.Identity,
	}
}

func (w *Warning) model() model.Warning {
	urgency, err := model.ParseUrgency(w.Urgency)
	if err != nil {
		urgency = model.Risk // a holter of another version does not say, or says it in a word that is not known here
	}
	return model.Warning{
		ID: text(w.ID), Kind: model.WarningKind(text(string(w.Kind))), Since: w.Since, Detail: text(w.Detail), Urgency: urgency, Touched: w.Touched,
		At: model.Place{Page: text(w.Page), Query: text(w.Query)}, Dismissed: w.Dismissed,
		Path: text(w.Path), Upstream: text(w.Upstream), Agent: text(w.UserAgent), Client: text(w.Client),
		Connections: w.Connections, Addresses: w.Addresses, Identity: text(w.Identity),
	}
}

func fromWarnings(all []model.Warning) []Warning {
	list := make([]Warning, len(all))
	for i := range all {
		list[i] = fromWarning(&all[i])
	}
	return list
}

func toWarnings(list []Warning) (all []model.Warning) {
	for i := range list[:min(len(list), model.MaxWarnings)] {
		all = append(all, list[i].model())
	}
	return all
}
