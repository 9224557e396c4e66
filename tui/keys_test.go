package tui

import (
	"reflect"
	"slices"
	"testing"

	"github.com/charmbracelet/bubbles/key"

	"holter/tui/look"
)

// keyFields are the fields of the key map that are keys, those of widgets among them.
func keyFields() []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[keyMap]()), func(f reflect.StructField) bool {
		return f.Type != reflect.TypeFor[key.Binding]()
	})
}

// allBindings are the fields of the key map.
func allBindings(t *testing.T, k *keyMap) []key.Binding {
	t.Helper()
	var all []key.Binding
	v := reflect.ValueOf(*k)
	for _, f := range keyFields() {
		b := v.FieldByIndex(f.Index).Interface().(key.Binding)
		if b.Help().Key == "" || b.Help().Desc == "" || len(b.Keys()) == 0 {
			t.Fatalf("%s has no key or no help", f.Name)
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
