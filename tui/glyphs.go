package tui

import (
	"github.com/charmbracelet/lipgloss"

	"holter/model"
)

// glyphs are the characters beyond ASCII that the screen draws with, or their ASCII twins.
type glyphs struct {
	unicode   bool
	masked    bool // addresses are hidden
	states    [model.Away + 1]string
	cursor    string
	mark      string // a marked row
	both      string // and the cursor on it
	down, up  string // direction of the sort
	ellipsis  string
	rule, bar string // lines between regions, across and down
	left      string // ends of a gauge
	right     string
	eighths   []string // of a gauge's cell, from empty to full
	arrow     string   // from one state to the next
	dot       string   // between two things on a line
	keys      arrowKeys
	plusMinus string
	on, off   string // a checkbox
	lost      string // a beat without an answer
	fault     string // what is done on purpose
	upstream  string // what is about the other side of the proxy
	tick      string // of the upright axis of a chart
	corner    string // of its axes
	line      string // in a legend
	dash      string // a limit in a chart
	flow      string // of a timeline
	notch     string // in it, where a generation begins

	branch, lastBranch  string // of the state machine
	head                string // of an arrow
	backHead, join, end string // of a way back from below

	beats [model.LateBeat + 1]string
	bars  [8]string // of a sparkline, from 0 to full
	box   lipgloss.Border
}

// arrowKeys are the names of the arrow keys in the help.
type arrowKeys struct{ up, down, left, right string }

var unicodeGlyphs = glyphs{
	unicode:   true,
	states:    [...]string{model.Normal: "●", model.Suspect: "◐", model.Failed: "✖", model.Closed: "○", model.Away: "○"},
	cursor:    "▸",
	mark:      "◆",
	both:      "◈",
	down:      "▼",
	up:        "▲",
	ellipsis:  "…",
	rule:      "─",
	bar:       "│",
	left:      "▐",
	right:     "▌",
	eighths:   []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	arrow:     "→",
	dot:       "·",
	keys:      arrowKeys{up: "↑", down: "↓", left: "←", right: "→"},
	plusMinus: "±",
	on:        "[x]",
	off:       "[ ]",
	lost:      "×",
	fault:     "ƒ",
	upstream:  "⇥",
	tick:      "┤",
	corner:    "└",
	line:      "─",
	dash:      "┄",
	flow:      "━", notch: "┊",
	branch: "├▸", lastBranch: "└▸", head: "▸", backHead: "▴", join: "┴", end: "┘",
	beats: [...]string{"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
		model.MissedBeat: "×", model.LateBeat: "!"},
	bars: [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	box:  lipgloss.NormalBorder(),
}

var asciiGlyphs = glyphs{
	states:    [...]string{model.Normal: "o", model.Suspect: "?", model.Failed: "x", model.Closed: "-", model.Away: "-"},
	cursor:    ">",
	mark:      "*",
	both:      "@",
	down:      "v",
	up:        "^",
	ellipsis:  "~",
	rule:      "-",
	bar:       "|",
	left:      "[",
	right:     "]",
	eighths:   []string{" ", " ", " ", "-", "-", "-", "-", "#", "#"},
	arrow:     "->",
	dot:       "/",
	keys:      arrowKeys{up: "up", down: "down", left: "left", right: "right"},
	plusMinus: "+-",
	on:        "[x]",
	off:       "[ ]",
	lost:      "x",
	fault:     "!f",
	upstream:  ">|",
	tick:      "|",
	corner:    "+",
	line:      "_",
	dash:      "-",
	flow:      "=", notch: "|",
	branch: "|>", lastBranch: "+>", head: ">", backHead: "^", join: "+", end: "+",
	beats: [...]string{" ", "_", "_", ".", "-", "-", "=", "=", "#",
		model.MissedBeat: "x", model.LateBeat: "!"},
	bars: [...]string{"_", ".", ".", "-", "-", "=", "=", "#"},
	box:  lipgloss.ASCIIBorder(),
}

// direction is the mark of an order: down where the most is on top.
func (g *glyphs) direction(down bool) string {
	if down {
		return g.down
	}
	return g.up
}

// checkbox is a switch.
func (g *glyphs) checkbox(on bool) string {
	if on {
		return g.on
	}
	return g.off
}

// gutter is the cell before a row: whether the cursor is on it, and whether it is marked.
func (g *glyphs) gutter(selected, marked bool) string {
	switch {
	case selected && marked:
		return g.both
	case selected:
		return g.cursor
	case marked:
		return g.mark
	}
	return " "
}
