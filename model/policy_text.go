package model

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParsePolicy parses the text forms of a back-off and its jitter, such as exponential:1s,2,60s (base, factor, cap)
// and full. The error says what to write.
func ParsePolicy(backoff, jitter string) (Policy, error) {
	kind, rest, _ := strings.Cut(backoff, ":")
	p := Policy{Kind: PolicyKind(kind)}
	if err := p.parse(rest); err != nil {
		return Policy{}, fmt.Errorf("backoff %q: %w", backoff, err)
	}
	if err := p.parseJitter(jitter); err != nil {
		return Policy{}, err
	}
	return p, p.Validate()
}

var (
	errNone        = fmt.Errorf("write none, without a delay")
	errFixed       = fmt.Errorf("write fixed:DELAY such as fixed:1s")
	errExponential = fmt.Errorf("write exponential:BASE,FACTOR,CAP such as exponential:1s,2,60s")
	errLinear      = fmt.Errorf("write linear:BASE,STEP,CAP such as linear:0s,1s,5s")
	errSteps       = fmt.Errorf("write steps:DELAY,DELAY,… such as steps:0s,2s,10s,30s, or steps:0s,1s..5s with a range")
	errKind        = fmt.Errorf("write none, fixed:1s, exponential:1s,2,60s, linear:0s,1s,5s or steps:0s,2s,10s")
)

func (p *Policy) parse(rest string) (err error) {
	switch p.Kind {
	case PolicyNone:
		if rest != "" {
			return errNone
		}
	case PolicyFixed:
		if p.Base, err = time.ParseDuration(rest); err != nil {
			return errFixed
		}
	case PolicyExponential:
		return p.parseExponential(strings.Split(rest, ","))
	case PolicyLinear:
		return p.parseLinear(strings.Split(rest, ","))
	case PolicySteps:
		return p.parseSteps(strings.Split(rest, ","))
	default:
		return errKind
	}
	return nil
}

func (p *Policy) parseExponential(fields []string) error {
	if len(fields) != 3 {
		return errExponential
	}
	var err [3]error
	p.Base, err[0] = time.ParseDuration(fields[0])
	p.Factor, err[1] = strconv.ParseFloat(fields[1], 64)
	p.Cap, err[2] = time.ParseDuration(fields[2])
	if err != [3]error{} {
		return errExponential
	}
	return nil
}

func (p *Policy) parseLinear(fields []string) error {
	if len(fields) != 3 {
		return errLinear
	}
	var err [3]error
	p.Base, err[0] = time.ParseDuration(fields[0])
	p.Step, err[1] = time.ParseDuration(fields[1])
	p.Cap, err[2] = time.ParseDuration(fields[2])
	if err != [3]error{} {
		return errLinear
	}
	return nil
}

// parseSteps parses delays, of which some may be ranges.
func (p *Policy) parseSteps(fields []string) error {
	var ends []time.Duration
	for _, field := range fields {
		from, to, err := parseRange(field)
		if err != nil {
			return errSteps
		}
		p.Steps, ends = append(p.Steps, from), append(ends, to)
	}
	if !slices.Equal(p.Steps, ends) {
		p.Jitter, p.Ends = JitterRanges, ends
	}
	return nil
}

// parseRange parses a delay such as 5s, or a range of delays such as 300ms..3s.
func parseRange(text string) (from, to time.Duration, err error) {
	low, high, ranged := strings.Cut(text, "..")
	if from, err = time.ParseDuration(low); err != nil || !ranged {
		return from, from, err
	}
	to, err = time.ParseDuration(high)
	return from, to, err
}

// jitterForms are the names for the jitters of some well-known clients, which a Jitter alone does not describe.
var jitterForms = []struct {
	name    string
	jitter  Jitter
	share   float64
	capLast bool
	onTop   bool // of the base
}{
	{"around20", JitterPartial, 0.2, false, false},
	{"around50", JitterPartial, 0.5, true, false},
	{"on-top", JitterFull, 1, false, true},
}

// carriedPrefix marks a jitter that the next delay grows from.
const carriedPrefix = "carried-"

var errJitter = fmt.Errorf("write none, full, equal, decorrelated, partial:20%%, once:50%%, normal:10%% or added:0s..3s")

// parseJitter parses the name of a jitter. The delays must be parsed before.
func (p *Policy) parseJitter(text string) error {
	if p.Jitter == JitterRanges {
		if text == "" || text == string(JitterNone) {
			return nil
		}
		return fmt.Errorf("jitter %s on steps with ranges, which have their own: write --jitter none", text)
	}
	for _, form := range jitterForms {
		if form.name != text {
			continue
		}
		p.Jitter, p.Share, p.CapLast = form.jitter, form.share, form.capLast
		if form.onTop {
			p.OnTop = p.Base
		}
		if (form.capLast || form.onTop) && p.Kind != PolicyExponential {
			return needsCap(text)
		}
		return nil
	}
	name, carried := strings.CutPrefix(text, carriedPrefix)
	name, figure, _ := strings.Cut(name, ":")
	p.Jitter, p.Carried = Jitter(name), carried
	if err := p.parseFigure(figure); err != nil {
		return fmt.Errorf("unknown jitter %q: %w", text, err)
	}
	return nil
}

// parseFigure parses what follows the name of a jitter.
func (p *Policy) parseFigure(figure string) (err error) {
	switch p.Jitter {
	case JitterPartial, JitterOnce, JitterNormal:
		p.Share, err = strconv.ParseFloat(strings.TrimSuffix(figure, "%"), 64)
		p.Share /= 100
	case JitterAdded:
		p.AddedFrom, p.AddedTo, err = parseRange(figure)
	case "", JitterNone, JitterDecorrelated:
	case JitterEqual:
		p.Share = 1. / 3
	case JitterFull:
		p.Share = 1
	default:
		return errJitter
	}
	if err != nil || figure != "" && !p.figured() {
		return errJitter
	}
	return nil
}

// figured reports whether p's jitter has a figure.
func (p *Policy) figured() bool {
	switch p.Jitter {
	case JitterPartial, JitterOnce, JitterNormal, JitterAdded:
		return true
	}
	return false
}

func needsCap(jitter string) error {
	return fmt.Errorf("jitter %s needs a base and a cap: write --backoff exponential:1s,2,60s", jitter)
}

// jitterName returns the name of p's jitter, as parseJitter reads it.
func (p *Policy) jitterName() string {
	for _, form := range jitterForms {
		if form.jitter == p.Jitter && form.share == p.Share && form.capLast == p.CapLast && form.onTop == (p.OnTop > 0) {
			return form.name
		}
	}
	text := string(p.Jitter)
	if p.Carried {
		text = carriedPrefix + text
	}
	switch {
	case p.Jitter == JitterAdded:
		text += ":" + shortRange(p.AddedFrom, p.AddedTo)
	case p.figured():
		text += fmt.Sprintf(":%.4g%%", 100*p.Share)
	}
	return text
}

// String returns the text forms of ParsePolicy: that of the back-off and, if there is one, a space and the jitter.
func (p Policy) String() string {
	text := string(p.Kind)
	switch p.Kind {
	case "":
		text = string(PolicyNone)
	case PolicyFixed:
		text = fmt.Sprintf("%s:%s", p.Kind, short(p.Base))
	case PolicyExponential:
		text = fmt.Sprintf("%s:%s,%g,%s", p.Kind, short(p.Base), p.Factor, short(p.Cap))
	case PolicyLinear:
		text = fmt.Sprintf("%s:%s,%s,%s", p.Kind, short(p.Base), short(p.Step), short(p.Cap))
	case PolicySteps:
		text = fmt.Sprintf("%s:%s", p.Kind, p.shortSteps())
	}
	if p.jittered() && p.Jitter != JitterRanges {
		text += " " + p.jitterName()
	}
	return text
}

// short formats 1m0s as 1m.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func shortRange(from, to time.Duration) string {
	if from == to {
		return short(from)
	}
	return short(from) + ".." + short(to)
}

func (p *Policy) shortSteps() string {
	words := make([]string, len(p.Steps))
	for i, step := range p.Steps {
		end := step
		if i < len(p.Ends) {
			end = p.Ends[i]
		}
		words[i] = shortRange(step, end)
	}
	return strings.Join(words, ",")
}

func (p Policy) jittered() bool { return p.Jitter != "" && p.Jitter != JitterNone }

// Validate returns an error for a policy that is not valid. It says what to write.
func (p Policy) Validate() error {
	if p.MaxAttempts < 0 {
		return fmt.Errorf("%d attempts: write 0 for no limit, or 1 and more", p.MaxAttempts)
	}
	if err := p.validateDelays(); err != nil {
		return err
	}
	return p.validateJitter()
}

func (p Policy) validateDelays() error {
	switch p.Kind {
	case "", PolicyNone:
		return nil
	case PolicyFixed:
		if p.Base <= 0 {
			return fmt.Errorf("backoff %s: the delay must be above 0 (none connects again at once)", p)
		}
		return nil
	case PolicyExponential:
		return p.validateGrowth()
	case PolicyLinear:
		return p.validateLinear()
	case PolicySteps:
		return p.validateSteps()
	}
	return fmt.Errorf("backoff %q: %w", string(p.Kind), errKind)
}

func (p Policy) validateGrowth() error {
	switch {
	case p.Base <= 0:
		return fmt.Errorf("backoff %s: the base must be above 0, such as 1s", p)
	case !isFactor(p.Factor):
		return fmt.Errorf("backoff %s: the factor must be 1 or more, such as 2", p)
	case p.Cap < p.Base:
		return fmt.Errorf("backoff %s: the cap must not be below the base", p)
	}
	return nil
}

func (p Policy) validateLinear() error {
	switch {
	case p.Base < 0:
		return fmt.Errorf("backoff %s: the base must not be below 0", p)
	case p.Step <= 0:
		return fmt.Errorf("backoff %s: the step must be above 0, such as 1s (fixed:1s does not grow)", p)
	case p.Cap < p.Base:
		return fmt.Errorf("backoff %s: the cap must not be below the base", p)
	}
	return nil
}

func (p Policy) validateSteps() error {
	switch {
	case len(p.Steps) == 0:
		return fmt.Errorf("backoff %s: %w", p, errSteps)
	case slices.Min(p.Steps) < 0:
		return fmt.Errorf("backoff %s: no step may be below 0", p)
	case p.Ends != nil && len(p.Ends) != len(p.Steps):
		return fmt.Errorf("backoff %s: %d steps and %d ends", p, len(p.Steps), len(p.Ends))
	}
	for i, end := range p.Ends {
		if end < p.Steps[i] {
			return fmt.Errorf("backoff %s: the range %s must end after it begins", p, shortRange(p.Steps[i], end))
		}
	}
	return nil
}

func isFactor(f float64) bool { return f >= 1 && !math.IsInf(f, 1) }

func (p Policy) validateJitter() error {
	known := []Jitter{"", JitterNone, JitterPartial, JitterEqual, JitterFull, JitterDecorrelated, JitterAdded, JitterOnce, JitterNormal, JitterRanges}
	switch {
	case !slices.Contains(known, p.Jitter):
		return fmt.Errorf("unknown jitter %q: %w", string(p.Jitter), errJitter)
	case !(p.Share >= 0 && p.Share <= 1):
		return fmt.Errorf("jitter %s of a share of %g: write a share from 0 to 1", p.Jitter, p.Share)
	case (p.Jitter == JitterDecorrelated || p.CapLast || p.OnTop > 0) && p.Kind != PolicyExponential:
		return needsCap(p.jitterName())
	case p.jittered() && (p.Kind == "" || p.Kind == PolicyNone):
		return fmt.Errorf("jitter %s has no delay to work on: write --backoff fixed:1s or exponential:1s,2,60s", p.Jitter)
	case p.Jitter == JitterAdded && (p.AddedFrom < 0 || p.AddedTo <= p.AddedFrom):
		return fmt.Errorf("jitter %s: write what is added as a range such as added:0s..3s", p.jitterName())
	case p.Jitter == JitterRanges && (p.Kind != PolicySteps || p.Ends == nil):
		return fmt.Errorf("jitter %s: %w", p.Jitter, errSteps)
	case p.Jitter != JitterRanges && p.Ends != nil:
		return fmt.Errorf("jitter %s on steps with ranges, which have their own: write --jitter none", p.jitterName())
	case p.Jitter == JitterOnce && p.Kind != PolicyFixed && p.Kind != PolicyExponential:
		return fmt.Errorf("jitter %s: write --backoff fixed:1s or exponential:1s,2,60s", p.jitterName())
	case p.Carried && (p.Jitter != JitterAdded && p.Jitter != JitterNormal && p.Jitter != JitterPartial || p.Kind == PolicyLinear):
		return fmt.Errorf("jitter %s: only added, normal and partial can be carried, and not by linear delays", p.jitterName())
	}
	return nil
}
