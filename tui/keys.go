package tui

import "github.com/charmbracelet/bubbles/key"

// keyMap is every key of the screen, and the only source of its help. A key means the same on every
// page.
type keyMap struct {
	Up, Down, HalfUp, HalfDown, PageUp, PageDown, Top, Bottom key.Binding

	Open, Back                   key.Binding
	NextTrouble, PreviousTrouble key.Binding
	Filter, Sort, Invert         key.Binding
	Kick                         key.Binding
	Help, Quit, Interrupt        key.Binding
	Keep, Drop                   key.Binding // in the filter
	NextField, PrevField         key.Binding // in a dialog
	Less, More, Toggle, Press    key.Binding
	Cancel                       key.Binding
}

func newKeyMap(arrows arrowKeys) keyMap {
	bind := func(help, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
	}
	return keyMap{
		Up:       bind(arrows.up+" k", "up", "up", "k"),
		Down:     bind(arrows.down+" j", "down", "down", "j"),
		HalfUp:   bind("ctrl+u", "half a page up", "ctrl+u"),
		HalfDown: bind("ctrl+d", "half a page down", "ctrl+d"),
		PageUp:   bind("pgup", "a page up", "pgup"),
		PageDown: bind("pgdn", "a page down", "pgdown"),
		Top:      bind("g home", "to the top", "g", "home"),
		Bottom:   bind("G end", "to the bottom", "G", "end"),

		Open:            bind("enter", "open", "enter"),
		Back:            bind("esc", "back", "esc"),
		NextTrouble:     bind("n", "next trouble", "n"),
		PreviousTrouble: bind("N", "previous trouble", "N"),
		Filter:          bind("/", "filter", "/"),
		Sort:            bind("s", "sort", "s"),
		Invert:          bind("S", "invert the order", "S"),
		Kick:            bind("x", "kick", "x"),
		Help:            bind("?", "help", "?"),
		Quit:            bind("q", "quit", "q"),
		Interrupt:       bind("ctrl+c", "quit, from anywhere", "ctrl+c"),

		Keep: bind("enter", "keep", "enter"),
		Drop: bind("esc", "drop", "esc"),

		NextField: bind("tab "+arrows.down, "next field", "tab", "down"),
		PrevField: bind("shift+tab "+arrows.up, "previous field", "shift+tab", "up"),
		Less:      bind(arrows.left, "previous choice", "left"),
		More:      bind(arrows.right, "next choice", "right"),
		Toggle:    bind("space", "switch", " "),
		Press:     bind("enter", "press", "enter"),
		Cancel:    bind("esc", "cancel", "esc"),
	}
}

// keyGroup is a paragraph of the help.
type keyGroup struct {
	title string
	keys  []key.Binding
}

// groups are all bindings, in the order of the help.
func (k *keyMap) groups() []keyGroup {
	return []keyGroup{
		{"Move", []key.Binding{k.Up, k.Down, k.HalfUp, k.HalfDown, k.PageUp, k.PageDown, k.Top, k.Bottom,
			k.NextTrouble, k.PreviousTrouble}},
		{"Look", []key.Binding{k.Open, k.Back, k.Filter, k.Sort, k.Invert}},
		{"Act", []key.Binding{k.Kick}},
		{"Program", []key.Binding{k.Help, k.Quit, k.Interrupt}},
		{"While typing a filter", []key.Binding{k.Keep, k.Drop}},
		{"In a dialog", []key.Binding{k.NextField, k.PrevField, k.Less, k.More, k.Toggle, k.Press, k.Cancel}},
	}
}
