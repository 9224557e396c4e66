package svg

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"holter/tui/look"
)

// rendition is the graphic rendition of cells, as far as the screen uses it (ECMA-48 section 8.3.117).
type rendition struct {
	ink, ground          tint
	bold, faint, reverse bool
}

// tint is a colour in a sequence: 0 for none, else one more than an index into 256.
type tint uint16

// apply takes the parameters of a sequence that selects a rendition.
func (l *rendition) apply(params ansi.Params) {
	if len(params) == 0 {
		*l = rendition{}
	}
	for i := 0; i < len(params); i++ {
		switch n := params[i].Param(0); {
		case n == 0:
			*l = rendition{}
		case n == 1:
			l.bold = true
		case n == 2:
			l.faint = true
		case n == 7:
			l.reverse = true
		case n == 22:
			l.bold, l.faint = false, false
		case n == 27:
			l.reverse = false
		case n >= 30 && n <= 37:
			l.ink = tint(n - 30 + 1)
		case n >= 40 && n <= 47:
			l.ground = tint(n - 40 + 1)
		case n >= 90 && n <= 97:
			l.ink = tint(n - 90 + 8 + 1)
		case n >= 100 && n <= 107:
			l.ground = tint(n - 100 + 8 + 1)
		case n == 39:
			l.ink = 0
		case n == 49:
			l.ground = 0
		case (n == 38 || n == 48) && i+2 < len(params) && params[i+1].Param(0) == 5:
			c := tint(params[i+2].Param(0)&0xff) + 1
			if n == 38 {
				l.ink = c
			} else {
				l.ground = c
			}
			i += 2
		}
	}
}

// colours are what ink and ground look like on a paper, the ground empty where the paper shows.
func (l *rendition) colours(p *look.Paper) (ink, ground string) {
	ink = p.Ink
	if l.ink > 0 {
		ink = colourOn(p, l.ink-1)
	}
	if l.ground > 0 {
		ground = colourOn(p, l.ground-1)
	}
	if l.reverse {
		if ground == "" {
			ground = p.Ground
		}
		ink, ground = ground, ink
	}
	return ink, ground
}

// colourOn is one of the 256: sixteen of the paper's own, a cube of 6x6x6, and 24 greys.
func colourOn(p *look.Paper, i tint) string {
	if int(i) < len(p.Colours) {
		return p.Colours[i]
	}
	c := ansi.IndexedColor(i)
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
