package api

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"holter/model"
)

func TestReloadsThereAndBack(t *testing.T) {
	want := model.Event{Seq: 1, Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Type: model.ConfigReloaded, Reload: &model.Reload{
		By: model.BySignal, Took: 3 * time.Millisecond, Warning: "no token",
		Changed: []model.SettingChange{{Name: "max-conns", Was: "1", Is: "2", Origin: "holter.yaml:3"}},
		Kept:    []model.SettingChange{{Name: "listen", Was: ":80", Is: ":81", Origin: "command line"}},
	}}
	text, err := json.Marshal(FromEvent(&want))
	if err != nil {
		t.Fatal(err)
	}
	var w Event
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Model(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v in %s", got.Reload, err, text)
	}
	w.Reload = nil
	if _, err := w.Model(); err == nil {
		t.Error("an event without what came of it")
	}
	w.Reload = &Reload{Changed: make([]SettingChange, 2*mostSettings)}
	if got, err := w.Model(); err != nil || len(got.Reload.Changed) > mostSettings {
		t.Errorf("%d settings, %v", len(got.Reload.Changed), err)
	}
}
