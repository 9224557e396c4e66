package api

import "holter/model"

// Reload is the answer to POST /api/v1/reload, and what an event config.reloaded says.
type Reload struct {
	By      model.Reloader  `json:"by"`                // signal or api
	Error   string          `json:"error,omitempty"`   // why nothing has changed
	Changed []SettingChange `json:"changed"`           // in force now, by name
	Kept    []SettingChange `json:"kept"`              // as before until a restart, by name
	Warning string          `json:"warning,omitempty"` // what the operator may not have meant
	TookMS  Millis          `json:"took_ms"`
}

// SettingChange is a setting that is written otherwise than it was.
type SettingChange struct {
	Name   string `json:"name"`
	Was    string `json:"was"`
	Is     string `json:"is"`
	Origin string `json:"origin"`
}

// mostSettings bounds the settings of another holter's reload: there are not that many flags.
const mostSettings = 500

// FromReload converts r.
func FromReload(r *model.Reload) Reload {
	return Reload{By: r.By, Error: r.Error, Changed: fromChanges(r.Changed), Kept: fromChanges(r.Kept), Warning: r.Warning, TookMS: millis(r.Took)}
}

func fromChanges(list []model.SettingChange) []SettingChange {
	out := make([]SettingChange, len(list))
	for i, c := range list {
		out[i] = SettingChange(c)
	}
	return out
}

// Model converts r back.
func (r *Reload) Model() model.Reload {
	return model.Reload{
		By: model.Reloader(text(string(r.By))), Error: text(r.Error),
		Changed: modelChanges(r.Changed), Kept: modelChanges(r.Kept), Warning: text(r.Warning), Took: r.TookMS.Duration(),
	}
}

func modelChanges(list []SettingChange) []model.SettingChange {
	list = newest(list, mostSettings)
	out := make([]model.SettingChange, len(list))
	for i, c := range list {
		out[i] = model.SettingChange{Name: text(c.Name), Was: text(c.Was), Is: text(c.Is), Origin: text(c.Origin)}
	}
	return out
}
