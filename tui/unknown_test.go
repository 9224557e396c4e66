package tui

import (
	"strings"
	"testing"

	"holter/model"
	"holter/tui/look"
)

// What a holter of another version says in words that are unknown here is shown as it is, and never as
// something else.
func TestWhatIsUnknownIsShown(t *testing.T) {
	c := model.Connection{ID: 7, Client: "ann", State: model.Unknown, Close: &model.Close{Code: 1001, By: model.ByUnknown}}
	it, ok := itemOf(&model.Event{Seq: 1, Type: "moon.risen", Connection: &c})
	if !ok || !strings.Contains(it.text, "moon.risen") || !strings.Contains(it.text, "ann") {
		t.Errorf("an event of an unknown type: %+v", it)
	}
	if it, ok := itemOf(&model.Event{Seq: 2, Type: model.StateChanged, Connection: &c, To: model.Unknown}); !ok || it.state != model.Unknown {
		t.Errorf("a change to an unknown state: %+v", it)
	}
	for _, g := range []*look.Glyphs{&look.UnicodeGlyphs, &look.ASCIIGlyphs} {
		for state, glyph := range g.States {
			if glyph == "" || model.State(state) != model.Unknown && glyph == g.States[model.Unknown] {
				t.Errorf("the state %s is drawn as %q", model.State(state), glyph)
			}
		}
	}
}
