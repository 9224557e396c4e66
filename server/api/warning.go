package api

import (
	"time"

	"holter/model"
)

// Warning is something that is wrong although no connection is in trouble for it yet.
type Warning struct {
	Kind   model.WarningKind `json:"kind"` // shared-identity, timer-race, no-beats or slow-beats
	Since  time.Time         `json:"since"`
	Detail string            `json:"detail"` // a sentence

	Path     string `json:"path"`     // the template of the path that it is about, else empty
	Upstream string `json:"upstream"` // of a proxy, of a warning about a path

	Client      string `json:"client"`      // the name that is shared
	Connections int    `json:"connections"` // that had it at the same time
	Addresses   int    `json:"addresses"`   // that they come from
	Identity    string `json:"identity"`    // the setting of --identity that tells them apart, empty if none is known
}

func fromWarning(w *model.Warning) Warning {
	return Warning{w.Kind, w.Since.UTC(), w.Detail, w.Path, w.Upstream, w.Client, w.Connections, w.Addresses, w.Identity}
}

func (w *Warning) model() model.Warning {
	return model.Warning{
		Kind: model.WarningKind(text(string(w.Kind))), Since: w.Since, Detail: text(w.Detail),
		Path: text(w.Path), Upstream: text(w.Upstream), Client: text(w.Client),
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
