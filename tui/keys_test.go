package tui

import (
	"reflect"
	"testing"

	"holter/tui/look"

	"github.com/charmbracelet/bubbles/key"
)

// allBindings are the fields of the key map.
func allBindings(t *testing.T, k *keyMap) []key.Binding {
	t.Helper()
	var all []key.Binding
	v := reflect.ValueOf(*k)
	for i := range v.NumField() {
		b, ok := v.Field(i).Interface().(key.Binding)
		if !ok || b.Help().Key == "" || b.Help().Desc == "" || len(b.Keys()) == 0 {
			t.Fatalf("%s has no key or no help", v.Type().Field(i).Name)
		}
		all = append(all, b)
	}
	return all
}

func TestEveryKeyIsInOneGroup(t *testing.T) {
	k := newKeyMap(look.UnicodeGlyphs.Keys)
	grouped := 0
	for _, g := range k.groups() {
		grouped += len(g.keys)
	}
	if all := len(allBindings(t, &k)); grouped != all {
		t.Errorf("%d keys, %d in the help", all, grouped)
	}
}
