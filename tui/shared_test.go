package tui

import (
	"slices"
	"strings"
	"testing"

	"holter/model"
)

// Clients that share a name are marked, and the page says so above them, with what would tell them apart.
func TestClientsThatShareAName(t *testing.T) {
	f := newFake(ward(20)...)
	for i := range f.snapshot.Clients[:3] {
		f.snapshot.Clients[i].Shared, f.snapshot.Clients[i].ByOrder = "js", true
	}
	name := f.snapshot.Clients[0].ID
	f.snapshot.Warnings = []model.Warning{{
		Kind: model.SharedIdentity, Since: noon, Client: "js", Connections: 16, Addresses: 2, Identity: "query:device", Detail: "16 at once; --identity query:device",
	}}
	for _, size := range []size{{60, 15}, {80, 24}, {120, 30}, {200, 60}} {
		s := newScreen(t, f, size.w, size.h).press("2")
		s.line("≈shared-identity: --identity query:device is different for")
		s.press("/", "shared=js", "enter").line("≈" + name)
		s.line("1/3 of")
		checkSize(t, s.app.View(), size.w, size.h)
	}
	s := newScreen(t, f, 120, 30).press("2")
	s.line("≈shared-identity: --identity query:device is different for each of 16 connections named js")
	titles := slices.IndexFunc(strings.Split(s.text(), "\n"), func(line string) bool { return strings.Contains(line, "STATE▼") })
	s.click(3, titles-1) // on the warning
	s.line("STATE▼")
	s.click(3, titles)
	s.line("STATE▲")
	f.snapshot.Warnings = append(f.snapshot.Warnings, model.Warning{Kind: model.SharedIdentity, Client: "a", Connections: 9},
		model.Warning{Kind: model.NoBeats, Path: "/ws", Detail: "of no client"})
	s.refresh()
	s.line("≈shared-identity: 9 connections at once are named a and 1 more")
	f.snapshot.Warnings = nil
	s.refresh()
	s.lacks("shared-identity")

	s.app.Update(happened{events: []model.Event{{Seq: 1, Time: noon, Type: model.WarningRaised, Warning: &model.Warning{Kind: model.SharedIdentity, Detail: "16 at once; --identity query:device"}}}})
	s.press("4").line("warning")
	s.line("shared-identity: 16 at once; --identity query:device")
	s.app.Update(happened{events: []model.Event{{Seq: 2, Time: noon, Type: model.WarningRaised, Warning: &model.Warning{Kind: model.NoBeats, Path: "/ws", Detail: "Neither end beats."}}}})
	s.line("no-beats on /ws: Neither end beats.")
}
