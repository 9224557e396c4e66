package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"holter/model"
)

// Report is the result of a drill, or of the part of it before an early end.
type Report struct {
	Drill, About string
	Started      time.Time // by the target's clock
	Took         time.Duration
	Clients      int // connected when the drill began
	Steps        []Done
	Figures      *Figures
	Checks       []Check // one for each expectation
	Early        error   // why the drill ended before it could judge all expectations; nil if it did not
}

// unbegun is the report of a drill that could not begin.
func (d *Drill) unbegun(err error) *Report {
	r := &Report{Drill: d.Name, About: d.About, Started: time.Now(), Figures: &Figures{FromLoss: d.drains()}, Early: err}
	r.judge(d.Expect)
	return r
}

// judge sets the checks. After an early end, only those are judged that more time could not have changed.
func (r *Report) judge(expectations []Expectation) {
	for _, e := range expectations {
		c := e.check(r.Figures)
		if r.Early != nil && !e.decided(r.Figures) {
			c = Check{Expectation: e.Text, Open: true, Found: "not judged, " + r.reason()}
		}
		r.Checks = append(r.Checks, c)
	}
}

// interrupted is the reason of an early end that the user, or a CI server, wanted.
const interrupted = "interrupted"

// reason says why the drill ended early.
func (r *Report) reason() string {
	if errors.Is(r.Early, context.Canceled) || errors.Is(r.Early, context.DeadlineExceeded) {
		return interrupted
	}
	return r.Early.Error()
}

// Failures counts the expectations that do not hold.
func (r *Report) Failures() (n int) {
	for _, c := range r.Checks {
		if !c.Held && !c.Open {
			n++
		}
	}
	return n
}

// Passed reports whether all expectations hold.
func (r *Report) Passed() bool { return r.Failures() == 0 && r.Early == nil }

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "drill %s: %s\n\n", r.Drill, r.verdict())
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "  %6s  %s\n", seconds(s.At), s.text())
	}
	b.WriteByte('\n')
	r.writeFigures(&b)
	if len(r.Checks) > 0 {
		b.WriteByte('\n')
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "  %s %s: %s\n", c.mark(), c.Expectation, c.Found)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Check) mark() string {
	switch {
	case c.Open:
		return "–"
	case c.Held:
		return "✔"
	}
	return "✖"
}

func (r *Report) verdict() string {
	switch n := r.Failures(); {
	case r.Early != nil:
		return "no verdict, " + r.reason()
	case len(r.Checks) == 0:
		return "no expectations"
	case n == 1:
		return fmt.Sprintf("failed, 1 of %d expectations does not hold", len(r.Checks))
	case n > 1:
		return fmt.Sprintf("failed, %d of %d expectations do not hold", n, len(r.Checks))
	}
	return "passed"
}

// moreover says that clients flap, which no figure of a recovery tells as well.
func (r *Report) moreover() string {
	if r.Figures.Flapping == 0 {
		return ""
	}
	return "; " + r.Figures.flaps()
}

func (s *Done) text() string {
	switch {
	case !s.Selects:
		return s.Step
	case s.Hit == 0:
		return s.Step + ": no connections"
	}
	return fmt.Sprintf("%s: %d connections", s.Step, s.Hit)
}

func (r *Report) writeFigures(w io.Writer) {
	f, table := r.Figures, tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(table, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	line("clients", "%d before, %d lost their connection, %d are back, %d gave up%s", r.Clients, f.Lost, f.Back, f.GaveUp, f.silent())
	if f.Flapping > 0 {
		line("flapping", "%s", f.flaps())
	}
	if f.Lost > 0 {
		line("back", "50%% %s, 90%% %s, 99%% %s%s", after(f.Back50), after(f.Back90), after(f.Back99), f.from())
	}
	line("attempts", "%.4g/s in the worst second, %d refused", f.Peak, f.Refused)
	if f.Crowding > 0 {
		line("crowding", "%.1f times the rate of an even spread", f.Crowding)
	}
	if m := f.margin(); m != nil {
		line("margin", "%.2f between the beats on %s and the shortest cut that is known there", *m, f.Tight)
	}
	doubted, others := false, 0
	for i := range f.Policies {
		p := &f.Policies[i]
		unknown := p.Kind == model.PolicyUnknown
		if unknown && doubted {
			others += p.Clients
			continue
		}
		doubted = doubted || unknown
		line("policy", "%d clients (%s): %s", p.Clients, agent(p), describe(p))
	}
	if others > 0 {
		line("policy", "%d clients of other kinds: unknown", others)
	}
	if f.More.Pools > 0 {
		line("policy", "%d clients in %d more kinds: only the largest kinds are read", f.More.Clients, f.More.Pools)
	}
	if f.Missed > 0 {
		line("missed", "%d events, so attempts and policies may be incomplete", f.Missed)
	}
	table.Flush()
}

// silent counts the clients that may have given up as well.
func (f *Figures) silent() string {
	if f.Silent == 0 {
		return ""
	}
	return fmt.Sprintf(", %d may have", f.Silent)
}

func agent(p *model.PoolPolicy) string {
	if p.UserAgent == "" {
		return "no user agent"
	}
	return p.UserAgent
}

// after formats when a share of the clients was back. 0 means that it was never reached.
func after(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return "after " + seconds(d)
}

// WriteJSON writes the report as JSON. Durations are in milliseconds. A time that was never reached is null.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r.wire())
}

type wireReport struct {
	Drill     string      `json:"drill"`
	About     string      `json:"about"`
	Passed    bool        `json:"passed"`
	StartedAt time.Time   `json:"started_at"`
	TookMS    float64     `json:"took_ms"`
	Steps     []wireStep  `json:"steps"`
	Clients   int         `json:"clients"`
	Lost      int         `json:"lost"`
	Back      int         `json:"back"`
	GaveUp    int         `json:"gave_up"`
	Silent    int         `json:"silent"`
	Settling  int         `json:"settling"`
	Flapping  int         `json:"flapping"`
	FlapsPerS float64     `json:"flaps_per_s"`
	Flaps     []wireFlaps `json:"flaps"`
	StayMS    float64     `json:"stay_ms"`
	Refused   int         `json:"refused"`
	Back50MS  *float64    `json:"back_50_ms"`
	Back90MS  *float64    `json:"back_90_ms"`
	Back99MS  *float64    `json:"back_99_ms"`
	BackFrom  string      `json:"back_from"` // what these count from: start or loss
	PeakPerS  float64     `json:"peak_per_s"`
	Crowding  float64     `json:"crowding"`
	Margin    *float64    `json:"margin"` // null if no limit is known
	Missed    uint64      `json:"missed_events"`
	Policies  []wirePool  `json:"policies"`
	More      wireMore    `json:"more_pools"`
	Checks    []wireCheck `json:"expectations"`
	Reason    string      `json:"reason"` // why the drill ended early, "" if it did not
}

// wireFlaps are clients whose connections are closed again in one way.
type wireFlaps struct {
	Code  int    `json:"code"`
	By    string `json:"by"`
	Count int    `json:"count"`
}

type wireStep struct {
	AtMS        float64 `json:"at_ms"`
	Step        string  `json:"step"`
	Connections int     `json:"connections"`
}

// wireMore are pools that are not among the policies.
type wireMore struct {
	Pools   int `json:"pools"`
	Clients int `json:"clients"`
}

type wirePool struct {
	UserAgent  string           `json:"user_agent"`
	Path       string           `json:"path"`
	Clients    int              `json:"clients"`
	Kind       model.PolicyKind `json:"kind"`
	BaseMS     float64          `json:"base_ms"`
	Factor     float64          `json:"factor"`
	CapMS      float64          `json:"cap_ms"`
	Jitter     model.Jitter     `json:"jitter"`
	Share      float64          `json:"share"`
	Like       string           `json:"like"`
	Confidence float64          `json:"confidence"`
	Resets     string           `json:"resets"`
	Doubt      string           `json:"doubt"` // why the kind is unknown, "" if it is not
}

type wireCheck struct {
	Expectation string `json:"expectation"`
	Passed      bool   `json:"passed"`
	Judged      bool   `json:"judged"` // false if the drill ended early; found says why
	Found       string `json:"found"`
}

func (r *Report) wire() wireReport {
	f := r.Figures
	w := wireReport{
		Drill: r.Drill, About: r.About, Passed: r.Passed(), StartedAt: r.Started.UTC(), TookMS: millis(r.Took),
		Clients: r.Clients, Lost: f.Lost, Back: f.Back, GaveUp: f.GaveUp, Refused: f.Refused,
		Silent: f.Silent, Settling: f.Settling, Flapping: f.Flapping, FlapsPerS: f.FlapRate, Flaps: []wireFlaps{}, StayMS: millis(f.Stay),
		Back50MS: reached(f.Back50), Back90MS: reached(f.Back90), Back99MS: reached(f.Back99),
		BackFrom: origin(f.FromLoss), PeakPerS: f.Peak, Crowding: f.Crowding, Margin: f.margin(), Missed: f.Missed, More: wireMore(f.More),
		Steps: []wireStep{}, Policies: []wirePool{}, Checks: []wireCheck{},
	}
	if r.Early != nil {
		w.Reason = r.reason()
	}
	for _, s := range r.Steps {
		w.Steps = append(w.Steps, wireStep{millis(s.At), s.Step, s.Hit})
	}
	for _, c := range f.Flaps {
		w.Flaps = append(w.Flaps, wireFlaps{c.Code, c.By.String(), c.Count})
	}
	for i := range f.Policies {
		p := &f.Policies[i]
		w.Policies = append(w.Policies, wirePool{
			p.UserAgent, p.Path, p.Clients, p.Kind, millis(p.Base), p.Factor, millis(p.Cap), p.Jitter, p.Share, p.Like, p.Confidence, resetWord(p.Resets), p.Doubt.String(),
		})
	}
	for _, c := range r.Checks {
		w.Checks = append(w.Checks, wireCheck{c.Expectation, c.Held, !c.Open, c.Found})
	}
	return w
}

// origin is what the times of recovery count from.
func origin(fromLoss bool) string {
	if fromLoss {
		return "loss"
	}
	return "start"
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func reached(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	ms := millis(d)
	return &ms
}
