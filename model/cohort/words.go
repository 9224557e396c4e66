package cohort

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
)

// sentence words a cohort: the evidence first and then, if the cause is known, what to do.
func sentence(g *group) string {
	c := &g.Cohort
	switch c.Kind {
	case model.CohortMoment:
		return momentWords(c)
	case model.CohortSuspects:
		return suspectsWords(c)
	case model.CohortTrait:
		return traitWords(c)
	}
	if g.manner != Cut {
		return shutWords(c)
	}
	return limitWords(c)
}

// shutWords are those of a limit that the application itself has set.
func shutWords(c *model.Cohort) string {
	at := fmt.Sprintf("%s ± %s", span(c.Length), span(max(c.Spread, time.Millisecond)))
	who := "Your application"
	if c.Side == model.UpstreamSide {
		who = "The upstream"
	}
	counted := fmt.Sprintf("%s%s: %d of the %d that it closed", through(c), told(c), c.Count, c.Of)
	switch {
	case c.Cause == model.CauseUnknown:
		return fmt.Sprintf("%s closes connections %s after they have opened, and after as long %s%s. It has a timeout of that length, or limits their lifetime: such connections cannot tell these apart.",
			who, at, shutAfter[c.Kind], counted)
	case c.Kind == model.CohortAge:
		return fmt.Sprintf("%s closes connections %s after they have opened%s. It limits their lifetime: come back with a new connection before that, or raise it.", who, at, counted)
	}
	return fmt.Sprintf("%s closes connections after %s %s%s. It has a timeout of that length, such as a read deadline: send something that it counts more often than every %s, or raise it.",
		who, at, shutAfter[c.Kind], counted, span(c.Length))
}

var shutAfter = map[model.CohortKind]string{
	model.CohortSilence:   "without a byte",
	model.CohortSilenceIn: "without a byte from the peer",
	model.CohortUnheard:   "without a byte to the peer",
	model.CohortData:      "without a message, whatever pings passed",
}

func limitWords(c *model.Cohort) string {
	at := fmt.Sprintf("%s ± %s", span(c.Length), span(max(c.Spread, time.Millisecond)))
	text := fmt.Sprintf("%d of %d that ended without a close frame %s did so ", c.Count, c.Of, where(c))
	switch c.Cause {
	case model.CauseAgeCut:
		return text + fmt.Sprintf("%s after they had opened%s, however busy they were: a maximum lifetime at the peer or on the way%s. Come back with a new connection before that, or raise it.",
			at, through(c), known(c))
	case model.CauseUnknown:
		return text + fmt.Sprintf("%s after they had opened, and after as long %s%s: an idle timeout or a maximum lifetime, which such connections cannot tell apart. Let some of them ping: once three that came the same way have lasted longer, it is an idle timeout; if they end at that age all the same, it is a lifetime.",
			at, silenceWords[c.Kind], through(c))
	}
	return text + fmt.Sprintf("after %s %s%s: an idle timeout at the peer or on the way%s. %s, or raise it.",
		at, silenceWords[c.Kind], through(c), known(c), remedy(c))
}

var silenceWords = map[model.CohortKind]string{
	model.CohortSilence:   "without a byte",
	model.CohortSilenceIn: "without a byte from the peer",
	model.CohortUnheard:   "without a byte to the peer",
	model.CohortData:      "without data, whatever pings passed",
}

func remedy(c *model.Cohort) string {
	if c.Kind == model.CohortData {
		return fmt.Sprintf("Pings do not count there: send a message more often than every %s", span(c.Length))
	}
	return fmt.Sprintf("Beat more often than every %s", span(c.Length))
}

// where is the side of a proxy that the members ended on.
func where(c *model.Cohort) string {
	if c.Side == model.UpstreamSide {
		return "on the side of the upstream"
	}
	return "on the side of the client"
}

func momentWords(c *model.Cohort) string {
	text := fmt.Sprintf("%d of %d connections ended within %s", c.Count, c.Of, span(max(c.Length, time.Millisecond)))
	if c.Side == model.UpstreamSide {
		text += " on the side of the upstream"
	}
	text += through(c)
	switch {
	case c.Cause == model.CauseProxyReload:
	case c.Farewell() && c.Side == model.UpstreamSide:
		return text + told(c) + ": the upstream said goodbye to all of them, as it does when it shuts down."
	case c.Farewell():
		return text + told(c) + ": your application said goodbye to all of them, as it does when it shuts down."
	default:
		return text + told(c) + "."
	}
	text += ", at different ages and whatever passed on them"
	if c.Side == model.UpstreamSide {
		return text + ": the upstream, or a proxy in front of it, was reloaded or restarted. Have it drain its connections first."
	}
	return text + ": the proxy at that address was reloaded or restarted, or the one program of all these clients ended. Have it drain its connections first."
}

func suspectsWords(c *model.Cohort) string {
	text := fmt.Sprintf("%d of %d connections fell silent within %s%s", c.Count, c.Of, span(c.Length), through(c))
	if c.Side == model.UpstreamSide && shares(c, model.TraitAddress) {
		return text + ": " + upstreamWords(c.Cause)
	}
	if c.Cause != model.CauseUnknown {
		text += fmt.Sprintf(" (%s)", c.Cause)
	}
	return text + ": look for what they share before you blame the peers."
}

// upstreamWords tells what has become of the one upstream of all members.
func upstreamWords(cause model.Cause) string {
	switch cause {
	case model.CausePeerStalled:
		return "the upstream there hangs, or what is behind it: its kernel acknowledges pings, and no program answers them. Look at that program, not at the clients."
	case model.CausePathDown:
		return "the upstream there is gone, or the way to it: not even its kernel answers. Look at that machine, not at the clients."
	}
	return "all have that upstream in common, so look there first."
}

func shares(c *model.Cohort, kind model.TraitKind) bool {
	return slices.ContainsFunc(c.Traits, func(t model.Trait) bool { return t.Kind == kind })
}

func traitWords(c *model.Cohort) string {
	return fmt.Sprintf("%d of %d clients whose connection broke within %s have the %s in common, which few of the others have%s.",
		c.Count, c.Of, span(c.Length), traitWord(c.Traits[0]), told(c))
}

// through are the traits of place that all members share.
func through(c *model.Cohort) string {
	var words []string
	for _, t := range c.Traits {
		switch t.Kind {
		case model.TraitAddress:
			if c.Side == model.UpstreamSide {
				words = append(words, "all at "+t.Value)
			} else {
				words = append(words, "all through "+t.Value)
			}
		case model.TraitBlock:
			if len(words) == 0 {
				words = append(words, "all from "+t.Value)
			}
		case model.TraitPath:
			words = append(words, "all on "+t.Value)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ", " + strings.Join(words, ", ")
}

// told is the close code that all members share.
func told(c *model.Cohort) string {
	for _, t := range c.Traits {
		switch {
		case t.Kind != model.TraitCode:
		case t.Value == "none":
			return ", without a close frame"
		default:
			return ", closed with " + t.Value
		}
	}
	return ""
}

func traitWord(t model.Trait) string {
	switch t.Kind {
	case model.TraitBlock:
		return "addresses " + t.Value
	case model.TraitAgent:
		return fmt.Sprintf("user agent %q", t.Value)
	}
	return t.String()
}

// span writes a duration for a sentence: "340 ms", "60.0 s", "10.0 min", "24.0 h".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 5*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 3*time.Hour:
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
