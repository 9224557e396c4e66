package input

import (
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// asciiKey is a key that comes as one byte.
func asciiKey(b byte, alt bool) tea.KeyMsg {
	switch {
	case b == ' ':
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}, Alt: alt}
	case b < ' ' || b == 0x7f: // Bubble Tea numbers these keys like their bytes
		return tea.KeyMsg{Type: tea.KeyType(b), Alt: alt}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{rune(b)}, Alt: alt}
}

// variants are the messages of a key with modifiers: alone, with shift, with ctrl, with both. There is no message for some.
type variants [4]tea.KeyType

const none tea.KeyType = 0

const (
	withShift = 1 << iota
	withCtrl
)

var (
	home     = variants{tea.KeyHome, tea.KeyShiftHome, tea.KeyCtrlHome, tea.KeyCtrlShiftHome}
	end      = variants{tea.KeyEnd, tea.KeyShiftEnd, tea.KeyCtrlEnd, tea.KeyCtrlShiftEnd}
	up       = variants{tea.KeyUp, tea.KeyShiftUp, tea.KeyCtrlUp, tea.KeyCtrlShiftUp}
	down     = variants{tea.KeyDown, tea.KeyShiftDown, tea.KeyCtrlDown, tea.KeyCtrlShiftDown}
	right    = variants{tea.KeyRight, tea.KeyShiftRight, tea.KeyCtrlRight, tea.KeyCtrlShiftRight}
	left     = variants{tea.KeyLeft, tea.KeyShiftLeft, tea.KeyCtrlLeft, tea.KeyCtrlShiftLeft}
	pageUp   = variants{tea.KeyPgUp, none, tea.KeyCtrlPgUp, none}
	pageDown = variants{tea.KeyPgDown, none, tea.KeyCtrlPgDown, none}
)

func alone(k tea.KeyType) variants { return variants{k} }

// lettered are the keys whose sequences end with a letter of their own.
var lettered = map[byte]variants{
	'A': up, 'B': down, 'C': right, 'D': left, 'F': end, 'H': home,
	'Z': {tea.KeyShiftTab, tea.KeyShiftTab},
}

// shift3ed are the keys that come as ESC O and a letter.
var shift3ed = map[byte]variants{
	'A': up, 'B': down, 'C': right, 'D': left, 'F': end, 'H': home, 'M': alone(tea.KeyEnter),
	'P': alone(tea.KeyF1), 'Q': alone(tea.KeyF2), 'R': alone(tea.KeyF3), 'S': alone(tea.KeyF4),
	'a': alone(tea.KeyCtrlUp), 'b': alone(tea.KeyCtrlDown), 'c': alone(tea.KeyCtrlRight), 'd': alone(tea.KeyCtrlLeft), // urxvt
}

// numbered are the keys whose sequences have a number of their own.
var numbered = map[int]variants{
	1: home, 2: alone(tea.KeyInsert), 3: alone(tea.KeyDelete), 4: end, 5: pageUp, 6: pageDown, 7: home, 8: end,
	11: alone(tea.KeyF1), 12: alone(tea.KeyF2), 13: alone(tea.KeyF3), 14: alone(tea.KeyF4), 15: alone(tea.KeyF5),
	17: alone(tea.KeyF6), 18: alone(tea.KeyF7), 19: alone(tea.KeyF8), 20: alone(tea.KeyF9), 21: alone(tea.KeyF10),
	23: alone(tea.KeyF11), 24: alone(tea.KeyF12),
}

// consoleKey is a function key of the Linux console, which comes as ESC [ [ and a letter.
func consoleKey(final byte) tea.Msg {
	if final < 'A' || final > 'E' {
		return nil
	}
	return tea.KeyMsg{Type: tea.KeyF1 - tea.KeyType(final-'A')} // Bubble Tea counts them down
}

func shift3Key(final byte) tea.Msg { return shift3ed[final].with(0, false) }

// controlled is what ESC [ with parameters and a final byte means: a key, a mouse report, or nil for all that nobody on the
// screen waits for, such as answers to questions and reports of the focus.
func controlled(parameters []byte, final byte) tea.Msg {
	text := string(parameters)
	if len(text) > maxParameters {
		return nil
	}
	if report, ok := strings.CutPrefix(text, "<"); ok {
		return sgr(report, final)
	}
	return controlKey(text, final)
}

// controlKey is the key with such a sequence. Modifiers are the second number less one: 1 shift, 2 alt, 4 ctrl.
func controlKey(parameters string, final byte) tea.Msg {
	numbers, ok := parse(parameters)
	if !ok || len(numbers) > 2 {
		return nil
	}
	number, modifiers := 1, 0
	if len(numbers) > 0 {
		number = numbers[0]
	}
	if len(numbers) > 1 {
		modifiers = max(numbers[1]-1, 0)
	}
	with := modifiers&1*withShift + modifiers>>2&1*withCtrl
	alt := modifiers&2 != 0
	switch final {
	case '~':
		return numbered[number].with(with, alt)
	case '$': // urxvt has a final byte for each modifier
		return numbered[number].with(withShift, alt)
	case '^':
		return numbered[number].with(withCtrl, alt)
	case '@':
		return numbered[number].with(withShift|withCtrl, alt)
	case 'a', 'b', 'c', 'd':
		if len(numbers) > 0 {
			return nil
		}
		return lettered[final-'a'+'A'].with(withShift, alt)
	}
	if number != 1 {
		return nil
	}
	return lettered[final].with(with, alt)
}

func (k variants) with(modifiers int, alt bool) tea.Msg {
	if k[modifiers] == none {
		return nil
	}
	return tea.KeyMsg{Type: k[modifiers], Alt: alt}
}

// parse reads numbers with semicolons between them, of which there may be none.
func parse(text string) (numbers []int, ok bool) {
	if text == "" {
		return nil, true
	}
	for field := range strings.SplitSeq(text, ";") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}
