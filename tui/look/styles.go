// Package look is how the screen looks, before anything is drawn: colours in themes, glyphs with their ASCII twins, text that
// is safe on a terminal, and figures in words.
//
// It owns the Styles, which are immutable. A terminal, a theme and the mask for addresses make one; a key that changes one
// of these makes another. Glyphs.Plain is the one door for text that came from a socket: it takes out what a terminal could
// obey and hides addresses where they are to be hidden. Widths are in cells, as the terminal counts them, never in bytes.
//
// It draws nothing, keeps nothing and waits for nothing, so every function may be called from everywhere. All other packages
// of the screen import it, and it imports none of them.
package look

import (
	"os"
	"runtime"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"holter/model"
)

// Styles is how the screen looks on one terminal. It is immutable: another theme, or a mask, makes another one.
type Styles struct {
	Theme   *Theme
	Graph   Graph // that charts are drawn with
	Title   Paint // the program's name, headings
	Dim     Paint // what matters least
	Strong  Paint
	Alarm   Paint // errors
	Accent  Paint // the filter that is on, keys
	Pressed Paint // the button in focus
	States  [model.Unknown + 1]Paint
	Cursor  [model.Unknown + 1]Paint // the whole row under the cursor, by state
	Chart   ChartPaints

	Caret  lipgloss.Style // the cursor in an input
	Glyphs Glyphs
}

// Paint switches a look on and off again. It writes two short strings around a run of cells where a
// lipgloss style would parse the run.
type Paint struct{ On, Off string }

func (p Paint) String(s string) string { return p.On + s + p.Off }

// Write appends s in this look.
func (p Paint) Write(b *strings.Builder, s string) {
	b.WriteString(p.On)
	b.WriteString(s)
	b.WriteString(p.Off)
}

func newPaint(s ansi.Style) Paint {
	if len(s) == 0 {
		return Paint{}
	}
	return Paint{On: s.String(), Off: ansi.ResetStyle}
}

// New makes the styles for an environment such as os.Getenv's. Without colour, bold, faint
// and reverse remain.
func New(t *Theme, g Graph, getenv func(string) string) *Styles {
	if getenv("NO_COLOR") != "" {
		t = Colourless
	}
	base := ansi.NewStyle()
	states := [model.Unknown + 1]ansi.Style{
		model.Normal:   colour(base, t.Normal),
		model.Suspect:  colour(base.Bold(), t.Suspect),
		model.Failed:   colour(base.Bold(), t.Failed),
		model.Closed:   base.Faint(),
		model.Away:     base.Faint(),
		model.Flapping: colour(base.Bold(), t.Failed),
		model.Unknown:  base.Faint(),
	}
	s := &Styles{
		Theme:   t,
		Graph:   g,
		Chart:   newChartPaints(t),
		Title:   newPaint(base.Bold()),
		Dim:     newPaint(base.Faint()),
		Strong:  newPaint(base.Bold()),
		Alarm:   newPaint(colour(base.Bold(), t.Failed)),
		Accent:  newPaint(colour(base.Bold(), t.Accent)),
		Pressed: newPaint(base.Bold().Reverse(true)),
		Caret:   caretStyle(),
		Glyphs:  UnicodeGlyphs,
	}
	for state, look := range states {
		s.States[state] = newPaint(look)
		s.Cursor[state] = newPaint(look.Reverse(true))
	}
	s.Cursor[model.Normal] = newPaint(base.Reverse(true))
	if g == Block {
		s.Glyphs.Trace = blockTrace
	}
	if g == ASCII || !drawsUnicode(getenv) {
		s.Glyphs = ASCIIGlyphs
	}
	return s
}

// Tone is the state whose colours a connection has: its own. One that is held to be normal although its newest beat had no
// answer, because bytes come in, has those of a suspect one.
func Tone(c *model.Connection) model.State {
	if c.State == model.Normal && c.Open() && c.Beats[len(c.Beats)-1].Lost() {
		return model.Suspect
	}
	return min(c.State, model.Unknown)
}

// Masking is s with the addresses in all texts hidden, or shown.
func (s *Styles) Masking(on bool) *Styles {
	masking := *s
	masking.Glyphs.masked = on
	return &masking
}

// Masked reports whether addresses are hidden.
func (s *Styles) Masked() bool { return s.Glyphs.masked }

// Rule is a line across w cells with a title in it.
func (s *Styles) Rule(title string, w int) string {
	g := &s.Glyphs
	title = g.Cut(title, w-6)
	rest := strings.Repeat(g.Rule, max(0, w-Width(title)-4))
	return " " + s.Dim.String(g.Rule) + " " + s.Title.String(title) + " " + s.Dim.String(rest)
}

// caretStyle has a renderer of its own that never looks at the terminal: lipgloss's default one
// drops bold and reverse together with the colours.
func caretStyle() lipgloss.Style {
	r := lipgloss.NewRenderer(os.Stdout, termenv.WithProfile(termenv.ANSI))
	return r.NewStyle()
}

// drawsUnicode reports whether the terminal can be expected to show more than ASCII: the Linux
// console lacks most of the glyphs, and another locale than UTF-8 all of them.
func drawsUnicode(getenv func(string) string) bool {
	switch getenv("TERM") {
	case "linux", "dumb":
		return false
	}
	return runtime.GOOS == "windows" || utf8Names(getenv)
}

// utf8Names reports whether the locale has UTF-8.
func utf8Names(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(getenv(name)); v != "" {
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return false
}
