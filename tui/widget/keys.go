package widget

import "github.com/charmbracelet/bubbles/key"

// Keys are the keys that widgets obey. A page hands them on from the key map, so that a key means the same
// in all of them.
type Keys struct {
	Up, Down, HalfUp, HalfDown, PageUp, PageDown, Top, Bottom key.Binding // in a list or a text

	Back    key.Binding // leaves a menu
	Columns key.Binding // leaves the choice of columns, as it opened it

	NextField, PrevField              key.Binding // in a form
	Less, More, Toggle, Press, Cancel key.Binding
}
