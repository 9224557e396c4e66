package tui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

// labelWidth is the cells for the names of the figures.
const labelWidth = 13

// hostPage is the page of the machine and of holter's own process.
type hostPage struct {
	drawing
	keys *keyMap
	feed *feed

	picture *picture
	text    viewport.Model
}

func newHostPage(k *keyMap, f *feed) *hostPage {
	return &hostPage{keys: k, feed: f, text: viewport.New(0, 0)}
}

func (p *hostPage) layOut(room size, d drawing) {
	p.drawing = d
	p.text.Width, p.text.Height = max(0, room.w-widget.BarWidth), room.h
	p.write()
}

// arrange does nothing: there are no rows.
func (p *hostPage) arrange() func(*picture) *picture { return nil }

func (p *hostPage) setPicture(pic *picture) tea.Cmd {
	p.picture = pic
	p.write()
	return nil
}

func (p *hostPage) update(msg tea.KeyMsg) tea.Cmd {
	widget.Scroll(&p.text, msg, &p.keys.Keys)
	return nil
}

func (p *hostPage) zoomed(bool) string { return p.zoom.words() }

func (p *hostPage) back() (tea.Cmd, bool) { return nil, false }
func (p *hostPage) hints() []key.Binding {
	return []key.Binding{p.keys.Up, p.keys.Down, p.keys.ZoomIn, p.keys.ZoomOut}
}

func (p *hostPage) view() []string {
	if p.picture == nil {
		return waiting(p.styles, p.text.Height)
	}
	return widget.Window(p.styles, &p.text)
}

func (p *hostPage) write() {
	if p.picture == nil || p.text.Width <= 0 {
		return
	}
	t := hostText{styles: p.styles, host: &p.picture.Host, monitor: &p.picture.Monitor, refusals: p.picture.Refusals, now: p.picture.Time, w: p.text.Width}
	t.render(p.feed.hosts(), p.zoom.over(), p.text.Height)
	p.text.SetContent(strings.Join(t.lines, "\n"))
	p.text.SetYOffset(p.text.YOffset)
}

// hostText renders the page.
type hostText struct {
	styles  *look.Styles
	host    *model.Host
	monitor *model.Monitor

	refusals model.Refusals

	now   time.Time
	w     int
	lines []string
}

func (t *hostText) render(history []model.Host, over time.Duration, h int) {
	words := t.words()
	t.charts(history, over, min(max(h-len(words)-1, h/3, 4), 20))
	t.lines = append(t.lines, words...)
}

// words are the page without its charts, side by side where there is room.
func (t *hostText) words() []string {
	left := hostText{styles: t.styles, host: t.host, monitor: t.monitor, refusals: t.refusals, now: t.now, w: t.w}
	if t.w < hostBeside {
		left.machine()
		left.process()
		left.settings()
		left.refused()
		return left.lines
	}
	left.w = (t.w - 2) / 2
	right := left
	left.machine()
	right.process()
	right.settings()
	right.refused()
	n := max(len(left.lines), len(right.lines))
	return look.SideBySide(look.Fill(left.lines, n), look.Fill(right.lines, n), left.w, "  ")
}

// hostBeside is the cells of a page in which the machine and holter stand beside each other.
const hostBeside = 110

// charts are CPU and memory over time, side by side where there is room.
func (t *hostText) charts(history []model.Host, over time.Duration, height int) {
	cpu, mem := make([]float64, len(history)), make([]float64, len(history))
	for i := range history {
		cpu[i], mem[i] = history[i].CPU, share(history[i].MemoryUsed, history[i].MemoryTotal)
	}
	draw := func(name string, percents []float64, w int) []string {
		return chart.Load(name, percents, over, w, height, t.styles)
	}
	if t.w < 100 {
		t.lines = append(append(t.lines, draw("cpu", cpu, t.w)...), draw("memory", mem, t.w)...)
	} else {
		half := (t.w - 2) / 2
		t.lines = append(t.lines, look.SideBySide(draw("cpu", cpu, half), draw("memory", mem, half), half, "  ")...)
	}
	t.lines = append(t.lines, "")
}

// share is a part of a whole in percent.
func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func (t *hostText) heading(text string) { t.lines = append(t.lines, " "+t.styles.Title.String(text)) }

func (t *hostText) field(name, text string) {
	g := &t.styles.Glyphs
	t.lines = append(t.lines, " "+t.styles.Dim.String(look.Pad(name, labelWidth))+g.Cut(text, t.w-labelWidth-1))
}

func (t *hostText) bar(name string, percentage float64, note string) {
	w := min(40, t.w-labelWidth-24)
	t.field(name, chart.Gauge(percentage/100, w, &t.styles.Glyphs)+look.PadLeft(look.Percent(percentage), 6)+"  "+note)
}

func (t *hostText) machine() {
	h := t.host
	t.heading("Machine")
	t.bar("cpu", h.CPU, fmt.Sprintf("%d cores", len(h.Cores)))
	for i, v := range h.Cores {
		t.bar(fmt.Sprintf("  core %d", i), v, "")
	}
	t.bar("memory", share(h.MemoryUsed, h.MemoryTotal), look.Amount(float64(h.MemoryUsed))+"B of "+look.Amount(float64(h.MemoryTotal))+"B")
	t.field("load", fmt.Sprintf("%.2f  %.2f  %.2f   over 1, 5 and 15 minutes", h.Load1, h.Load5, h.Load15))
	t.lines = append(t.lines, "")
}

func (t *hostText) process() {
	p := &t.host.Process
	t.heading("This holter")
	t.field("memory", look.Amount(float64(p.RSS))+"B")
	t.field("cpu", look.Percent(p.CPU)+" of one core")
	t.field("goroutines", fmt.Sprint(p.Goroutines))
	files := fmt.Sprint(p.OpenFiles)
	if p.MaxFiles > 0 {
		files += " of " + look.Amount(float64(p.MaxFiles))
	}
	t.field("open files", files)
	t.field("up", look.Uptime(t.now.Sub(t.monitor.Started)))
	t.lines = append(t.lines, "")
}

func (t *hostText) settings() {
	m, g := t.monitor, &t.styles.Glyphs
	t.heading("Settings")
	if m.Version != "" {
		t.field("version", g.Plain(m.Version))
	}
	t.field("address", address(g, m))
	if m.Upstream != "" {
		t.field("upstream", g.Plain(m.Upstream))
	}
	t.field("heartbeat", heartbeat(m)+", timeout by "+g.Plain(m.Detector)+", on failure "+g.Plain(string(m.OnFail)))
}

// refused is how many handshakes and requests were refused since the start, and why, the most frequent reason first.
func (t *hostText) refused() {
	if len(t.refusals) == 0 {
		return
	}
	reasons := slices.SortedFunc(maps.Keys(t.refusals), func(a, b model.RefusalReason) int {
		return cmp.Or(cmp.Compare(t.refusals[b], t.refusals[a]), cmp.Compare(a, b))
	})
	t.lines = append(t.lines, "")
	t.heading("Refused")
	for _, reason := range reasons {
		t.field(fmt.Sprint(t.refusals[reason]), t.styles.Glyphs.Plain(string(reason)))
	}
}
