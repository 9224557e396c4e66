package tui

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/model/path"
	"holter/model/storm"
	"holter/tui/widget"
)

// storms is the page of reconnect storms: the one that is on, or one of the past.
type storms struct {
	drawing
	keys   *keyMap
	fx     *effects
	status *status
	oracle *oracle

	picture *picture
	at      int // the storm that is shown, 0 for the newest
	list    widget.List[model.PoolPolicy, model.Pool]
	size    size

	sentenceLines int // of a sentence, at most: see prose
}

func newStorms(k *keyMap, fx *effects, st *status) *storms {
	p := &storms{keys: k, fx: fx, status: st, oracle: new(oracle)}
	t := widget.NewTable(policyColumns(&policyText{page: p}), func(*model.PoolPolicy) model.State { return model.Normal })
	p.list = widget.NewList(t, func(r *model.PoolPolicy) model.Pool { return r.Pool })
	return p
}

func (p *storms) layOut(room size, d drawing) {
	p.size, p.drawing = room, d
	p.listPolicies()
}

// arrange forecasts the storm that is shown.
func (p *storms) arrange() func(*picture) *picture {
	at := p.at
	return func(pic *picture) *picture {
		fresh := *pic
		fresh.outlook = &outlook{at: at}
		if s := pic.storm(at); s != nil {
			fresh.outlook.forecasts = p.oracle.ask(s)
		}
		return &fresh
	}
}

func (p *storms) setPicture(pic *picture) tea.Cmd {
	if pic.outlook == nil || pic.outlook.at != p.at {
		return p.fx.rearrange(pic, p.arrange())
	}
	p.picture = pic
	p.listPolicies()
	return nil
}

// listPolicies lists the policies of the storm that is shown, and gives them their lines.
func (p *storms) listPolicies() {
	var rows []*model.PoolPolicy
	if s := p.shown(); s != nil {
		for i := range s.Policies {
			rows = append(rows, &s.Policies[i])
		}
	}
	p.list.Set(rows)
	text := policyText{page: p}
	for title, cells := range map[string]func(*model.PoolPolicy, int) string{"LIKE": text.like, "DELAYS": text.delays, "AGENT": text.agent} {
		p.list.Table.Fit(title, longestOf(rows, func(r *model.PoolPolicy) string { return cells(r, longAgent) }))
	}
	p.list.SetSize(p.size.w, policyLines(len(rows), p.size.h))
}

// shown is the storm that is shown, nil if there is none.
func (p *storms) shown() *model.Storm {
	if p.picture == nil {
		return nil
	}
	return p.picture.storm(p.at)
}

// storm is the storm with an id, or the newest for 0; nil if it is not in the snapshot.
func (p *picture) storm(id int) *model.Storm {
	n := len(p.Storms)
	if id == 0 && n > 0 {
		return &p.Storms[n-1]
	}
	for i := range p.Storms {
		if p.Storms[i].ID == id {
			return &p.Storms[i]
		}
	}
	return nil
}

func (p *storms) update(msg tea.KeyMsg) tea.Cmd {
	switch k := p.keys; {
	case key.Matches(msg, k.NextTrouble):
		return p.turn(1)
	case key.Matches(msg, k.PreviousTrouble):
		return p.turn(-1)
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	case key.Matches(msg, k.Follow):
		return p.follow()
	default:
		p.list.Move(msg, &k.Keys)
	}
	return nil
}

// turn pages to a later storm or an earlier one. At the newest storm the page goes on to new ones as they come.
func (p *storms) turn(step int) tea.Cmd {
	s := p.shown()
	if s == nil {
		p.status.say("there has been no storm")
		return nil
	}
	all := p.picture.Storms
	for i := range all {
		if all[i].ID != s.ID {
			continue
		}
		switch to := i + step; {
		case to < 0:
			p.status.say("this is the oldest storm that is remembered")
		case to == len(all)-1:
			p.at = 0
		case to >= len(all):
			p.status.say("this is the newest storm")
		default:
			p.at = all[to].ID
		}
		break
	}
	return p.fx.rearrange(p.picture, p.arrange())
}

// point goes to the storm with an id.
func (p *storms) point(id string, in *picture) tea.Cmd {
	n, err := strconv.Atoi(id)
	if err != nil || in.storm(n) == nil {
		return nil
	}
	p.at = n
	return p.fx.rearrange(in, p.arrange())
}

// follow goes back to the newest storm.
func (p *storms) follow() tea.Cmd {
	p.at = 0
	p.status.say("showing the newest storm")
	if p.picture == nil {
		return nil
	}
	return p.fx.rearrange(p.picture, p.arrange())
}

// back goes to the newest storm.
func (p *storms) back() (tea.Cmd, bool) {
	if p.at == 0 {
		return nil, false
	}
	return p.follow(), true
}

// click goes to a policy.
func (p *storms) click(x, y int) (row any, cmd tea.Cmd) {
	s := p.shown()
	if s == nil || len(s.Policies) == 0 || !p.list.Click(x, y-(p.size.h-p.list.Height-len(p.belowList(s)))) {
		return nil, nil
	}
	return p.list.Clicked(x), nil
}

func (p *storms) tellsStorm() bool        { return true }
func (p *storms) choices() widget.Choices { return &p.list.Table }
func (p *storms) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.PreviousTrouble, k.NextTrouble, k.Refuse, k.Freeze, k.ZoomIn, k.ZoomOut, k.Write}
}

// group is a filter for the connections of the policy that is selected. Those of a pool whose path is one of the template
// are not among them.
func (p *storms) group() string {
	row := p.list.Selected()
	if row == nil || row.Pool == (model.Pool{}) {
		return ""
	}
	words := []string{"ua=" + filter.Quote(row.UserAgent)}
	if row.Path != "" {
		words = append(words, "path="+filter.Quote(row.Path))
	}
	for _, other := range p.shown().Policies {
		if other.UserAgent == row.UserAgent && other.Path != row.Path && path.Match(row.Path, other.Path) {
			words = append(words, "path!="+filter.Quote(other.Path))
		}
	}
	return strings.Join(words, " ")
}

func (p *storms) claims() int { return 0 }

// tally is which storm it is of how many.
func (p *storms) tally() string {
	if p.picture == nil {
		return ""
	}
	s := p.shown()
	for i := range p.picture.Storms {
		if n := len(p.picture.Storms); n > 1 && p.picture.Storms[i].ID == s.ID {
			return fmt.Sprintf("%d of %d", i+1, n)
		}
	}
	return ""
}

// supposedAway is how long the server is away in the forecast that the page tells in words.
const supposedAway = 30 * time.Second

// outlook is what the page of storms adds to a picture.
type outlook struct {
	at int // the storm that was asked for
	forecasts
}

// forecasts are what the policies of a storm lead to: if the server is away for as long as it was, and for supposedAway.
type forecasts struct{ same, supposed storm.Forecast }

// oracle makes forecasts, which takes milliseconds, and remembers the last one. Commands call it.
type oracle struct {
	mu   sync.Mutex // protects all following
	last question
	said forecasts
}

// question is what a forecast depends on. Details of the policies change only with more attempts.
type question struct {
	storm, clients, attempts int
	away                     time.Duration
}

func (o *oracle) ask(s *model.Storm) forecasts {
	q := question{storm: s.ID, away: serverAway(s.Curve)}
	for i := range s.Policies {
		q.clients += s.Policies[i].Clients
		q.attempts += s.Policies[i].Attempts
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if q != o.last {
		o.last = q
		o.said = forecasts{
			same:     storm.NewForecast(s.Policies, q.away, uint64(s.ID)),
			supposed: storm.NewForecast(s.Policies, supposedAway, uint64(s.ID)),
		}
	}
	return o.said
}

// serverAway is the time until the first client was let in.
func serverAway(curve []model.Activity) time.Duration {
	for i := range curve {
		if curve[i].Reconnects > 0 {
			return time.Duration(i) * model.ActivityBin
		}
	}
	return time.Duration(len(curve)) * model.ActivityBin
}
