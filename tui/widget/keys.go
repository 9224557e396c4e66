// Package widget is the furniture of the screen: tables with a cursor, menus, forms, prompts, and the frame around a dialog.
//
// A widget knows nothing of connections, pages or sources. It takes the keys that it obeys as Keys, the styles that it is
// drawn in, and functions that read a row; what a row is, is a type parameter. It owns the cursor, which holds on to the row
// that it is on and not to a place, the widths of columns and the text that is typed.
//
// A widget starts nothing and waits for nothing. Where a key leads to more, it returns the command that its page gave it.
// Pages and dialogs call its methods from Update and View alone, so nothing here is safe for several goroutines.
package widget

import "github.com/charmbracelet/bubbles/key"

// Keys are the keys that widgets obey. Pages take them from the one key map, so that a key means the same everywhere.
type Keys struct {
	Up, Down, HalfUp, HalfDown, PageUp, PageDown, Top, Bottom key.Binding // in a list or a text
	Left, Right                                               key.Binding // among rows side by side

	Back    key.Binding // leaves a menu
	Columns key.Binding // leaves the choice of columns that it opened

	NextField, PrevField              key.Binding // in a form
	Less, More, Toggle, Press, Cancel key.Binding

	Quit key.Binding // leaves what has nothing to type in
}
