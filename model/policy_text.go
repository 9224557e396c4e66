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
	errSteps       = fmt.Errorf("write steps:DELAY,DELAY,… such as steps:0s,2s,10s,30s")
	errKind        = fmt.Errorf("write none, fixed:1s, exponential:1s,2,60s or steps:0s,2s,10s")
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

func (p *Policy) parseSteps(fields []string) error {
	for _, field := range fields {
		step, err := time.ParseDuration(field)
		if err != nil {
			return errSteps
		}
		p.Steps = append(p.Steps, step)
	}
	return nil
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

// parseJitter parses the name of a jitter. The delays must be parsed before.
func (p *Policy) parseJitter(name string) error {
	for _, form := range jitterForms {
		if form.name != name {
			continue
		}
		p.Jitter, p.Share, p.CapLast = form.jitter, form.share, form.capLast
		if form.onTop {
			p.OnTop = p.Base
		}
		if (form.capLast || form.onTop) && p.Kind != PolicyExponential {
			return needsCap(name)
		}
		return nil
	}
	switch p.Jitter = Jitter(name); p.Jitter {
	case "", JitterNone, JitterDecorrelated:
	case JitterEqual:
		p.Share = 1. / 3
	case JitterFull:
		p.Share = 1
	default:
		return fmt.Errorf("unknown jitter %q: write none, full, equal or decorrelated", name)
	}
	return nil
}

func needsCap(jitter string) error {
	return fmt.Errorf("jitter %s needs a base and a cap: write --backoff exponential:1s,2,60s", jitter)
}

// jitterName returns the name of p's jitter, as parseJitter reads it if there is one.
func (p *Policy) jitterName() string {
	for _, form := range jitterForms {
		if form.jitter == p.Jitter && form.share == p.Share && form.capLast == p.CapLast && form.onTop == (p.OnTop > 0) {
			return form.name
		}
	}
	return string(p.Jitter)
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
	case PolicySteps:
		text = fmt.Sprintf("%s:%s", p.Kind, shortList(p.Steps))
	}
	if p.jittered() {
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

func shortList(steps []time.Duration) string {
	words := make([]string, len(steps))
	for i, step := range steps {
		words[i] = short(step)
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

func (p Policy) validateSteps() error {
	switch {
	case len(p.Steps) == 0:
		return fmt.Errorf("backoff %s: %w", p, errSteps)
	case slices.Min(p.Steps) < 0:
		return fmt.Errorf("backoff %s: no step may be below 0", p)
	}
	return nil
}

func isFactor(f float64) bool { return f >= 1 && !math.IsInf(f, 1) }

func (p Policy) validateJitter() error {
	known := []Jitter{"", JitterNone, JitterPartial, JitterEqual, JitterFull, JitterDecorrelated}
	switch {
	case !slices.Contains(known, p.Jitter):
		return fmt.Errorf("unknown jitter %q: write none, full, equal or decorrelated", string(p.Jitter))
	case p.Share < 0 || p.Share > 1:
		return fmt.Errorf("jitter %s of a share of %g: write a share from 0 to 1", p.Jitter, p.Share)
	case (p.Jitter == JitterDecorrelated || p.CapLast || p.OnTop > 0) && p.Kind != PolicyExponential:
		return needsCap(p.jitterName())
	case p.jittered() && (p.Kind == "" || p.Kind == PolicyNone):
		return fmt.Errorf("jitter %s has no delay to work on: write --backoff fixed:1s or exponential:1s,2,60s", p.Jitter)
	}
	return nil
}
