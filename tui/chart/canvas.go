package chart

import (
	"strings"
	"unicode/utf8"

	"holter/tui/look"
)

// canvas is a plane of dots, a few of them in each cell. A cell has one look: that of what was drawn
// on it last. Dots count from the left and from the bottom; those beyond the edges are ignored.
type canvas struct {
	graph look.Graph
	w, h  int   // cells
	dx    int   // dots in a cell, across
	dy    int   // and down
	inks  []Ink // what there is to draw with, without the empty one
	cells []cell
}

// Ink is a look of dots. One that is shy is drawn beneath everything else: it leaves the cells that
// others draw on.
type Ink struct {
	Paint   look.Paint
	Stencil string // replaces the dots of a cell where it is not ""
	Rough   bool   // leaves every other dot out, so that it is told from others without colour
	Shy     bool
}

// cell is the dots of a cell and the number of its ink from 1, 0 while it is empty.
type cell struct{ dots, ink uint8 }

func newCanvas(g look.Graph, w, h int, inks ...Ink) *canvas {
	c := &canvas{graph: g, w: max(w, 0), h: max(h, 0), dx: 1, dy: 2, inks: inks}
	if g == look.Braille {
		c.dx, c.dy = 2, 4
	}
	c.cells = make([]cell, c.w*c.h)
	return c
}

// brailleRuns are the dots of a column from one row to another, and roughDots those of a column that a
// rough ink leaves.
var (
	brailleRuns = makeBrailleRuns()
	roughDots   = [2]uint8{0x02 | 0x40, 0x08 | 0x20}
)

func makeBrailleRuns() (runs [2][4][4]uint8) {
	for x := range runs {
		for from := range runs[x] {
			var dots uint8
			for to := from; to < len(runs[x][from]); to++ {
				dots |= look.BrailleDots[x][to]
				runs[x][from][to] = dots
			}
		}
	}
	return runs
}

// wide and high are the size in dots.
func (c *canvas) wide() int { return c.w * c.dx }
func (c *canvas) high() int { return c.h * c.dy }

// dot sets the dot at x, y with an ink.
func (c *canvas) dot(x, y, ink int) { c.column(x, y, y, ink) }

// column sets the dots from one to another, both included, above x.
func (c *canvas) column(x, from, to, ink int) {
	from, to = max(min(from, to), 0), min(max(from, to), c.high()-1)
	if x < 0 || x >= c.wide() || from > to {
		return
	}
	top, bottom := c.high()-1-to, c.high()-1-from
	for row := top / c.dy; row <= bottom/c.dy; row++ {
		from, to := max(top-row*c.dy, 0), min(bottom-row*c.dy, c.dy-1)
		dots := brailleRuns[x%c.dx][from][to]
		if c.graph == look.Braille && c.inks[ink].Rough {
			kept := roughDots[x%2]
			if row == top/c.dy {
				kept |= brailleRuns[x%c.dx][from][from] // the highest dot stays: it is the figure
			}
			dots &= kept
		}
		c.put(row*c.w+x/c.dx, dots, ink)
	}
}

// put adds dots to a cell, as far as the ink that is on it leaves room for them.
func (c *canvas) put(i int, dots uint8, ink int) {
	at := &c.cells[i]
	if dots == 0 {
		return
	}
	if at.ink != 0 {
		was := &c.inks[at.ink-1]
		if c.inks[ink].Shy && !was.Shy {
			return
		}
		if was.Shy && !c.inks[ink].Shy {
			at.dots = 0
		}
	}
	at.ink = uint8(ink + 1)
	at.dots |= dots
}

// mark puts the stencil of an ink on the cell of a dot.
func (c *canvas) mark(x, y, ink int) {
	if x < 0 || y < 0 || x >= c.wide() || y >= c.high() {
		return
	}
	c.cells[(c.h-1-y/c.dy)*c.w+x/c.dx] = cell{dots: 0xff, ink: uint8(ink + 1)}
}

// row writes the cells of a row from the top: exactly w of them, one look for each run.
func (c *canvas) row(b *strings.Builder, y int) {
	open := 0 // the ink that is on, blanks pass below it
	blanks := 0
	for _, at := range c.cells[y*c.w : (y+1)*c.w] {
		if at.ink == 0 || at.dots == 0 {
			blanks++
			continue
		}
		next := int(at.ink)
		if open != 0 && open != next {
			b.WriteString(c.inks[open-1].Paint.Off)
		}
		writeBlanks(b, blanks)
		blanks = 0
		if open != next {
			b.WriteString(c.inks[next-1].Paint.On)
			open = next
		}
		c.glyph(b, at)
	}
	if open != 0 {
		b.WriteString(c.inks[open-1].Paint.Off)
	}
	writeBlanks(b, blanks)
}

// glyph writes a cell that is not empty.
func (c *canvas) glyph(b *strings.Builder, at cell) {
	const top, bottom = 0x01, 0x02
	if stencil := c.inks[at.ink-1].Stencil; stencil != "" {
		b.WriteString(stencil)
		return
	}
	if c.graph == look.Braille {
		var buf [utf8.UTFMax]byte
		b.Write(utf8.AppendRune(buf[:0], 0x2800+rune(at.dots)))
		return
	}
	forms := [...]string{"▀", "▄", "█"}
	if c.graph == look.ASCII {
		forms = [...]string{"'", ".", ":"}
	}
	b.WriteString(forms[at.dots&(top|bottom)-1])
}

func writeBlanks(b *strings.Builder, n int) {
	const blank = "                                                                "
	for ; n > len(blank); n -= len(blank) {
		b.WriteString(blank)
	}
	b.WriteString(blank[:max(n, 0)])
}
