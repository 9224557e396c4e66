package look

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

// Theme is the colours of the screen. A nil colour is the terminal's own.
type Theme struct {
	Name                             string
	Normal, Suspect, Failed, Accent  ansi.Color
	Connects, Closes, Refused, Limit ansi.Color // lines of charts
	Paper                            Paper
}

// Themes in the order in which a key goes through them. The first leaves the colours to the
// terminal, so it fits a dark background and a light one. The others take fixed ones from the 256.
// Blind keeps to blue and orange, which the common kinds of colour blindness leave apart.
var Themes = []*Theme{
	{"system", ansi.Green, ansi.Yellow, ansi.Red, ansi.Cyan, ansi.Green, ansi.Blue, ansi.Red, ansi.Yellow, DarkPaper},
	{"dark", ansi.IndexedColor(114), ansi.IndexedColor(221), ansi.IndexedColor(203), ansi.IndexedColor(80),
		ansi.IndexedColor(114), ansi.IndexedColor(75), ansi.IndexedColor(203), ansi.IndexedColor(221), DarkPaper},
	{"light", ansi.IndexedColor(28), ansi.IndexedColor(130), ansi.IndexedColor(160), ansi.IndexedColor(25),
		ansi.IndexedColor(28), ansi.IndexedColor(25), ansi.IndexedColor(160), ansi.IndexedColor(130), lightPaper},
	{"blind", ansi.IndexedColor(75), ansi.IndexedColor(215), ansi.IndexedColor(202), ansi.IndexedColor(117),
		ansi.IndexedColor(75), ansi.IndexedColor(252), ansi.IndexedColor(202), ansi.IndexedColor(215), DarkPaper},
}

// Colourless is the theme of a user who wants no colour (NO_COLOR). Bold, faint and reverse remain.
var Colourless = &Theme{Name: "none", Paper: DarkPaper}

// FindTheme is the theme with a name, the first for the empty name.
func FindTheme(name string) (*Theme, error) {
	names := make([]string, len(Themes))
	for i, t := range Themes {
		if t.Name == name || name == "" {
			return t, nil
		}
		names[i] = t.Name
	}
	return nil, model.Errorf(model.Invalid, "unknown theme %q: one of %s", name, strings.Join(names, ", "))
}

// Next is the theme after t.
func (t *Theme) Next() *Theme {
	for i, known := range Themes {
		if known == t {
			return Themes[(i+1)%len(Themes)]
		}
	}
	return Themes[0]
}

// colour adds a colour of a theme to a look.
func colour(s ansi.Style, c ansi.Color) ansi.Style {
	if c == nil {
		return s
	}
	return s.ForegroundColor(c)
}

// ChartPaints are the looks of what a chart consists of.
type ChartPaints struct {
	Line, Connects, Closes, Refused, Limit, Miss, Axis Paint
}

func newChartPaints(t *Theme) ChartPaints {
	base := ansi.NewStyle()
	return ChartPaints{
		Line:     newPaint(colour(base, t.Accent)),
		Connects: newPaint(colour(base, t.Connects)),
		Closes:   newPaint(colour(base, t.Closes)),
		Refused:  newPaint(colour(base.Bold(), t.Refused)),
		Limit:    newPaint(colour(base, t.Limit)),
		Miss:     newPaint(colour(base.Bold(), t.Failed)),
		Axis:     newPaint(base.Faint()),
	}
}

// Paper is what pictures are drawn on: the ground, the ink that has no colour, and the sixteen colours
// in the order of their codes.
type Paper struct {
	Ground, Ink string
	Colours     [16]string
}

var DarkPaper = Paper{Ground: "#16181d", Ink: "#d0d4dc", Colours: [16]string{
	"#30343c", "#f0616d", "#7cc77c", "#e6b450", "#5c9cf5", "#c586d8", "#4ec9c9", "#d0d4dc",
	"#6b7280", "#ff7b86", "#98e098", "#ffd070", "#82b6ff", "#dca3ec", "#7be0e0", "#ffffff",
}}

var lightPaper = Paper{Ground: "#fbfbf8", Ink: "#24292f", Colours: [16]string{
	"#24292f", "#c4232f", "#1a7f37", "#9a6700", "#0550ae", "#8250df", "#1b7c83", "#6e7781",
	"#57606a", "#a40e26", "#116329", "#7d4e00", "#033d8b", "#6639ba", "#136061", "#8c959f",
}}

// Graph is what charts are drawn with.
type Graph string

const (
	Braille Graph = "braille" // 2x4 dots in a cell
	Block   Graph = "block"   // 1x2
	ASCII   Graph = "ascii"   // 1x2, and the rest of the screen in ASCII as well
)

// Graphs in the order from fine to plain.
var Graphs = []Graph{Braille, Block, ASCII}

// ChooseGraph checks the name of a graph. The empty name is the finest that the terminal can be
// expected to show: the Linux console has blocks but no braille, another locale than UTF-8 neither.
func ChooseGraph(name string, getenv func(string) string) (Graph, error) {
	if name == "" {
		return DefaultGraph(getenv), nil
	}
	known := make([]string, len(Graphs))
	for i, g := range Graphs {
		if string(g) == name {
			return g, nil
		}
		known[i] = string(g)
	}
	return "", model.Errorf(model.Invalid, "unknown graph %q: one of %s", name, strings.Join(known, ", "))
}

func DefaultGraph(getenv func(string) string) Graph {
	switch {
	case drawsUnicode(getenv):
		return Braille
	case getenv("TERM") == "linux" && utf8Names(getenv):
		return Block
	}
	return ASCII
}
