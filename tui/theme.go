package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

// theme is the colours of the screen. A nil colour is the terminal's own.
type theme struct {
	name                             string
	normal, suspect, failed, accent  ansi.Color
	connects, closes, refused, limit ansi.Color // lines of charts
	paper                            paper
}

// themes in the order in which a key goes through them. The first leaves the colours to the
// terminal, so it fits a dark background and a light one. The others take fixed ones from the 256.
// Blind keeps to blue and orange, which the common kinds of colour blindness leave apart.
var themes = []*theme{
	{"system", ansi.Green, ansi.Yellow, ansi.Red, ansi.Cyan, ansi.Green, ansi.Blue, ansi.Red, ansi.Yellow, darkPaper},
	{"dark", ansi.IndexedColor(114), ansi.IndexedColor(221), ansi.IndexedColor(203), ansi.IndexedColor(80),
		ansi.IndexedColor(114), ansi.IndexedColor(75), ansi.IndexedColor(203), ansi.IndexedColor(221), darkPaper},
	{"light", ansi.IndexedColor(28), ansi.IndexedColor(130), ansi.IndexedColor(160), ansi.IndexedColor(25),
		ansi.IndexedColor(28), ansi.IndexedColor(25), ansi.IndexedColor(160), ansi.IndexedColor(130), lightPaper},
	{"blind", ansi.IndexedColor(75), ansi.IndexedColor(215), ansi.IndexedColor(202), ansi.IndexedColor(117),
		ansi.IndexedColor(75), ansi.IndexedColor(252), ansi.IndexedColor(202), ansi.IndexedColor(215), darkPaper},
}

// colourless is the theme of a terminal whose user wants no colour: bold, faint and reverse remain.
var colourless = &theme{name: "none", paper: darkPaper}

// findTheme is the theme with a name, the first for the empty name.
func findTheme(name string) (*theme, error) {
	names := make([]string, len(themes))
	for i, t := range themes {
		if t.name == name || name == "" {
			return t, nil
		}
		names[i] = t.name
	}
	return nil, model.Errorf(model.Invalid, "unknown theme %q: one of %s", name, strings.Join(names, ", "))
}

// next is the theme after t.
func (t *theme) next() *theme {
	for i, known := range themes {
		if known == t {
			return themes[(i+1)%len(themes)]
		}
	}
	return themes[0]
}

// colour adds a colour of a theme to a look.
func colour(s ansi.Style, c ansi.Color) ansi.Style {
	if c == nil {
		return s
	}
	return s.ForegroundColor(c)
}

// chartPaints are the looks of what a chart consists of.
type chartPaints struct {
	line, connects, closes, refused, limit, miss, axis paint
}

func newChartPaints(t *theme) chartPaints {
	base := ansi.NewStyle()
	return chartPaints{
		line:     newPaint(colour(base, t.accent)),
		connects: newPaint(colour(base, t.connects)),
		closes:   newPaint(colour(base, t.closes)),
		refused:  newPaint(colour(base.Bold(), t.refused)),
		limit:    newPaint(colour(base, t.limit)),
		miss:     newPaint(colour(base.Bold(), t.failed)),
		axis:     newPaint(base.Faint()),
	}
}

// paper is what pictures are drawn on: the ground, the ink that has no colour, and the sixteen colours
// in the order of their codes.
type paper struct {
	ground, ink string
	colours     [16]string
}

var darkPaper = paper{ground: "#16181d", ink: "#d0d4dc", colours: [16]string{
	"#30343c", "#f0616d", "#7cc77c", "#e6b450", "#5c9cf5", "#c586d8", "#4ec9c9", "#d0d4dc",
	"#6b7280", "#ff7b86", "#98e098", "#ffd070", "#82b6ff", "#dca3ec", "#7be0e0", "#ffffff",
}}

var lightPaper = paper{ground: "#fbfbf8", ink: "#24292f", colours: [16]string{
	"#24292f", "#c4232f", "#1a7f37", "#9a6700", "#0550ae", "#8250df", "#1b7c83", "#6e7781",
	"#57606a", "#a40e26", "#116329", "#7d4e00", "#033d8b", "#6639ba", "#136061", "#8c959f",
}}

// graph is what charts are drawn with.
type graph string

const (
	graphBraille graph = "braille" // 2x4 dots in a cell
	graphBlock   graph = "block"   // 1x2
	graphASCII   graph = "ascii"   // 1x2, and the rest of the screen in ASCII as well
)

// graphs in the order from fine to plain.
var graphs = []graph{graphBraille, graphBlock, graphASCII}

// chooseGraph checks the name of a graph. The empty name is the finest that the terminal can be
// expected to show: the Linux console has blocks but no braille, another locale than UTF-8 neither.
func chooseGraph(name string, getenv func(string) string) (graph, error) {
	if name == "" {
		return defaultGraph(getenv), nil
	}
	known := make([]string, len(graphs))
	for i, g := range graphs {
		if string(g) == name {
			return g, nil
		}
		known[i] = string(g)
	}
	return "", model.Errorf(model.Invalid, "unknown graph %q: one of %s", name, strings.Join(known, ", "))
}

func defaultGraph(getenv func(string) string) graph {
	switch {
	case drawsUnicode(getenv):
		return graphBraille
	case getenv("TERM") == "linux" && utf8Names(getenv):
		return graphBlock
	}
	return graphASCII
}
