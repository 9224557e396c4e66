package input

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
)

// How long the parser waits for what an unfinished beginning may become.
const (
	// escapeWait is how long an ESC may be the beginning of a sequence before it is the escape key. A person does not
	// notice it as a delay; bytes of one sequence that come in two packets are seldom further apart.
	escapeWait = 100 * time.Millisecond
	// altWithin is how soon a key follows an ESC that the terminal sends in front of it for alt. What comes later was
	// typed by a person who pressed escape before.
	altWithin = 30 * time.Millisecond
	// doubtWait is how long a key that means nothing on the screen is held because it may begin the rest of a sequence.
	doubtWait = 2 * time.Second

	// A string or a paste whose end is missing is given up when fewer than trickle bytes have come for this long, which
	// a person who types does not reach and even the slowest line does.
	trickle    = 64
	stringWait = 3 * time.Second
	pasteWait  = 5 * time.Second
)

const (
	maxParameters = 64      // bytes of a control sequence; what is longer is nothing that we know
	maxPaste      = 4 << 10 // bytes of a paste; the rest is dropped
)

const (
	ctrlC  = 0x03
	bell   = 0x07
	cancel = 0x18
	subst  = 0x1a
	esc    = 0x1b

	pasteEnd = "\x1b[201~"
)

// state is what the next byte belongs to.
type state int

const (
	ground       state = iota
	character          // the first bytes of a character have come
	escape             // an ESC, or two
	late               // an ESC that became the escape key
	doubt              // a key after an ESC, which may begin the rest of a sequence
	control            // ESC [
	x10Mouse           // ESC [ M
	linuxConsole       // ESC [ [
	shift3             // ESC O
	str                // ESC ] and other strings
	strEscape          // an ESC in a string
	paste
)

// parser makes messages of bytes, wherever they are cut. The zero value is ready.
type parser struct {
	state   state
	held    []byte // bytes of what is unfinished
	doubled bool   // two ESC have come, not one
	alt     bool   // the character that has begun has an ESC in front
	owed    bool   // in doubt: the ESC did not become the escape key yet
	ending  int    // bytes of pasteEnd that have come

	now     time.Time
	since   time.Time // what is waited for is waited for since then
	recent  int       // bytes of a string or paste since then
	pending []tea.Msg
}

// feed takes bytes and returns the messages that are whole with them.
func (p *parser) feed(data []byte, now time.Time) []tea.Msg {
	p.now = now
	for _, b := range data {
		p.take(b)
	}
	return p.messages()
}

func (p *parser) messages() []tea.Msg {
	msgs := p.pending
	p.pending = nil
	return msgs
}

// deadline is when what is unfinished is given up, unless more bytes come. It is zero if nothing waits for time.
func (p *parser) deadline() time.Time {
	switch p.state {
	case escape, strEscape:
		return p.since.Add(escapeWait)
	case doubt:
		if p.held[0] == 'P' {
			return p.since.Add(escapeWait) // a key of the screen
		}
		return p.since.Add(doubtWait)
	case str:
		return p.since.Add(stringWait)
	case paste:
		return p.since.Add(pasteWait)
	}
	return time.Time{}
}

// expire gives up what is unfinished, at the deadline.
func (p *parser) expire() []tea.Msg {
	switch p.state {
	case escape:
		p.escapes()
		p.to(late)
	case strEscape:
		p.to(late) // a person ended the string, or its end was cut
	case doubt:
		p.undoubt()
	case str:
		p.to(ground)
	case paste:
		p.endPaste()
		p.afterPaste()
	}
	return p.messages()
}

func (p *parser) take(b byte) {
	switch p.state {
	case ground:
		p.key(b)
	case character:
		p.character(b)
	case escape:
		p.afterEscape(b)
	case late:
		p.afterLate(b)
	case doubt:
		p.doubtful(b)
	case control:
		p.control(b)
	case x10Mouse:
		p.x10Mouse(b)
	case linuxConsole:
		p.finish(b, func() tea.Msg { return consoleKey(b) })
	case shift3:
		p.shift3(b)
	case str:
		p.str(b)
	case strEscape:
		p.strEscape(b)
	case paste:
		p.paste(b)
	}
}

// to changes the state.
func (p *parser) to(s state) {
	p.state, p.since, p.recent = s, p.now, 0
}

func (p *parser) emit(msg tea.Msg) { p.pending = append(p.pending, msg) }

// key takes a byte outside any sequence.
func (p *parser) key(b byte) {
	switch {
	case b == esc:
		p.to(escape)
	case b < utf8.RuneSelf:
		p.emit(asciiKey(b, p.alt))
		p.alt = false
	default:
		p.held = append(p.held[:0], b)
		p.to(character)
		p.endCharacter()
	}
}

// character takes a byte after the first of a character. Another first byte means that the character lacks its end.
func (p *parser) character(b byte) {
	if utf8.RuneStart(b) {
		p.again(b)
		return
	}
	p.held = append(p.held, b)
	p.endCharacter()
}

// endCharacter hands out the character if it is whole. What is no text is dropped.
func (p *parser) endCharacter() {
	if !utf8.FullRune(p.held) {
		return
	}
	if r, n := utf8.DecodeRune(p.held); n == len(p.held) && n > 1 && !unicode.IsControl(r) {
		p.emit(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: p.alt})
	}
	p.alt = false
	p.to(ground)
}

// again drops what is unfinished and takes b as a new beginning.
func (p *parser) again(b byte) {
	p.alt, p.doubled = false, false
	p.to(ground)
	p.take(b)
}

func (p *parser) escapeKey() { p.emit(tea.KeyMsg{Type: tea.KeyEsc}) }

// escapes hands out the ESC, or the two, that nothing follows.
func (p *parser) escapes() {
	if p.doubled {
		p.escapeKey()
	}
	p.escapeKey()
	p.doubled = false
}

// first hands out the first of two ESC, where what follows the second cannot have alt.
func (p *parser) first() {
	if p.doubled {
		p.escapeKey()
	}
	p.doubled = false
}

func (p *parser) afterEscape(b byte) {
	soon := p.now.Sub(p.since) <= altWithin
	switch {
	case b == esc:
		p.first()
		p.doubled = true
		p.since = p.now
	case b == '\\': // the end of a string that we missed
		p.first()
		p.to(ground)
	case !soon && beginsLate(b):
		p.first()
		p.inDoubt(b, true)
	case b == '[':
		p.held = p.held[:0]
		p.to(control)
	case b == 'O':
		p.to(shift3)
	case soon && strings.IndexByte("]PX^_", b) >= 0:
		p.first()
		p.to(str)
	case !soon, b == ctrlC: // ctrl+c is never lost to an alt
		p.escapes()
		p.again(b)
	default:
		p.first()
		p.alt = true
		p.to(ground)
		p.key(b)
	}
}

// beginsLate reports whether b, after an ESC that seems to be the escape key, may be the second byte of a sequence.
func beginsLate(b byte) bool { return strings.IndexByte("[]OP_", b) >= 0 }

func (p *parser) afterLate(b byte) {
	switch {
	case b == '\\': // the end of a string whose ESC came long before
		p.to(ground)
	case beginsLate(b):
		p.inDoubt(b, false)
	default:
		p.again(b)
	}
}

func (p *parser) inDoubt(b byte, owed bool) {
	p.held, p.owed = append(p.held[:0], b), owed
	p.to(doubt)
}

// rests are the bytes that follow the second byte of what a terminal sends.
var rests = map[byte]string{
	'[': "0123456789<=>?[ABCDFHIMOZabcd", // keys, mouse, focus, answers
	']': "0123456789",                    // colours, clipboard
	'O': "ABCDFHMPQRSabcd",               // keys
	'P': "0123456789>!",                  // answers about the terminal
	'_': "G",                             // pictures
}

// doubtful takes the byte that decides whether the one before began the rest of a sequence or was a key.
func (p *parser) doubtful(b byte) {
	begin := p.held[0]
	if strings.IndexByte(rests[begin], b) < 0 {
		p.undoubt()
		p.take(b)
		return
	}
	switch begin {
	case '[':
		p.held = p.held[:0]
		p.to(control)
	case 'O':
		p.to(shift3)
	default:
		p.to(str)
	}
	p.take(b)
}

// undoubt takes what is in doubt for keys.
func (p *parser) undoubt() {
	if p.owed {
		p.escapeKey()
	}
	p.to(ground)
	p.key(p.held[0])
}

// control takes a byte of a control sequence. It waits for the end without a limit in time: it costs at most one key if the
// end never comes, and a command if it comes late.
func (p *parser) control(b byte) {
	switch {
	case len(p.held) == 0 && b == '[':
		p.to(linuxConsole)
	case len(p.held) == 0 && b == 'M':
		p.to(x10Mouse)
	case b == '$' && digits(p.held): // urxvt ends a sequence with what others have in the middle
		p.finish('~', func() tea.Msg { return controlKey(string(p.held), b) })
	case b >= 0x20 && b < 0x40:
		if len(p.held) <= maxParameters {
			p.held = append(p.held, b)
		}
	case b == '~' && string(p.held) == "200":
		p.first()
		p.held, p.ending = p.held[:0], 0
		p.to(paste)
	default:
		p.finish(b, func() tea.Msg { return controlled(p.held, b) })
	}
}

func digits(text []byte) bool {
	return len(text) > 0 && strings.Trim(string(text), "0123456789") == ""
}

// finish ends a sequence with the byte b and hands out what it means, nil for nothing. Any b that ends no sequence is a new
// beginning, and the sequence is dropped.
func (p *parser) finish(b byte, meaning func() tea.Msg) {
	if b < 0x40 || b > 0x7e {
		p.again(b)
		return
	}
	msg := meaning()
	switch key, ok := msg.(tea.KeyMsg); {
	case p.doubled && ok && !key.Alt:
		key.Alt = true
		msg = key
	case p.doubled:
		p.escapeKey()
	}
	p.doubled = false
	if msg != nil {
		p.emit(msg)
	}
	p.to(ground)
}

// x10Mouse takes the three bytes of a mouse report of the old kind.
func (p *parser) x10Mouse(b byte) {
	if b < 0x20 {
		p.again(b)
		return
	}
	if p.held = append(p.held, b); len(p.held) == 3 {
		p.finish('M', func() tea.Msg { return x10(p.held) })
	}
}

func (p *parser) shift3(b byte) {
	if b >= '0' && b <= ';' {
		return
	}
	p.finish(b, func() tea.Msg { return shift3Key(b) })
}

// str drops a byte of a string. A person ends it with escape or ctrl+c.
func (p *parser) str(b byte) {
	p.flows()
	switch b {
	case esc:
		p.to(strEscape)
	case bell, cancel, subst:
		p.to(ground)
	case ctrlC:
		p.again(b)
	}
}

func (p *parser) strEscape(b byte) {
	switch b {
	case '\\':
		p.to(ground)
	case esc:
		p.since = p.now
	default:
		p.to(escape)
		p.take(b)
	}
}

// flows counts a byte of a string or paste.
func (p *parser) flows() {
	if p.recent++; p.recent >= trickle {
		p.since, p.recent = p.now, 0
	}
}

// paste takes a byte of a paste, of which the first few KiB are kept.
func (p *parser) paste(b byte) {
	p.flows()
	if b == pasteEnd[p.ending] {
		if p.ending++; p.ending == len(pasteEnd) {
			p.endPaste()
		}
		return
	}
	p.keep(pasteEnd[:p.ending])
	p.ending = 0
	if b == esc {
		p.ending = 1
		return
	}
	p.keep(string([]byte{b}))
}

func (p *parser) keep(text string) {
	if room := maxPaste - len(p.held); room > 0 {
		p.held = append(p.held, text[:min(len(text), room)]...)
	}
}

// endPaste hands out what was kept of a paste, without what is no text.
func (p *parser) endPaste() {
	var text []rune
	for _, r := range string(p.held) {
		if r != utf8.RuneError && (unicode.IsSpace(r) || !unicode.IsControl(r)) {
			text = append(text, r)
		}
	}
	if len(text) > 0 {
		p.emit(tea.KeyMsg{Type: tea.KeyRunes, Runes: text, Paste: true})
	}
	p.to(ground)
}

// afterPaste waits for the rest of the end of a paste that was given up.
func (p *parser) afterPaste() {
	switch {
	case p.ending == 1:
		p.to(late)
	case p.ending > 1:
		p.held = append(p.held[:0], pasteEnd[2:p.ending]...)
		p.to(control)
	}
}
