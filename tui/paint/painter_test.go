package paint

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"holter/tui/paint/vt"
)

// compare paints pictures one after another on one terminal, each by what differs from the one before, and each on a terminal
// of its own as well. Both must show the same.
func compare(t *testing.T, steps []step) {
	t.Helper()
	var p Painter
	one := vt.New(1, 1)
	for i, s := range steps {
		if i == 0 || s.w != steps[i-1].w || s.h != steps[i-1].h {
			one.Resize(s.w, s.h)
		}
		for done := false; !done; {
			var out []byte
			out, done = p.Paint(s.picture, s.w, s.h, i*7%50)
			one.Write(out)
			if i%3 == 1 { // the next picture takes over
				break
			}
		}
		if i%3 == 1 {
			continue
		}
		whole := vt.New(s.w, s.h)
		whole.Write(paint(new(Painter), s))
		got, want := one.Looks(), whole.Looks()
		if !slices.Equal(got, want) {
			for at := range got {
				if got[at] != want[at] {
					t.Fatalf("picture %d of %dx%d, line %d column %d: %q, painted whole %q\npicture %q\nbefore %q",
						i, s.w, s.h, at/s.w, at%s.w, got[at], want[at], s.picture, steps[max(0, i-1)].picture)
				}
			}
		}
		if out := paint(&p, s); len(out) > 0 {
			t.Fatalf("the same picture again: %q", out)
		}
		if lines := strings.Split(s.picture, "\n"); len(lines) <= s.h && styled.MatchString(s.picture) && ansi.StringWidth(slices.MaxFunc(lines, byWidth)) <= s.w {
			written := vt.New(s.w, s.h)
			for y, line := range lines {
				fmt.Fprintf(written, "\x1b[m\x1b[%dH%s", y+1, ansi.Truncate(line, s.w, ""))
			}
			if want := written.Looks(); !slices.Equal(got, want) {
				t.Fatalf("picture %d of %dx%d %q:\n%q, written as it is\n%q", i, s.w, s.h, s.picture, got, want)
			}
		}
	}
}

// styled is a picture of text and of the styles that there are, and of nothing else.
var styled = func() *regexp.Regexp {
	const style = `(?:[0-57-9]|2[2-57-9]|3[0-79]|4[0-79]|9[0-7]|10[0-7]|[34]8;5;\d{1,2}|[34]8;2;\d{1,2};\d{1,2};\d{1,2})`
	return regexp.MustCompile("^(?:[^\x00-\x09\x0b-\x1f\x7f-\u009f\ufffd]|\x1b\\[(?:" + style + "(?:;" + style + "){0,2})?m)*$")
}()

func byWidth(a, b string) int { return cmp.Compare(ansi.StringWidth(a), ansi.StringWidth(b)) }

func paint(p *Painter, s step) []byte {
	out, _ := p.Paint(s.picture, s.w, s.h, 0)
	return out
}

type step struct {
	picture string
	w, h    int
}

// pieces are what pictures are made of.
var pieces = []string{
	"a", "b", " ", "  ", "      ", "demo-0042", "12.4s", "│", "─", "⣀⡔⢢⣀", "●", "→", "…", "·", "世", "界", "é", "e\u0301", "👩‍🚀", "🇩🇪",
	"ｆ", "\u200b", "ب", "क्षि", "\t", "\x01",
	"\x1b[m", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[4m", "\x1b[7m", "\x1b[9m", "\x1b[22m", "\x1b[24m", "\x1b[27m",
	"\x1b[31m", "\x1b[1;32m", "\x1b[39m", "\x1b[44m", "\x1b[49m", "\x1b[97m", "\x1b[103m", "\x1b[38;5;200m", "\x1b[48;2;1;2;3m",
	"\x1b[0;7;31m", "\x1b[K", "\x1b[5;5H", "\x1b]0;title\a",
}

func randomLine(r *rand.Rand) []string {
	line := make([]string, r.IntN(30))
	for i := range line {
		line[i] = pieces[r.IntN(len(pieces))]
	}
	return line
}

func TestPaintingDifferencesShowsTheWhole(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		w, h := 1+r.IntN(40), 1+r.IntN(8)
		lines := make([][]string, 8)
		var steps []step
		for range 25 {
			for range 1 + r.IntN(4) {
				y := r.IntN(len(lines))
				switch n := len(lines[y]); {
				case n == 0 || r.IntN(4) == 0:
					lines[y] = randomLine(r)
				case r.IntN(2) == 0:
					lines[y] = slices.Clone(lines[y])
					lines[y][r.IntN(n)] = pieces[r.IntN(len(pieces))]
				case r.IntN(2) == 0:
					lines[y] = slices.Delete(slices.Clone(lines[y]), 0, 1)
				default:
					lines[y] = slices.Insert(slices.Clone(lines[y]), r.IntN(n), pieces[r.IntN(len(pieces))])
				}
			}
			if r.IntN(10) == 0 {
				w, h = 1+r.IntN(40), 1+r.IntN(8)
			}
			var texts []string
			for _, line := range lines[:1+r.IntN(len(lines))] {
				texts = append(texts, strings.Join(line, ""))
			}
			steps = append(steps, step{strings.Join(texts, "\n"), w, h})
		}
		compare(t, steps)
	}
}

func FuzzPainter(f *testing.F) {
	f.Add("one\ntwo", "one\nthree", uint8(10), uint8(3))
	f.Add("\x1b[7m世\x1b[m a", "a世", uint8(3), uint8(1))
	f.Add("00", "0\x00\u0d03", uint8(6), uint8(81)) // a mark that would join the character before
	f.Add("\x1b[110m0", "\x1b[10m0", uint8(12), uint8(9))
	f.Fuzz(func(t *testing.T, before, after string, w, h uint8) {
		width, height := 1+int(w)%60, 1+int(h)%10
		compare(t, []step{{before, width, height}, {after, width, height}, {before, width, height}, {after, width, height},
			{before, height, width}, {after, width, height}})
	})
}

func TestWhatIsWritten(t *testing.T) {
	for _, tc := range []struct{ name, before, after, want string }{
		{"nothing new", "a\nb", "a\nb", ""},
		{"a digit", "silence 1s", "silence 2s", "\x1b[1;9H2"},
		{"two digits", "at 12:59", "at 13:00", "\x1b[1;5H3:00"},
		{"far apart", "1 and the other 1", "2 and the other 2", "\x1b[1H2\x1b[15C2"},
		{"a colour", "\x1b[32mwell\x1b[m", "\x1b[31mwell\x1b[m", "\x1b[1H\x1b[31mwell"},
		{"a shorter line", "a long line, by far", "a", "\x1b[1;3H\x1b[K"},
		{"a weight that nobody sees", "a b", "a\x1b[1m \x1b[mb", ""},
	} {
		var p Painter
		paint(&p, step{tc.before, 20, 2})
		if got := string(paint(&p, step{tc.after, 20, 2})); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// picture is one as the screen has them: rows with colours, of which a few figures differ from one to the next.
func picture(w, h, n int) string {
	var lines []string
	for y := range h {
		line := fmt.Sprintf(" \x1b[32m●\x1b[m \x1b[2mnormal\x1b[m  demo-%04d  \x1b[33m⣀⡔⢢⣀⡔⢢⣀⡔⢢⣀⡔⢢⣀\x1b[m %6.2fms \x1b[1m%4ds\x1b[m", y, 0.05*float64(y), n/(y+1))
		lines = append(lines, line+strings.Repeat("─", max(0, w-60)))
	}
	return strings.Join(lines, "\n")
}

func BenchmarkPaint(b *testing.B) {
	var pictures []string
	for n := range 100 {
		pictures = append(pictures, picture(200, 60, n))
	}
	b.Run("differences", func(b *testing.B) {
		var p Painter
		n := 0
		for i := range b.N {
			n += len(paint(&p, step{pictures[i%len(pictures)], 200, 60}))
		}
		b.ReportMetric(float64(n)/float64(b.N), "B/frame")
	})
	b.Run("whole", func(b *testing.B) {
		var p Painter
		for range b.N {
			p.Forget()
			paint(&p, step{pictures[0], 200, 60})
		}
	})
}
