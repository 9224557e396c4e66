// Package svg draws a screen as a picture in a file: what View returns, with its escape sequences, goes in, and an SVG in the
// colours of a theme comes out.
//
// Braille and block elements become shapes, because fonts disagree on them. Everything else is text that is stretched to its
// cells. The package reads the sequences that the screen writes (ECMA-48, select graphic rendition) and drops all others, so
// any text gives a well-formed picture. It touches no file itself: the caller hands it a writer.
package svg

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"holter/tui/look"
)

// The size of a cell of a picture, in its own units. Braille and blocks are drawn as shapes on this
// grid, so that they look the same in every font.
const (
	cellWidth  = 8
	cellHeight = 16
	margin     = 8
)

// Draw writes view, the lines of a screen with their escape sequences, as an SVG in the colours of a theme. Its errors are
// those of the writer.
func Draw(to io.Writer, view string, t *look.Theme) error {
	lines := strings.Split(strings.Map(drawable, view), "\n")
	wide := 0
	for _, line := range lines {
		wide = max(wide, look.Width(line))
	}
	w, h := wide*cellWidth+2*margin, len(lines)*cellHeight+2*margin
	p := picturePage{paper: &t.Paper}
	fmt.Fprintf(&p.out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" `+
		`font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="13">`+"\n", w, h, w, h)
	fmt.Fprintf(&p.out, `<rect width="%d" height="%d" rx="6" fill="%s"/>`+"\n", w, h, t.Paper.Ground)
	for y, line := range lines {
		p.line(line, margin+y*cellHeight)
	}
	p.out.WriteString("</svg>\n")
	_, err := io.WriteString(to, p.out.String())
	return err
}

// drawable replaces what XML cannot carry.
func drawable(r rune) rune {
	if r == 0xfffe || r == 0xffff {
		return utf8.RuneError
	}
	return r // bytes that are no UTF-8 have become RuneError already
}

// picturePage is a picture as it is being written.
type picturePage struct {
	paper     *look.Paper
	out       strings.Builder
	rendition rendition
}

// line writes the cells of a styled line, whose upper edge is at y.
func (p *picturePage) line(line string, y int) {
	p.rendition = rendition{}
	x := margin
	parser := ansi.GetParser()
	defer ansi.PutParser(parser)
	run := cellRun{}
	var state byte
	for len(line) > 0 {
		seq, wide, n, next := ansi.DecodeSequence(line, state, parser)
		state, line = next, line[n:]
		if wide == 0 {
			if parser.Command() == 'm' && ansi.HasCsiPrefix(seq) {
				p.flush(&run, y)
				p.rendition.apply(parser.Params())
			}
			continue
		}
		if !run.takes(seq, wide) {
			p.flush(&run, y)
		}
		run.add(seq, x, wide)
		x += wide * cellWidth
	}
	p.flush(&run, y)
}

// flush writes a run and begins another.
func (p *picturePage) flush(run *cellRun, y int) {
	if run.cells > 0 {
		run.write(p, y)
	}
	*run = cellRun{}
}

// kind is how a cell is drawn.
type kind uint8

const (
	kindText  kind = iota // with its neighbours
	kindAlone             // by itself: fonts disagree on its width
	kindShape
	kindBlank
)

func kindOf(cluster string, wide int) kind {
	r := []rune(cluster)[0]
	switch {
	case cluster == " ":
		return kindBlank
	case r >= 0x2800 && r <= 0x28ff, r >= 0x2580 && r <= 0x2593:
		return kindShape
	case wide > 1 || r > '~' && !(r >= 0x2500 && r <= 0x257f):
		return kindAlone
	}
	return kindText
}

// cellRun is neighbouring cells of one look and kind.
type cellRun struct {
	kind     kind
	x, cells int
	text     strings.Builder
}

// takes reports whether a cell can join the run. A single blank joins a text.
func (r *cellRun) takes(cluster string, wide int) bool {
	k := kindOf(cluster, wide)
	if r.cells == 0 {
		return true
	}
	return k == r.kind && k != kindAlone
}

func (r *cellRun) add(cluster string, x, wide int) {
	if r.cells == 0 {
		r.kind, r.x = kindOf(cluster, wide), x
	}
	r.cells += wide
	r.text.WriteString(cluster)
}

func (r *cellRun) write(p *picturePage, y int) {
	ink, ground := p.rendition.colours(p.paper)
	if ground != "" {
		fmt.Fprintf(&p.out, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" shape-rendering="crispEdges"/>`, r.x, y, r.cells*cellWidth, cellHeight, ground)
	}
	faint := ""
	if p.rendition.faint {
		faint = ` opacity=".6"`
	}
	switch r.kind {
	case kindShape:
		fmt.Fprintf(&p.out, `<path fill="%s"%s d="%s"/>`, ink, faint, shapes(r.text.String(), r.x, y))
	case kindText, kindAlone:
		weight := ""
		if p.rendition.bold {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(&p.out, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" fill="%s"%s%s>%s</text>`,
			r.x, y+cellHeight-4, r.cells*cellWidth, ink, weight, faint, html.EscapeString(r.text.String()))
	}
	if ground != "" || r.kind != kindBlank {
		p.out.WriteByte('\n')
	}
}

// shapes is the outline of braille and block characters.
func shapes(text string, x, y int) string {
	var b strings.Builder
	rect := func(dx, dy, w, h float64) {
		fmt.Fprintf(&b, "M%g %gh%gv%gh%gz", float64(x)+dx, float64(y)+dy, w, h, -w)
	}
	for _, r := range text {
		switch {
		case r >= 0x2800:
			braille(uint8(r-0x2800), rect)
		default:
			block(r, rect)
		}
		x += cellWidth
	}
	return b.String()
}

// braille draws the dots of a braille character.
func braille(dots uint8, rect func(x, y, w, h float64)) {
	const size, stepX, stepY = 2.4, cellWidth / 2, cellHeight / 4
	for x := range look.BrailleDots {
		for y, bit := range look.BrailleDots[x] {
			if dots&bit != 0 {
				rect(float64(x)*stepX+(stepX-size)/2, float64(y)*stepY+(stepY-size)/2, size, size)
			}
		}
	}
}

// block draws one of the block elements (Unicode U+2580 to U+2593).
func block(r rune, rect func(x, y, w, h float64)) {
	const w, h = float64(cellWidth), float64(cellHeight)
	switch {
	case r == '▀':
		rect(0, 0, w, h/2)
	case r <= '█': // from one eighth below
		share := float64(r-'▁'+1) / 8
		rect(0, h*(1-share), w, h*share)
	case r <= '▏': // from seven eighths on the left
		rect(0, 0, w*float64('▐'-r)/8, h)
	case r == '▐':
		rect(w/2, 0, w/2, h)
	default: // shades
		for i := range 4 {
			rect(float64(i%2)*w/2, float64(i)*h/4, w/2, h/4)
		}
	}
}
