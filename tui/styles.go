package tui

import (
	"os"
	"runtime"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"holter/model"
)

// styles is how the screen looks on one terminal. It is built once and only read after that.
type styles struct {
	theme   *theme
	graph   graph // that charts are drawn with
	title   paint // the program's name, headings
	dim     paint // what may be overlooked
	strong  paint
	alarm   paint // errors
	accent  paint // the filter that is on, keys
	pressed paint // the button in focus
	states  [model.Away + 1]paint
	cursor  [model.Away + 1]paint // the whole row under the cursor, by state
	chart   chartPaints

	caret  lipgloss.Style // the cursor in an input
	glyphs glyphs
}

// paint switches a look on and off again. It writes two short strings around a run of cells where a
// lipgloss style would parse the run.
type paint struct{ on, off string }

func (p paint) String(s string) string { return p.on + s + p.off }

// write appends s in this look.
func (p paint) write(b *strings.Builder, s string) {
	b.WriteString(p.on)
	b.WriteString(s)
	b.WriteString(p.off)
}

func newPaint(s ansi.Style) paint {
	if len(s) == 0 {
		return paint{}
	}
	return paint{on: s.String(), off: ansi.ResetStyle}
}

// newStyles makes the styles for an environment such as os.Getenv's. Without colour, bold, faint
// and reverse remain.
func newStyles(t *theme, g graph, getenv func(string) string) *styles {
	if getenv("NO_COLOR") != "" {
		t = colourless
	}
	base := ansi.NewStyle()
	states := [model.Away + 1]ansi.Style{
		model.Normal:  colour(base, t.normal),
		model.Suspect: colour(base.Bold(), t.suspect),
		model.Failed:  colour(base.Bold(), t.failed),
		model.Closed:  base.Faint(),
		model.Away:    base.Faint(),
	}
	s := &styles{
		theme:   t,
		graph:   g,
		chart:   newChartPaints(t),
		title:   newPaint(base.Bold()),
		dim:     newPaint(base.Faint()),
		strong:  newPaint(base.Bold()),
		alarm:   newPaint(colour(base.Bold(), t.failed)),
		accent:  newPaint(colour(base.Bold(), t.accent)),
		pressed: newPaint(base.Bold().Reverse(true)),
		caret:   caretStyle(),
		glyphs:  unicodeGlyphs,
	}
	for state, look := range states {
		s.states[state] = newPaint(look)
		s.cursor[state] = newPaint(look.Reverse(true))
	}
	s.cursor[model.Normal] = newPaint(base.Reverse(true))
	if g == graphASCII || !drawsUnicode(getenv) {
		s.glyphs = asciiGlyphs
	}
	return s
}

// rule is a line across w cells with a title in it.
func (s *styles) rule(title string, w int) string {
	g := &s.glyphs
	title = g.cut(title, w-6)
	rest := strings.Repeat(g.rule, max(0, w-width(title)-4))
	return " " + s.dim.String(g.rule) + " " + s.title.String(title) + " " + s.dim.String(rest)
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
