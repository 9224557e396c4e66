// Package advice draws what could be better: the worst of it in a line each, and a dialog with all of it, from which one key
// leads to the evidence and another one takes a piece away.
//
// It gets the advice of a picture, which is in the order of what matters most, and keeps nothing but the cursor of its dialog.
// What a key does, other than move that cursor, is given to the dialog as a function that returns a command.
package advice

import (
	"cmp"
	"fmt"
	"strings"

	"holter/model"
	"holter/tui/look"
)

// Strip is the first h pieces of advice, one in each line of w cells. The first line also says how many there are, and which
// key shows them.
func Strip(all []model.Warning, key string, w, h int, s *look.Styles) []string {
	lines := make([]string, 0, h)
	for i := range all[:min(h, len(all))] {
		piece, note := &all[i], ""
		if i == 0 {
			note = key + " advice"
			if len(all) > 1 {
				note = fmt.Sprintf("%s all advice, %d", key, len(all))
			}
		}
		room := w - 1
		if note != "" {
			room -= look.Width(note) + 3
		}
		g := &s.Glyphs
		text := glyph(piece, g) + " " + g.Plain(sentence(piece))
		if look.Width(text) > room {
			text = g.Cut(glyph(piece, g)+" "+g.Plain(remedyFirst(piece)), room)
		}
		line := " " + s.States[State(piece)].String(text)
		if note != "" {
			line = look.Pad(line, w-look.Width(note)-1) + s.Accent.String(note)
		}
		lines = append(lines, line)
	}
	return lines
}

// State is that of a piece's colours. One that is dismissed looks like what is over.
func State(w *model.Warning) model.State {
	switch {
	case w.Dismissed:
		return model.Closed
	case w.Urgency == model.Harm:
		return model.Failed
	case w.Urgency == model.Risk:
		return model.Suspect
	}
	return model.Normal
}

func glyph(w *model.Warning, g *look.Glyphs) string {
	if w.Urgency == model.Hint && !w.Dismissed {
		return g.Dot
	}
	return g.States[State(w)]
}

// title names a piece: "timer-race on /rooms/*".
func title(w *model.Warning) string {
	switch {
	case w.Path != "":
		return string(w.Kind) + " on " + w.Path
	case about(w) != "":
		return string(w.Kind) + " of " + about(w)
	}
	return string(w.Kind)
}

// sentence is a piece in one line. It names what the piece is about once.
func sentence(w *model.Warning) string {
	if strings.Contains(w.Detail, about(w)) {
		return string(w.Kind) + ": " + w.Detail
	}
	return title(w) + ": " + w.Detail
}

// remedyFirst is a piece of which there is no room for all: first what to do, which is the last sentence, and then why.
func remedyFirst(w *model.Warning) string {
	for i := len(w.Detail) - 3; i > 0; i-- {
		if next := w.Detail[i+2]; strings.HasPrefix(w.Detail[i:], ". ") && 'A' <= next && next <= 'Z' {
			return title(w) + ": " + w.Detail[i+2:] + " " + w.Detail[:i+1]
		}
	}
	return sentence(w)
}

// about is what a piece is about, in as few words as possible; "" if it is about all.
func about(w *model.Warning) string { return cmp.Or(w.Path, w.Client, w.Agent) }
