package paint

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Painter turns pictures into what a terminal must be told to show them, given what it shows already. It is pure: it writes
// nothing itself. The zero value knows nothing of the terminal.
type Painter struct {
	w, h   int
	known  bool     // what the terminal shows
	lines  []string // of the picture that it shows
	wanted []string // of the picture that it is to show
	next   int      // the line to paint first
	shown  []cell   // the same as cells
	row    []cell   // the line at work
	style  style    // that the terminal writes in
	x, y   int      // where its cursor is; y is negative where that is uncertain
	out    []byte
}

// together is the bytes from which on a change is worth the sequences that have the terminal show it at once.
const together = 200

const (
	beginUpdate = "\x1b[?2026h"
	endUpdate   = "\x1b[?2026l"
)

// Forget says that the terminal may show anything.
func (p *Painter) Forget() { p.known = false }

// Paint returns what makes a terminal of w by h cells show a picture; nothing if it shows that already. A picture is lines
// with styles; what does not fit is left out. The result is valid until the next call, and must be written whole: if it was
// not, Forget.
//
// Past limit bytes no further line is painted, and whole is false: then Paint goes on with the lines that are left, of the same
// picture or of a newer one. Without limit, 0, all is painted.
func (p *Painter) Paint(picture string, w, h, limit int) (out []byte, whole bool) {
	p.out = append(p.out[:0], beginUpdate...)
	if !p.known || w != p.w || h != p.h {
		p.clear(w, h)
	}
	p.split(picture)
	whole = true
	for range h {
		if whole = limit == 0 || len(p.out)-len(beginUpdate) < limit; !whole {
			break
		}
		p.paintLine(p.next, p.wanted[p.next])
		p.next = (p.next + 1) % h
	}
	if whole {
		p.next = 0
	}
	if len(p.out)-len(beginUpdate) < together {
		return p.out[len(beginUpdate):], whole
	}
	p.out = append(p.out, endUpdate...)
	return p.out, whole
}

// split makes lines of a picture, as many as the terminal has.
func (p *Painter) split(picture string) {
	more := true
	for y := range p.wanted {
		p.wanted[y] = ""
		if more {
			p.wanted[y], picture, more = strings.Cut(picture, "\n")
		}
	}
}

// clear empties the terminal.
func (p *Painter) clear(w, h int) {
	p.w, p.h, p.known = w, h, true
	p.lines, p.wanted, p.next = make([]string, h), make([]string, h), 0
	p.shown, p.row = make([]cell, w*h), make([]cell, w)
	for i := range p.shown {
		p.shown[i] = blank
	}
	p.style, p.y = style{}, -1
	p.out = append(p.out, "\x1b[m\x1b[2J"...)
}

// paintLine has line y show another text.
func (p *Painter) paintLine(y int, line string) {
	if line == p.lines[y] {
		return
	}
	p.lines[y] = line
	cells(p.row, strings.ToValidUTF8(line, "\ufffd"))
	shown := p.shown[y*p.w : (y+1)*p.w]
	end := p.filled(p.row)
	for x := 0; x < p.w; {
		switch {
		case p.row[x] == shown[x]:
			x++
		case x >= end && p.filled(shown)-x > len("\x1b[m\x1b[K"):
			p.move(x, y)
			p.dress(style{})
			p.out = append(p.out, "\x1b[K"...)
			x = p.w
		default:
			if !p.row[x].certain() {
				p.y = -1 // behind a cursor that was placed anew, it cannot join the character before
			}
			p.move(x, y)
			x = p.write(x)
		}
	}
	copy(shown, p.row)
}

// filled is where the blanks at the end of a line begin.
func (p *Painter) filled(row []cell) int {
	end := len(row)
	for end > 0 && row[end-1] == blank {
		end--
	}
	return end
}

// write writes the cell at x of the line at work, where the cursor is, and returns the place behind it. Where a wide cell
// was or is, both of its places differ, so that no half of one remains.
func (p *Painter) write(x int) int {
	c := &p.row[x]
	if !c.looks(p.style) {
		p.dress(c.style)
	}
	p.out = c.appendTo(p.out)
	x++
	if c.wide {
		x++
	}
	p.x = x
	if x >= p.w || !c.certain() {
		p.y = -1 // behind the last column a cursor is where it was, or it is in the next line
	}
	return x
}

func (p *Painter) dress(s style) {
	p.out = change(p.out, p.style, s)
	p.style = s
}

// move moves the cursor to a place. A few cells to the right are passed by writing them again, if that is shorter.
func (p *Painter) move(x, y int) {
	if p.y == y && p.x == x {
		return
	}
	if p.y == y && p.x < x {
		if p.pass(x) {
			return
		}
		p.out = append(p.out, "\x1b["...)
		if n := x - p.x; n > 1 {
			p.out = strconv.AppendInt(p.out, int64(n), 10)
		}
		p.out = append(p.out, 'C')
		p.x = x
		return
	}
	p.out = append(p.out, "\x1b["...)
	p.out = strconv.AppendInt(p.out, int64(y+1), 10)
	if x > 0 {
		p.out = append(p.out, ';')
		p.out = strconv.AppendInt(p.out, int64(x+1), 10)
	}
	p.out = append(p.out, 'H')
	p.x, p.y = x, y
}

// pass goes to x of the line at work by writing the cells up to there, and reports whether it did.
func (p *Painter) pass(x int) bool {
	const jump = 4 // bytes of the sequence instead
	bytes := 0
	for i := p.x; i < x; i++ {
		c := &p.row[i]
		bytes += utf8.RuneLen(c.char)
		if bytes > jump || !c.looks(p.style) || !c.certain() {
			return false
		}
	}
	for i := p.x; i < x; i++ {
		p.out = p.row[i].appendTo(p.out)
	}
	p.x = x
	return true
}
