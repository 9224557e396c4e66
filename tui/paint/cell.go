package paint

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cell is what stands in one place of the terminal.
type cell struct {
	char  rune   // its only character, or the first of a cluster
	more  string // the whole cluster, "" if it is one character
	wide  bool   // it takes the next place as well, whose cell is after
	after bool   // the second half of a wide one
	style style
}

// blank is what stands where nothing does.
var blank = cell{char: ' '}

// plain is a cell without what cannot be seen: a space has no weight, and no colour but that behind it, unless it is reversed.
func (c cell) plain() cell {
	if c.char == ' ' && c.more == "" && c.style.attributes&reverse == 0 {
		c.style.front = 0
		c.style.attributes &= underline | strike
	}
	return c
}

// looks reports whether c looks the same in another style.
func (c cell) looks(s style) bool {
	if c.style == s {
		return true
	}
	return cell{char: c.char, more: c.more, style: s}.plain() == c
}

// cells puts a line into row, and blanks behind it. What is beyond the last cell is left out, and so is a wide character that
// would stand half outside. Sequences other than those of styles have no effect, and neither have other control characters.
func cells(row []cell, line string) {
	var st style
	x := 0
	for i := 0; i < len(line) && x < len(row); {
		b := line[i]
		switch {
		case b == ansi.ESC:
			var n int
			n, st = sequence(line[i:], st)
			i += n
		case b < ' ' || b == ansi.DEL:
			i++
		case b < utf8.RuneSelf && (i+1 == len(line) || line[i+1] < utf8.RuneSelf):
			row[x] = cell{char: rune(b), style: st}.plain()
			x++
			i++
		default:
			n, c := cluster(line[i:])
			i += n
			c.style = st
			x = put(row, x, c)
		}
	}
	for ; x < len(row); x++ {
		row[x] = blank
	}
}

// put puts a cell of a cluster in place x and returns the next place.
func put(row []cell, x int, c cell) int {
	switch {
	case c.char == 0:
		return x
	case !c.wide:
		row[x] = c.plain()
		return x + 1
	case x+2 > len(row):
		row[x] = blank
		return x + 1
	}
	row[x] = c
	row[x+1] = cell{after: true, style: c.style}
	return x + 2
}

// cluster is the first cell of a text, and its bytes. Its character is 0 if it takes no place.
func cluster(s string) (int, cell) {
	first, n := utf8.DecodeRuneInString(s)
	if simple(first) {
		if n == len(s) || s[n] < utf8.RuneSelf {
			return n, cell{char: first}
		}
		if next, _ := utf8.DecodeRuneInString(s[n:]); simple(next) {
			return n, cell{char: first}
		}
	}
	text, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if w == 0 || text == "" {
		return max(len(text), n), cell{}
	}
	c := cell{char: first, wide: w > 1}
	if len(text) > n {
		c.more = text
	}
	return len(text), c
}

// simple reports whether a character takes one cell and joins no other: what charts and frames are drawn with.
func simple(r rune) bool {
	return r >= 0x2500 && r <= 0x25ff || r >= 0x2800 && r <= 0x28ff
}

func (c *cell) appendTo(b []byte) []byte {
	if c.more != "" {
		return append(b, c.more...)
	}
	return utf8.AppendRune(b, c.char)
}

// certain reports whether all terminals agree on how many cells c takes. Behind others the cursor is placed anew.
func (c *cell) certain() bool {
	latin, signs := c.char < 0x590, c.char >= 0x2000 && c.char < 0x2e80
	return c.more == "" && !c.wide && !c.after && (latin || signs)
}
