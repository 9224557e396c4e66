package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"holter/tui/look"
	"holter/tui/widget"
)

// keyMap is every key of the screen, and the only source of its help. A key means the same on every
// page.
type keyMap struct {
	widget.Keys

	NextTrouble, PreviousTrouble key.Binding

	Connections, Clients, Storms, Events, Host, Ward, Paths, Services, NextPage, PreviousPage key.Binding

	Open, Filter, Sort, Invert, Hide, Advice, Alerts key.Binding
	Freeze, Follow, ZoomIn, ZoomOut                  key.Binding

	Mark, Range, Unmark, Kick, KickAll, Faults, Refuse, Write, Copy, Demo key.Binding

	Theme, Mouse, Mask, Help        key.Binding
	QuitLeaving, Suspend, Interrupt key.Binding
	Keep, Drop, Older, Newer        key.Binding // in the filter
	Clear                           key.Binding // of the faults, in a dialog
	Dismiss                         key.Binding // a piece of advice, where that is listed
	Silence                         key.Binding // an alert, where these are listed
	Yes                             key.Binding // quit, where that is asked
}

func newKeyMap(arrows look.ArrowKeys) keyMap {
	bind := func(help, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
	}
	return keyMap{
		Keys: widget.Keys{
			Up:       bind(arrows.Up+" k", "up", "up", "k"),
			Down:     bind(arrows.Down+" j", "down", "down", "j"),
			Left:     bind(arrows.Left+" h", "left, among monitors", "left", "h"),
			Right:    bind(arrows.Right+" l", "right", "right", "l"),
			HalfUp:   bind("ctrl+u", "half a page up", "ctrl+u"),
			HalfDown: bind("ctrl+d", "half a page down", "ctrl+d"),
			PageUp:   bind("pgup", "a page up", "pgup"),
			PageDown: bind("pgdn", "a page down", "pgdown"),
			Top:      bind("g home", "to the top", "g", "home"),
			Bottom:   bind("G end", "to the bottom", "G", "end"),

			Back:    bind("esc", "back", "esc"),
			Columns: bind("c", "columns", "c"),

			NextField: bind("tab "+arrows.Down, "next field", "tab", "down"),
			PrevField: bind("shift+tab "+arrows.Up, "previous field", "shift+tab", "up"),
			Less:      bind(arrows.Left, "previous choice", "left"),
			More:      bind(arrows.Right, "next choice", "right"),
			Toggle:    bind("space", "switch", " "),
			Press:     bind("enter", "press", "enter"),
			Cancel:    bind("esc", "cancel", "esc"),

			Quit: bind("q", "close what is open, then quit", "q"),
		},

		NextTrouble:     bind("n", "next trouble", "n"),
		PreviousTrouble: bind("N", "previous trouble", "N"),

		Connections:  bind("1", "connections", "1"),
		Clients:      bind("2", "clients", "2"),
		Storms:       bind("3", "storms", "3"),
		Events:       bind("4", "events", "4"),
		Host:         bind("5", "host", "5"),
		Ward:         bind("6", "ward", "6"),
		Paths:        bind("7", "paths", "7"),
		Services:     bind("8", "services", "8"),
		NextPage:     bind("tab", "next page", "tab"),
		PreviousPage: bind("shift+tab", "previous page", "shift+tab"),

		Open:    bind("enter", "open", "enter"),
		Filter:  bind("/", "filter", "/"),
		Sort:    bind("s", "sort", "s"),
		Invert:  bind("S", "invert the order", "S"),
		Hide:    bind("H", "hide closed rows", "H"),
		Advice:  bind("a", "advice", "a"),
		Alerts:  bind("A", "alerts", "A"),
		Freeze:  bind("p", "freeze", "p"),
		Follow:  bind("F", "follow", "F"),
		ZoomIn:  bind("+", "zoom in", "+", "="),
		ZoomOut: bind("-", "zoom out", "-"),

		Mark:    bind("space", "mark", " "),
		Range:   bind("v", "mark a range", "v"),
		Unmark:  bind("u", "unmark all", "u"),
		Kick:    bind("x", "kick", "x"),
		KickAll: bind("X", "kick all marked or shown", "X"),
		Faults:  bind("f", "faults", "f"),
		Refuse:  bind("R", "refuse upgrades", "R"),
		Write:   bind("w", "write to a file", "w"),
		Copy:    bind("y", "copy", "y"),
		Demo:    bind("d", "demo clients, if there are no connections", "d"),

		Theme:       bind("t", "theme", "t"),
		Mouse:       bind("m", "mouse on or off", "m"),
		Mask:        bind("P", "mask addresses", "P"),
		Help:        bind("?", "help", "?"),
		QuitLeaving: bind("Q", "quit, leaving the picture", "Q"),
		Suspend:     bind("ctrl+z", "step aside", "ctrl+z"),
		Interrupt:   bind("ctrl+c", "quit, from anywhere", "ctrl+c"),

		Keep:  bind("enter", "keep", "enter"),
		Drop:  bind("esc", "drop", "esc"),
		Older: bind(arrows.Up, "an older one", "up"),
		Newer: bind(arrows.Down, "a newer one", "down"),

		Clear:   bind("0", "end faults", "0"),
		Dismiss: bind("D", "dismiss advice, or bring it back", "D"),
		Silence: bind("z", "silence an alert, or end that", "z"),
		Yes:     bind("y", "quit, when asked", "y"),
	}
}

// keyGroup is a paragraph of the help.
type keyGroup struct {
	title string
	keys  []key.Binding
}

// groups are all bindings that are on, in the order of the help.
func (k *keyMap) groups() []keyGroup {
	groups := []keyGroup{
		{"Move", []key.Binding{k.Up, k.Down, k.Left, k.Right, k.HalfUp, k.HalfDown, k.PageUp, k.PageDown, k.Top, k.Bottom,
			k.NextTrouble, k.PreviousTrouble}},
		{"Pages", []key.Binding{k.Connections, k.Clients, k.Storms, k.Events, k.Host, k.Ward, k.Paths, k.Services, k.NextPage, k.PreviousPage}},
		{"Look", []key.Binding{k.Open, k.Back, k.Filter, k.Sort, k.Invert, k.Hide, k.Advice, k.Alerts, k.Columns, k.Freeze, k.Follow, k.ZoomIn, k.ZoomOut}},
		{"Act", []key.Binding{k.Mark, k.Range, k.Unmark, k.Kick, k.KickAll, k.Faults, k.Refuse, k.Write, k.Copy, k.Demo}},
		{"Screen", []key.Binding{k.Theme, k.Mouse, k.Mask, k.Help, k.Quit, k.QuitLeaving, k.Suspend, k.Interrupt}},
		{"While typing a filter", []key.Binding{k.Keep, k.Drop, k.Older, k.Newer}},
		{"In a dialog", []key.Binding{k.NextField, k.PrevField, k.Less, k.More, k.Toggle, k.Press, k.Cancel, k.Clear, k.Dismiss, k.Silence, k.Yes}},
	}
	for i := range groups {
		groups[i].keys = slices.DeleteFunc(groups[i].keys, func(b key.Binding) bool { return !b.Enabled() })
	}
	return groups
}

// changing are the keys that change something beyond the screen, as the help has them.
func (k *keyMap) changing() []key.Help {
	return []key.Help{k.Kick.Help(), k.KickAll.Help(), k.Faults.Help(), k.Refuse.Help(), k.Dismiss.Help(), k.Silence.Help(), k.Demo.Help()}
}

// markdown is the table of keys for the README.
func (k *keyMap) markdown() string {
	var b strings.Builder
	b.WriteString("| | |\n| --- | --- |\n")
	for _, g := range k.groups() {
		var keys []string
		for _, binding := range g.keys {
			h := binding.Help()
			keys = append(keys, "`"+strings.ReplaceAll(h.Key, " ", "` `")+"` "+h.Desc)
		}
		fmt.Fprintf(&b, "| **%s** | %s |\n", g.title, strings.Join(keys, " · "))
	}
	return b.String()
}
