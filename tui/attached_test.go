package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// newAttached is the screen of a holter elsewhere, which has no demo clients to start.
func newAttached(t *testing.T, f *fake, w, h int) *screen {
	s := newScreen(t, f, w, h)
	s.app.fx.demo = nil
	s.app = newApp(s.app.fx, testSetup(utf8Locale))
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	s.refresh()
	return s
}

// The screen is as read-only as what it shows, also where that was started anew without the flag, or with it.
func TestScreenIsAsReadOnlyAsItsSource(t *testing.T) {
	f := newFake(ward(20)...)
	s := newAttached(t, f, 120, 30)
	for range 2 {
		f.snapshot.Monitor.ReadOnly = true
		s.refresh()
		s.line("READ-ONLY")
		s.lacks("x kick")
		for _, key := range []string{"x", "X", "f", "R"} {
			s.press("t").lacks("read-only:")
			s.press(key).line("read-only: this screen changes nothing")
			s.lacks("Cancel")
			s.lacks("refuse upgrades?")
		}
		f.snapshot.Monitor.ReadOnly = false
		s.refresh()
		s.lacks("READ-ONLY")
		s.line("x kick")
		s.press("x").line("Cancel")
		s.press("esc")
	}
}

// A frozen picture does not say what is allowed now.
func TestFrozenScreenIsReadOnlyWhenItsSourceIs(t *testing.T) {
	f := newFake(ward(20)...)
	s := newAttached(t, f, 120, 30).press("p")
	f.snapshot.Monitor.ReadOnly = true
	s.refresh()
	s.line("FROZEN READ-ONLY")
	s.press("x").line("read-only: this screen changes nothing")
}

// Demo clients are offered where there are some and where they may come.
func TestDemoIsOfferedWhereItWorks(t *testing.T) {
	s := newAttached(t, newFake(), 80, 260)
	s.lacks("demo")
	s.press("?").line("While typing a filter")
	s.lacks("demo clients")
	s.press("esc", "d").lacks("demo")
	if s.demos != 0 {
		t.Error("demo clients were started")
	}

	f := newFake()
	f.snapshot.Monitor.ReadOnly = true
	newScreen(t, f, 80, 24).lacks("demo")
}

// An application has no address that its middleware knows, and there is nothing to paste without one.
func TestMiddlewareHasNoAddress(t *testing.T) {
	for _, size := range []size{{60, 15}, {80, 24}, {120, 30}, {200, 60}} {
		f := newFake()
		f.snapshot.Monitor.Address = ""
		s := newAttached(t, f, size.w, size.h)
		s.line("address     the application's own WebSocket address")
		for _, part := range []string{"websocat", "WebSocket(", "shell", "browser"} {
			s.lacks(part)
		}
	}
	f := newFake(ward(20)...)
	f.snapshot.Monitor.Address = ""
	s := newAttached(t, f, 120, 60).press("5")
	s.line(" address      the application's own WebSocket address")
	s.lacks("version")
}

// A proxy says what it stands before, where there is room for all of that.
func TestUpstreamIsNamed(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Monitor.Upstream = "http://192.0.2.7:3000"
	for _, c := range []struct {
		size size
		want string // at the end of the line of pages
	}{
		{size{80, 24}, "ws://127.0.0.1:7070/ws"}, // where the pages have no names
		{size{90, 24}, ""},
		{size{100, 24}, "ws://127.0.0.1:7070/ws"},
		{size{120, 24}, "ws://127.0.0.1:7070/ws  → http://192.0.2.7:3000"},
		{size{120, 30}, "→ http://192.0.2.7:3000"},
		{size{200, 60}, "→ http://192.0.2.7:3000"},
	} {
		s := newAttached(t, f, c.size.w, c.size.h)
		_, got, _ := strings.Cut(s.line("1 connections"), "1/20")
		same(t, strings.TrimSpace(got), c.want)
		s.press("P", "5").lacks("192.0.2.7")
	}
	s := newAttached(t, f, 120, 60)
	s.press("/", "demo-0012", "enter").line("1/1 of 20 demo-0012  → http://192.0.2.7:3000")
	s.press("5").line(" upstream     http://192.0.2.7:3000")
	f.snapshot.Monitor.Upstream = ""
	s.refresh()
	s.lacks("→ ")
}

// A picture that came over a slow line is shown with its age, and never as the present.
func TestOldPictureTellsItsAge(t *testing.T) {
	for _, size := range []size{{60, 15}, {80, 24}, {120, 30}, {200, 60}} {
		f := newFake(ward(20)...)
		s := newAttached(t, f, size.w, size.h)
		f.snapshot.Age = 1900 * time.Millisecond
		s.refresh()
		s.lacks(" old")
		f.snapshot.Age = 3500 * time.Millisecond
		s.refresh()
		s.line("3s old")
		s.lacks("slow line")
		f.snapshot.Age = 12 * time.Second
		s.refresh()
		s.line("12s old picture: slow line")
		f.err = errors.New("it does not answer")
		s.refresh()
		s.line("this is from 12s ago")
		f.err, f.snapshot.Age = nil, 0
		s.refresh()
		s.lacks(" old")
	}
}
