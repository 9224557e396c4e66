package input

import tea "github.com/charmbracelet/bubbletea"

// sgr is a mouse report of the new kind: button, column and row, and a final M for what was pressed, m for what came up.
func sgr(report string, final byte) tea.Msg {
	numbers, ok := parse(report)
	if !ok || len(numbers) != 3 || final != 'M' && final != 'm' {
		return nil
	}
	return mouse(numbers[0], numbers[1], numbers[2], final == 'm')
}

// x10 is a mouse report of the old kind, three bytes with 32 added to each.
func x10(report []byte) tea.Msg {
	return mouse(int(report[0])-32, int(report[1])-32, int(report[2])-32, false)
}

// mouse is the message of a mouse report. Column and row begin with 1; nil means that the report has neither.
//
// Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Mouse-Tracking
func mouse(code, x, y int, released bool) tea.Msg {
	if x < 1 || y < 1 {
		return nil
	}
	m := tea.MouseMsg{X: x - 1, Y: y - 1, Shift: code&4 != 0, Alt: code&8 != 0, Ctrl: code&16 != 0}
	which := tea.MouseButton(code & 3)
	switch {
	case code&128 != 0:
		m.Button = tea.MouseButtonBackward + which
	case code&64 != 0:
		m.Button = tea.MouseButtonWheelUp + which
		return m // a wheel is neither moved nor let go
	case which == 3: // the old kind does not say what came up
		released = true
	default:
		m.Button = tea.MouseButtonLeft + which
	}
	switch {
	case code&32 != 0:
		m.Action = tea.MouseActionMotion
	case released:
		m.Action = tea.MouseActionRelease
	}
	return m
}
