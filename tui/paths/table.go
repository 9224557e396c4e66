package paths

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// Columns are those of the list of paths. styles returns those of the moment.
func Columns(styles func() *look.Styles) []widget.Column[model.Path] {
	type row = model.Path
	plain := func(text func(*row) string) func(*row, int) string {
		return func(r *row, w int) string {
			g := &styles().Glyphs
			return g.Cut(g.Plain(text(r)), w)
		}
	}
	return []widget.Column[row]{
		{Title: "PATH", Min: 16, Want: 24, Ample: 60, Fits: true, Text: plain(Name)},
		{Title: "UPSTREAM", Min: 14, Want: 20, Ample: 40, Fits: true, Rank: widget.Third, Text: plain(func(r *row) string { return r.Upstream })},
		{Title: "OPEN", Min: 5, Right: true, Text: func(r *row, _ int) string { return look.Count(r.Open) }},
		{Title: "ENDS/H", Min: 6, Right: true, Text: func(r *row, _ int) string { return endsPerHour(r) }},
		{Title: "MOSTLY", Min: 16, Want: 26, Rank: widget.Second, Text: func(r *row, w int) string { return mostly(r, w, &styles().Glyphs) }},
		{Title: "MED AGE", Min: 7, Right: true, Rank: widget.Second, Text: func(r *row, _ int) string { return look.Seconds(r.MedianAge) }},
		{Title: "MARGIN", Min: 6, Right: true, Loud: true, Text: func(r *row, _ int) string { return margin(r) }},
		{Title: "WARNING", Min: 10, Want: 12, Loud: true, Text: func(r *row, w int) string { return styles().Glyphs.Cut(Warning(r), w) }},
	}
}

// Name is the template of a path.
func Name(p *model.Path) string { return cmp.Or(p.Template, "all other paths") }

// State is that of a path's colours: one with a warning looks like a suspect.
func State(p *model.Path) model.State {
	if len(p.Warnings) > 0 || p.KeptAlive > 0 {
		return model.Suspect
	}
	return model.Normal
}

// Sorted returns the paths of a picture: those with warnings first, then those with the most connections.
func Sorted(all []model.Path) []*model.Path {
	rows := make([]*model.Path, len(all))
	for i := range all {
		rows[i] = &all[i]
	}
	slices.SortStableFunc(rows, func(a, b *model.Path) int {
		return cmp.Or(len(b.Warnings)-len(a.Warnings), b.Open-a.Open, a.ID-b.ID)
	})
	return rows
}

// endsPerHour is how often connections end. Of a path that is young it is no more than that rate would be.
func endsPerHour(p *model.Path) string {
	if p.Ended == 0 {
		return "0"
	}
	return look.Count(int(float64(p.Ended)/max(p.EndsOver, 5*time.Minute).Hours() + 0.5))
}

// mostly is how most connections end, in w cells. What gives way first is how far the ends stray from their limit.
func mostly(p *model.Path, w int, g *look.Glyphs) string {
	if len(p.Ends) == 0 {
		return look.None
	}
	e := &p.Ends[0]
	text, stray := string(e.Cause), ""
	if text == "" {
		text = look.CloseCode(e.Code, "") + ", by " + e.By.String()
	}
	for i := range p.Limits {
		if l := &p.Limits[i]; l.From == model.LimitSeen && e.Cause.ByCohort() && (l.Kind == model.AgeLimit) == (e.Cause == model.CauseAgeCut) {
			text += " " + length(l)
			stray = spread(l, g)
			break
		}
	}
	count := " " + g.Lost + strconv.Itoa(e.Count)
	if all := text + stray + count; look.Width(all) <= w {
		return all
	}
	return g.Cut(text, w-look.Width(count)) + count
}

func margin(p *model.Path) string {
	switch {
	case p.Margin < 0:
		return look.None
	case p.Margin >= 10:
		return look.Count(int(p.Margin))
	}
	return strconv.FormatFloat(p.Margin, 'f', 1, 64)
}

// Warning names what is wrong, in as few words as possible.
func Warning(p *model.Path) string {
	var words []string
	for i := range p.Warnings {
		words = append(words, string(p.Warnings[i].Kind))
	}
	if len(words) == 0 && p.KeptAlive > 0 {
		words = append(words, "kept alive")
	}
	return strings.Join(words, " ")
}
