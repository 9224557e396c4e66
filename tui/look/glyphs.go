package look

import (
	"github.com/charmbracelet/lipgloss"

	"holter/model"
)

// Glyphs are the characters beyond ASCII that the screen draws with, or their ASCII twins.
type Glyphs struct {
	Unicode   bool
	masked    bool // addresses are hidden
	States    [model.Unknown + 1]string
	Cursor    string
	Mark      string // a marked row
	Both      string // and the cursor on it
	Down, Up  string // direction of the sort
	Ellipsis  string
	Rule, Bar string // lines between regions, across and down
	Thumb     string // of a scroll bar
	Edge      string // beside a monitor of a connection in trouble
	Left      string // ends of a gauge
	Right     string
	Eighths   []string // of a gauge's cell, from empty to full
	Arrow     string   // from one state to the next
	Dot       string   // between two things on a line
	Keys      ArrowKeys
	PlusMinus string
	On, Off   string // a checkbox
	Lost      string // a beat without an answer
	Fault     string // a fault, which is put on a connection on purpose
	Shared    string // before a client whose name is not its own
	Upstream  string // before what is about the upstream side of a proxy
	Tick      string // of the upright axis of a chart
	Break     string // in it, where its scale ends below
	Corner    string // of its axes
	Line      string // in a legend
	Dash      string // a limit in a chart
	Flow      string // of a timeline
	Notch     string // in it, where a generation begins

	Branch, LastBranch  string // of the state machine
	Head                string // of an arrow
	BackHead, Join, End string // of a way back from below

	Trace *Trace    // of beats
	Bars  [8]string // of a sparkline, from 0 to full
	Box   lipgloss.Border
}

// ArrowKeys are the names of the arrow keys in the help.
type ArrowKeys struct{ Up, Down, Left, Right string }

var UnicodeGlyphs = Glyphs{
	Unicode:   true,
	States:    [...]string{model.Normal: "●", model.Suspect: "◐", model.Failed: "✖", model.Closed: "○", model.Away: "○", model.Flapping: "↻", model.Unknown: "◌"},
	Cursor:    "▸",
	Mark:      "◆",
	Both:      "◈",
	Down:      "▼",
	Up:        "▲",
	Ellipsis:  "…",
	Rule:      "─",
	Bar:       "│",
	Thumb:     "▐",
	Edge:      "▌",
	Left:      "▐",
	Right:     "▌",
	Eighths:   []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	Arrow:     "→",
	Dot:       "·",
	Keys:      ArrowKeys{Up: "↑", Down: "↓", Left: "←", Right: "→"},
	PlusMinus: "±",
	On:        "[x]",
	Off:       "[ ]",
	Lost:      "×",
	Fault:     "ƒ",
	Shared:    "≈",
	Upstream:  "⇥",
	Tick:      "┤",
	Break:     "≈",
	Corner:    "└",
	Line:      "─",
	Dash:      "┄",
	Flow:      "━", Notch: "┊",
	Branch: "├▸", LastBranch: "└▸", Head: "▸", BackHead: "▴", Join: "┴", End: "┘",
	Trace: brailleTrace,
	Bars:  [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Box:   lipgloss.NormalBorder(),
}

var ASCIIGlyphs = Glyphs{
	States:    [...]string{model.Normal: "o", model.Suspect: "?", model.Failed: "x", model.Closed: "-", model.Away: "-", model.Flapping: "%", model.Unknown: "~"},
	Cursor:    ">",
	Mark:      "*",
	Both:      "@",
	Down:      "v",
	Up:        "^",
	Ellipsis:  "~",
	Rule:      "-",
	Bar:       "|",
	Thumb:     "#",
	Edge:      "#",
	Left:      "[",
	Right:     "]",
	Eighths:   []string{" ", " ", " ", "-", "-", "-", "-", "#", "#"},
	Arrow:     "->",
	Dot:       "/",
	Keys:      ArrowKeys{Up: "up", Down: "down", Left: "left", Right: "right"},
	PlusMinus: "+-",
	On:        "[x]",
	Off:       "[ ]",
	Lost:      "x",
	Fault:     "!f",
	Shared:    "~",
	Upstream:  ">|",
	Tick:      "|",
	Break:     "~",
	Corner:    "+",
	Line:      "_",
	Dash:      "-",
	Flow:      "=", Notch: "|",
	Branch: "|>", LastBranch: "+>", Head: ">", BackHead: "^", Join: "+", End: "+",
	Trace: asciiTrace,
	Bars:  [...]string{"_", ".", ".", "-", "-", "=", "=", "#"},
	Box:   lipgloss.ASCIIBorder(),
}

// Direction is the mark of an order: it points down where the largest is on top.
func (g *Glyphs) Direction(down bool) string {
	if down {
		return g.Down
	}
	return g.Up
}

// Checkbox is the picture of a switch.
func (g *Glyphs) Checkbox(on bool) string {
	if on {
		return g.On
	}
	return g.Off
}

// Gutter is the cell before a row: whether the cursor is on it, and whether it is marked.
func (g *Glyphs) Gutter(selected, marked bool) string {
	switch {
	case selected && marked:
		return g.Both
	case selected:
		return g.Cursor
	case marked:
		return g.Mark
	}
	return " "
}

// Badge names the faults on a connection, with a blank behind them, "" for none.
func (g *Glyphs) Badge(f *model.Faults) string {
	if f.None() {
		return ""
	}
	return g.Fault + " " + f.String() + " "
}
