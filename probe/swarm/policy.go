package swarm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is how the delays of a policy grow.
type Kind string

const (
	None        Kind = "none"  // connect again at once
	Fixed       Kind = "fixed" // the same delay each time
	Exponential Kind = "exponential"
	Steps       Kind = "steps" // a table, whose last delay stays
)

// Jitter is what chance does to a delay v, so that clients which lost their connection together do
// not come back together. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
type Jitter string

const (
	NoJitter     Jitter = "none"         // v
	Full         Jitter = "full"         // uniform in [0, v]
	Equal        Jitter = "equal"        // uniform in [v/2, v]
	Decorrelated Jitter = "decorrelated" // uniform in [base, 3 · the delay before], up to the cap; the factor has no say
)

// What some well-known clients do instead: see Presets.
const (
	Around20 Jitter = "around20" // uniform in [0.8 v, 1.2 v]
	Around50 Jitter = "around50" // uniform in [0.5 w, 1.5 w] up to the cap, w being v as if there were none
	OnTop    Jitter = "on-top"   // base more than full, up to the cap
)

// Policy says when a client that has lost its connection, or was not let in, tries again. The zero
// Policy tries again at once and for ever.
type Policy struct {
	Kind     Kind            // "" is None
	Base     time.Duration   // the first delay, of Fixed and Exponential
	Factor   float64         // from one delay to the next, of Exponential only
	Cap      time.Duration   // no v is longer, of Exponential only
	Steps    []time.Duration // of Steps only
	Jitter   Jitter          // "" is NoJitter
	Attempts int             // in a row before the client gives up, 0 for no limit
	// Deaf clients take no notice of how long a refusal asks them to wait: a script in a browser does
	// not get to see it.
	Deaf bool
}

// ParsePolicy reads the text forms of a back-off and its jitter, such as exponential:1s,2,60s (base,
// factor, cap) and full. A mistake is answered with what to write.
func ParsePolicy(backoff, jitter string) (Policy, error) {
	kind, rest, _ := strings.Cut(backoff, ":")
	p := Policy{Kind: Kind(kind), Jitter: Jitter(jitter)}
	if err := p.parse(rest); err != nil {
		return Policy{}, fmt.Errorf("backoff %q: %w", backoff, err)
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
	case None:
		if rest != "" {
			return errNone
		}
	case Fixed:
		if p.Base, err = time.ParseDuration(rest); err != nil {
			return errFixed
		}
	case Exponential:
		return p.parseExponential(strings.Split(rest, ","))
	case Steps:
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

// String is the text form: that of ParsePolicy, a space and the jitter, which is left out if none.
func (p Policy) String() string {
	text := string(p.Kind)
	switch p.Kind {
	case "":
		text = string(None)
	case Fixed:
		text = fmt.Sprintf("%s:%s", p.Kind, short(p.Base))
	case Exponential:
		text = fmt.Sprintf("%s:%s,%g,%s", p.Kind, short(p.Base), p.Factor, short(p.Cap))
	case Steps:
		text = fmt.Sprintf("%s:%s", p.Kind, shortList(p.Steps))
	}
	if p.jittered() {
		text += " " + string(p.Jitter)
	}
	return text
}

// short writes 1m0s as 1m.
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

func (p Policy) jittered() bool { return p.Jitter != "" && p.Jitter != NoJitter }

// Validate says what is wrong with a policy and what to write.
func (p Policy) Validate() error {
	if p.Attempts < 0 {
		return fmt.Errorf("%d attempts: write 0 for no limit, or 1 and more", p.Attempts)
	}
	if err := p.validateDelays(); err != nil {
		return err
	}
	return p.validateJitter()
}

func (p Policy) validateDelays() error {
	switch p.Kind {
	case "", None:
		return nil
	case Fixed:
		if p.Base <= 0 {
			return fmt.Errorf("backoff %s: the delay must be above 0 (none connects again at once)", p)
		}
		return nil
	case Exponential:
		return p.validateGrowth()
	case Steps:
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
	known := []Jitter{"", NoJitter, Full, Equal, Decorrelated, Around20, Around50, OnTop}
	grows := []Jitter{Decorrelated, Around50, OnTop}
	switch {
	case !slices.Contains(known, p.Jitter):
		return fmt.Errorf("unknown jitter %q: write none, full, equal or decorrelated", string(p.Jitter))
	case slices.Contains(grows, p.Jitter) && p.Kind != Exponential:
		return fmt.Errorf("jitter %s needs a base and a cap: write --backoff exponential:1s,2,60s", p.Jitter)
	case p.jittered() && (p.Kind == "" || p.Kind == None):
		return fmt.Errorf("jitter %s has no delay to work on: write --backoff fixed:1s or exponential:1s,2,60s", p.Jitter)
	}
	return nil
}
