// Package vt is a small terminal to test screens with: it obeys what is written to it and tells what it shows. It obeys no more
// than a plain terminal would of what holter writes, counts characters as package ansi does, and is not for use outside tests.
package vt

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Terminal is a terminal. Its methods may be called from any goroutine.
type Terminal struct {
	mu     sync.Mutex
	w, h   int
	main   []cell // what is shown besides the alternate screen
	at     [2]int // where the cursor was before that
	cells  []cell
	x, y   int
	wraps  bool // the next character goes to the next line
	look   look
	modes  map[int]bool
	unread []byte // the beginning of a sequence or character
}

type cell struct {
	text string // "" behind a wide character
	look look
}

// look is how a cell looks: which attributes are on, by their numbers, and the parameters of its colours.
type look struct {
	on          [10]bool
	front, back string
}

var empty = cell{text: " "}

// New is a terminal of w by h cells.
func New(w, h int) *Terminal {
	t := &Terminal{modes: map[int]bool{7: true, 25: true}}
	t.Resize(w, h)
	return t
}

// Resize gives the terminal another size. What does not fit is lost.
func (t *Terminal) Resize(w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	cells := make([]cell, w*h)
	for i := range cells {
		cells[i] = empty
		if x, y := i%w, i/w; x < t.w && y < t.h {
			cells[i] = t.cells[y*t.w+x]
		}
	}
	t.w, t.h, t.cells, t.wraps = w, h, cells, false
	t.main = nil
	t.x, t.y = min(t.x, w-1), min(t.y, h-1)
}

// Mode reports whether a private mode, such as 1049, is on.
func (t *Terminal) Mode(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.modes[n]
}

// Text is what the terminal shows, without looks and without spaces at the ends of lines.
func (t *Terminal) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for y := range t.h {
		var b strings.Builder
		for _, c := range t.line(y) {
			b.WriteString(c.text)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return strings.Join(lines, "\n")
}

// Looks is what the terminal shows, with what can be seen of the looks.
func (t *Terminal) Looks() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := make([]string, len(t.cells))
	for i, c := range t.cells {
		if c.text == " " && !c.look.on[7] {
			for _, attribute := range []int{1, 2, 3, 5, 8} {
				c.look.on[attribute] = false
			}
			c.look.front = ""
		}
		var b strings.Builder
		b.WriteString(c.text)
		for n, on := range c.look.on {
			if on {
				b.WriteString(" " + strconv.Itoa(n))
			}
		}
		seen[i] = b.String() + " " + c.look.front + " " + c.look.back
	}
	return seen
}

func (t *Terminal) line(y int) []cell { return t.cells[y*t.w : (y+1)*t.w] }

// Write shows p.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unread = append(t.unread, p...)
	for len(t.unread) > 0 {
		n := t.take(t.unread)
		if n == 0 {
			break
		}
		t.unread = t.unread[n:]
	}
	return len(p), nil
}

// take obeys the first thing in p and returns its bytes, 0 if it is not whole.
func (t *Terminal) take(p []byte) int {
	switch b := p[0]; {
	case b == '\r':
		t.x, t.wraps = 0, false
	case b == '\n':
		t.down()
	case b == '\b':
		t.x, t.wraps = max(0, t.x-1), false
	case b == ansi.ESC:
		return t.escape(p)
	case b < ' ':
	default:
		return t.print(p)
	}
	return 1
}

func (t *Terminal) down() {
	if t.y < t.h-1 {
		t.y++
		return
	}
	copy(t.cells, t.cells[t.w:])
	for i := range t.line(t.y) {
		t.line(t.y)[i] = empty
	}
}

func (t *Terminal) print(p []byte) int {
	if !utf8.FullRune(p) {
		return 0
	}
	text, w := ansi.FirstGraphemeCluster(string(p), ansi.GraphemeWidth)
	if w == 0 {
		return len(text)
	}
	if t.wraps && t.modes[7] {
		t.x = 0
		t.down()
	}
	t.wraps = false
	if t.x+w > t.w {
		t.x = t.w - w
	}
	t.erase(t.x, t.x+w)
	line := t.line(t.y)
	line[t.x] = cell{text, t.look}
	for i := 1; i < w; i++ {
		line[t.x+i] = cell{"", t.look}
	}
	t.x += w
	if t.x == t.w {
		t.x, t.wraps = t.w-1, true
	}
	return len(text)
}

// erase empties cells, and the other halves of wide characters that are cut.
func (t *Terminal) erase(from, to int) {
	line := t.line(t.y)
	back := cell{text: " ", look: look{back: t.look.back}}
	if line[from].text == "" && from > 0 {
		line[from-1] = back
	}
	if to < t.w && line[to].text == "" {
		line[to] = back
	}
	for i := from; i < to; i++ {
		line[i] = back
	}
}

func (t *Terminal) escape(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	switch p[1] {
	case '[':
		for i := 2; i < len(p); i++ {
			if p[i] >= 0x40 && p[i] <= 0x7e {
				t.control(string(p[2:i]), p[i])
				return i + 1
			}
		}
		return 0
	case ']', 'P':
		end := strings.Index(string(p), "\a")
		if st := strings.Index(string(p), "\x1b\\"); st >= 0 && (end < 0 || st < end) {
			return st + 2
		}
		return end + 1
	}
	return 2
}

func (t *Terminal) control(parameters string, final byte) {
	if mode, ok := strings.CutPrefix(parameters, "?"); ok {
		n, _ := strconv.Atoi(mode)
		t.set(n, final == 'h')
		return
	}
	var numbers []int
	for field := range strings.SplitSeq(parameters, ";") {
		n, _ := strconv.Atoi(field)
		numbers = append(numbers, n)
	}
	n := max(1, numbers[0])
	if final != 'm' {
		t.wraps = false
	}
	switch final {
	case 'm':
		t.dress(numbers)
	case 'H':
		t.y, t.x = min(n, t.h)-1, 0
		if len(numbers) > 1 {
			t.x = min(max(1, numbers[1]), t.w) - 1
		}
	case 'C':
		t.x = min(t.x+n, t.w-1)
	case 'D':
		t.x = max(t.x-n, 0)
	case 'K':
		t.erase(t.x, t.w)
	case 'J':
		for y := range t.h {
			t.y, y = y, t.y
			t.erase(0, t.w)
			t.y = y
		}
	case 'P', '@':
		t.shift(min(n, t.w-t.x), final == 'P')
	}
}

// shift deletes n cells at the cursor, or inserts them.
func (t *Terminal) shift(n int, left bool) {
	line := t.line(t.y)
	if line[t.x].text == "" {
		t.erase(t.x-1, t.x+1)
	}
	if left {
		if t.x+n < t.w && line[t.x+n].text == "" {
			t.erase(t.x+n-1, t.x+n+1)
		}
		copy(line[t.x:], line[t.x+n:])
		t.erase(t.w-n, t.w)
		return
	}
	if line[t.w-n].text == "" {
		t.erase(t.w-n-1, t.w-n+1)
	}
	copy(line[t.x+n:], line[t.x:])
	for i := t.x; i < t.x+n; i++ {
		line[i] = cell{text: " ", look: look{back: t.look.back}}
	}
}

func (t *Terminal) set(mode int, on bool) {
	if mode == 1049 && on != t.modes[mode] {
		x, y := t.x, t.y
		if !on {
			t.x, t.y, t.wraps = min(t.at[0], t.w-1), min(t.at[1], t.h-1), false
		}
		t.at = [2]int{x, y}
		t.main, t.cells = t.cells, t.main
		if len(t.cells) != t.w*t.h {
			t.cells = make([]cell, t.w*t.h)
			for i := range t.cells {
				t.cells[i] = empty
			}
		}
	}
	t.modes[mode] = on
}

func (t *Terminal) dress(numbers []int) {
	l := &t.look
	for i := 0; i < len(numbers); i++ {
		switch n := numbers[i]; {
		case n == 0:
			*l = look{}
		case n < 0:
		case n < 10:
			l.on[n] = true
		case n < 20: // fonts
		case n == 22:
			l.on[1], l.on[2] = false, false
		case n < 30:
			l.on[n-20] = false
		case n == 38 || n == 48:
			size := 3
			if i+1 < len(numbers) && numbers[i+1] == 2 {
				size = 5
			}
			l.paint(n, strings.Join(texts(numbers[i:min(i+size, len(numbers))]), ";"))
			i += size - 1
		case n == 39 || n == 49:
			l.paint(n, "")
		default:
			l.paint(n, strconv.Itoa(n))
		}
	}
}

func (l *look) paint(n int, colour string) {
	if n/10 == 4 || n >= 100 {
		l.back = colour
	} else {
		l.front = colour
	}
}

func texts(numbers []int) (list []string) {
	for _, n := range numbers {
		list = append(list, strconv.Itoa(n))
	}
	return list
}
