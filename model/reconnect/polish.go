package reconnect

import (
	"cmp"
	"math"
	"slices"
	"time"

	"holter/model"
)

const (
	fewBest   = 3  // of the fitted policies are looked at closely
	fewPolish = 80 // clients tell their figures well enough
	farBehind = 40 // is how much less likely a policy is that is not looked at closely
)

// best returns the likeliest few of the fitted policies, polished, but for those that are like a known client which is possible.
func (l *ladder) best(list, known []candidate) []candidate {
	list = l.promising(list)
	l.some = l.few()
	defer func() { l.some = len(l.samples) }()
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	list = list[:min(len(list), fewBest)]
	for i := range list {
		if list[i].score < list[0].score-farBehind || slices.ContainsFunc(known, func(k candidate) bool { return l.alike(&k, &list[i]) }) {
			list = list[:i] // the known client's name says more
			break
		}
		if list[i].Jitter != model.JitterNone && list[i].Jitter != model.JitterDecorrelated {
			l.polish(&list[i])
		}
	}
	return slices.DeleteFunc(list, func(c candidate) bool {
		switch c.Jitter {
		case model.JitterPartial:
			return c.Share < leastJitter || c.Share > mostJitter || math.Abs(c.Share-1./3) < 0.03 // it is none, full or equal
		case model.JitterOnce:
			return c.Share < leastJitter
		}
		return false
	})
}

// few returns how many of the samples are those of the first few clients.
func (l *ladder) few() int {
	n, _ := slices.BinarySearchFunc(l.samples, fewPolish, func(x sample, n int32) int { return cmp.Compare(x.client, n) })
	return n
}

// promising rates the policies by the delays of a few clients, and leaves out those that no better figures make possible.
func (l *ladder) promising(list []candidate) []candidate {
	l.some = l.few()
	defer func() { l.some = len(l.samples) }()
	n := 0
	for _, c := range list {
		j := l.rate(&c)
		if j.strays() < mostStrays && l.together(j) < 2 {
			list[n] = c
			n++
		}
	}
	return list[:n]
}

// mostStrays is the share of the delays that may lie outside a policy's spans before its figures are polished.
const mostStrays = 0.3

// polish moves the figures of c to where the delays are likeliest. The means of a few delays do not tell them well: the longest and
// the shortest ones tell more.
func (l *ladder) polish(c *candidate) {
	changes := figuresOf(&c.Policy)
	for step := 0.08; step > 0.015; {
		better := false
		for _, factor := range []float64{1 + step, 1 / (1 + step)} {
			for _, change := range changes {
				d := *c
				change(&d.Policy, factor)
				if l.rate(&d); d.score > c.score {
					*c, better = d, true
				}
			}
		}
		if !better {
			step /= 2
		}
	}
}

// figuresOf returns what multiplies each figure of p.
func figuresOf(p *model.Policy) (list []func(*model.Policy, float64)) {
	if p.Kind == model.PolicySteps {
		return nil
	}
	if p.Base > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Base = times(p.Base, by) })
	}
	if p.Kind == model.PolicyExponential && p.Jitter != model.JitterDecorrelated {
		list = append(list,
			func(p *model.Policy, by float64) { p.Factor = max(1, p.Factor*math.Sqrt(by)) },
			func(p *model.Policy, by float64) {
				p.Base, p.Factor = times(p.Base, by), max(1, p.Factor/math.Cbrt(by))
			})
	}
	if p.Step > 0 && p.Base > 0 {
		list = append(list, func(p *model.Policy, by float64) {
			more := times(p.Base, by) - p.Base
			p.Base, p.Step = p.Base+more, max(1, p.Step-more/3)
		})
	}
	if p.Step > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Step = times(p.Step, by) })
	}
	if p.Cap > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Cap = times(p.Cap, by) })
	}
	switch p.Jitter {
	case model.JitterPartial, model.JitterOnce:
		list = append(list, func(p *model.Policy, by float64) { p.Share = min(1, p.Share*by) })
	case model.JitterAdded:
		list = append(list,
			func(p *model.Policy, by float64) { p.AddedFrom = times(p.AddedFrom, by) },
			func(p *model.Policy, by float64) { p.AddedTo = times(p.AddedTo, by) })
	}
	return list
}

func times(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// round makes the figures of c round, where the delays may be those of the round ones as well: whoever chose them chose round ones.
func (l *ladder) round(c *candidate) {
	try := func(change func(*model.Policy)) {
		d := *c
		change(&d.Policy)
		if l.judge(&d) && d.score > c.score-roundWorth {
			*c = d
		}
	}
	if c.Kind == model.PolicySteps || c.round {
		return
	}
	if c.Kind == model.PolicyExponential && c.Jitter != model.JitterDecorrelated {
		try(func(p *model.Policy) { p.Base, p.Factor = roundTo(p.Base, 1), math.Round(2*p.Factor)/2 })
		try(func(p *model.Policy) { p.Base, p.Factor = nearestDecade(p.Base), math.Round(2*p.Factor)/2 })
		for _, factor := range []float64{1.5, 2, 3, math.Round(c.Factor*10) / 10} {
			if math.Abs(factor/c.Factor-1) < 0.12 {
				try(func(p *model.Policy) { p.Factor = factor })
			}
		}
	}
	for _, figure := range []func(*model.Policy) *time.Duration{
		func(p *model.Policy) *time.Duration { return &p.Base },
		func(p *model.Policy) *time.Duration { return &p.Step },
		func(p *model.Policy) *time.Duration { return &p.Cap },
	} {
		for _, digits := range []float64{0.5, 1} {
			try(func(p *model.Policy) { *figure(p) = roundTo(*figure(p), digits) })
		}
		*figure(&c.Policy) = rounded(figure(&c.Policy).Seconds())
	}
	if c.Cap > 0 && c.Jitter != model.JitterDecorrelated {
		try(func(p *model.Policy) { p.Cap = 0 })
	}
	c.AddedFrom, c.AddedTo = rounded(c.AddedFrom.Seconds()), rounded(c.AddedTo.Seconds())
	c.Factor = math.Round(c.Factor*100) / 100
	if c.Jitter != model.JitterEqual {
		c.Share = math.Round(c.Share*100) / 100
	}
}

// roundWorth is how much less likely the delays may be with a round figure.
const roundWorth = 2

// nearestDecade returns the power of ten, in seconds, that is nearest to d.
func nearestDecade(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return duration(math.Pow(10, math.Round(math.Log10(d.Seconds()))))
}

// roundTo rounds d to a multiple of a part of its highest digit.
func roundTo(d time.Duration, part float64) time.Duration {
	if d <= 0 {
		return d
	}
	unit := part * math.Pow(10, math.Floor(math.Log10(float64(d))))
	return time.Duration(math.Round(float64(d)/unit) * unit)
}

// The names of "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
const (
	methodFull         = "AWS full jitter"
	methodEqual        = "AWS equal jitter"
	methodDecorrelated = "AWS decorrelated jitter"
)

var methods = []string{methodFull, methodEqual, methodDecorrelated}
