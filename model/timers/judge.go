package timers

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
)

const (
	// raceBelow is the margin below which a beat may come too late, and narrowBelow that below which it has little room.
	raceBelow   = 1.2
	narrowBelow = 1.5
	// slowFrom is how much longer than a limit the period of a beat is that is too slow, and not only late at times.
	slowFrom = 1.05

	// noBeatsAfter is how long a connection must have lasted, and noBeatsQuiet how long it must have been silent, to show
	// that neither end beats. Hardly anything beats less often than once a minute.
	noBeatsAfter = 150 * time.Second
	noBeatsQuiet = 65 * time.Second

	// hiddenFrom is the silence of both applications from which on holter's own beats may hide a cut: the shortest limits
	// that are usual are about that long.
	hiddenFrom = 30 * time.Second
)

// view is a picture that is being made.
type view struct {
	path    *Path
	now     model.Instant
	mode    Mode
	picture *model.Path
	quiet   time.Duration // the longest silence of both applications, survived or still going on
}

func (v *view) judge() {
	cut := v.picture.Cut()
	v.picture.Margin = margin(cut, v.beat(cut))
	doubtful := cut != nil && cut.Either
	if doubtful {
		v.warn(model.NoBeats, cut, v.either(cut))
		cut = v.certain()
	}
	beat := v.beat(cut)
	v.kept(cut)
	v.wrong()
	switch {
	case cut != nil && beat != nil && float64(beat.Period) >= slowFrom*float64(cut.After):
		v.warn(model.SlowBeats, cut, v.tooSlow(cut, beat))
	case cut != nil && beat != nil && margin(cut, beat) < raceBelow:
		v.warn(model.TimerRace, cut, v.race(cut, beat))
	case beat != nil && beat.Period >= hours:
		v.warn(model.SlowBeats, nil, v.inHours(beat))
	case doubtful && beat == nil:
	case beat == nil && v.beatless(cut):
		v.warn(model.NoBeats, cut, v.none(cut))
	case cut != nil && beat != nil && margin(cut, beat) < narrowBelow && cut.From != model.LimitNamed:
		v.warn(model.BeatInterval, cut, v.narrow(cut, beat))
	case beat != nil:
		v.perhaps(beat)
	case cut != nil && cut.Kind == model.DataLimit && cut.From != model.LimitElsewhere && len(v.picture.Clocks) > 0:
		v.warn(model.SlowBeats, cut, fmt.Sprintf("Pings pass here, and yet there is %s. %s", limitText(cut), v.remedy(cut, &v.picture.Clocks[0])))
	}
}

// certain is the shortest limit that holds here and is one of silence for sure.
func (v *view) certain() *model.Limit {
	for i := range v.picture.Limits {
		if l := &v.picture.Limits[i]; l.Kind != model.AgeLimit && l.Holds() && !l.Either {
			return l
		}
	}
	return nil
}

// warn adds a warning about a cut, nil if none is known. It matters as much as the cut is certain.
func (v *view) warn(kind model.WarningKind, cut *model.Limit, detail string) {
	w := model.Warning{Kind: kind, Detail: detail, Touched: v.picture.Open}
	switch {
	case kind == model.BeatInterval, kind == model.NoBeats && cut == nil:
	case cut == nil, cut.From != model.LimitSeen:
		w.Urgency = model.Risk
	case cut.Either:
		w.Urgency, w.Touched = model.Risk, cut.Ends
	default:
		w.Urgency, w.Touched = model.Harm, cut.Ends
	}
	v.picture.Warnings = append(v.picture.Warnings, w)
}

// beat is the clock that ends silence, nil if there is none. Of two ends that beat, the faster does; of several populations of
// one end, the slowest is the one in danger.
func (v *view) beat(cut *model.Limit) (fastest *model.Clock) {
	slowest := make(map[model.ClockOf]*model.Clock)
	for i := range v.picture.Clocks {
		c := &v.picture.Clocks[i]
		if c.Of == model.HolterClock && !v.mode.Own || cut != nil && cut.Kind == model.DataLimit && c.Of != model.MessageClock {
			continue
		}
		if s := slowest[c.Of]; s == nil || c.Within() > s.Within() {
			slowest[c.Of] = c
		}
	}
	for _, c := range slowest {
		if fastest == nil || c.Within() < fastest.Within() || c.Within() == fastest.Within() && c.Of < fastest.Of {
			fastest = c
		}
	}
	if fastest == nil {
		return v.last(cut)
	}
	return fastest
}

// last is the beat that came last before a cut that ends connections here, nil if none came about then: where hardly one comes in
// time, there are no periods to learn.
func (v *view) last(cut *model.Limit) *model.Clock {
	if cut == nil || cut.From != model.LimitSeen || cut.Kind != model.SilenceLimit {
		return nil
	}
	r := v.path.halves[0].rescue
	r.join(v.path.halves[1].rescue)
	c := model.Clock{Of: r.of, Period: r.after}
	if m := margin(cut, &c); r.after == 0 || m >= raceBelow || m <= 1/slowFrom {
		return nil
	}
	return &c
}

func margin(cut *model.Limit, beat *model.Clock) float64 {
	switch {
	case cut == nil:
		return model.NoMargin
	case beat == nil:
		return 0
	}
	return float64(cut.After-cut.Spread) / float64(beat.Within())
}

// beatless reports whether the path has been silent for longer than anything beats, or for so long that it is nearly cut.
func (v *view) beatless(cut *model.Limit) bool {
	p := v.path
	cuts := cut != nil && cut.From == model.LimitSeen && v.quiet >= cut.After*4/5
	switch {
	case p.beats(v.now): // and perhaps so seldom that no period is known
		return cuts && cut.Kind == model.SilenceLimit && len(v.picture.Clocks) == 0
	case cuts:
		return true
	}
	return p.open.age >= noBeatsAfter && v.quiet >= noBeatsQuiet
}

// kept notes that holter's own beats may hide a cut.
func (v *view) kept(cut *model.Limit) {
	if v.mode.Own || v.mode.Interval == 0 || !v.path.open.beating {
		return
	}
	from := hiddenFrom
	if cut != nil {
		from = min(from, cut.After-cut.Spread)
	}
	if v.quiet < from || v.quiet < 2*v.mode.Interval {
		return
	}
	v.picture.KeptAlive = v.quiet
	what := "Whatever cuts such a silence is not seen while they go on"
	if cut != nil {
		what = fmt.Sprintf("Without them, %s would end these connections", limitText(cut))
	}
	v.note(fmt.Sprintf("For up to %s nothing passed here but holter's own beats, every %s: they keep this path alive. %s; --scheme none only watches.",
		span(v.quiet), span(v.mode.Interval), what))
}

// wrong notes that a limit which was set by hand is none here.
func (v *view) wrong() {
	for i := range v.picture.Limits {
		l := &v.picture.Limits[i]
		if l.From != model.LimitSet || !l.Refuted {
			continue
		}
		if l.Kind == model.AgeLimit {
			v.note(fmt.Sprintf("--age-cut %s is wrong here: connections have lasted longer. Set it to what ends them, or leave it out.", l.After))
			continue
		}
		v.note(fmt.Sprintf("--idle-cut %s is wrong here: connections have been silent for %s, and live. Set it to the silence that ends them, or leave it out.", l.After, span(v.picture.Survived)))
	}
}

func (v *view) note(text string) {
	if len(v.picture.Notes) < model.MaxNotes {
		v.picture.Notes = append(v.picture.Notes, text)
	}
}

// perhaps notes that a beat would race with what is often on the way.
func (v *view) perhaps(beat *model.Clock) {
	var names []string
	var at time.Duration
	for i := range v.picture.Limits {
		l := &v.picture.Limits[i]
		if l.Kind != model.SilenceLimit || l.Refuted || at != 0 && l.After != at {
			continue
		}
		if m := float64(l.After) / float64(beat.Within()); m > 1/slowFrom && m < raceBelow {
			at, names = l.After, append(names, l.Name)
		}
	}
	if len(names) > 0 {
		v.note(fmt.Sprintf("%s meets what cuts silence at %s unless it is set otherwise: %s. If one of these is on the way, beat every %s.",
			subject(beat), span(at), strings.Join(names, ", "), span(advised(at))))
	}
}

func (v *view) race(cut *model.Limit, beat *model.Clock) string {
	text := fmt.Sprintf("%s meets %s", subject(beat), limitText(cut))
	if late, of := v.late(cut, beat); late > 0 {
		text += fmt.Sprintf(": %d of the last %d came later than that", late, of)
	} else {
		text += fmt.Sprintf(": the margin is %.2f", margin(cut, beat))
	}
	return text + ". " + v.remedy(cut, beat)
}

// narrow tells of the interval that a cut allows, where a beat comes in time.
func (v *view) narrow(cut *model.Limit, beat *model.Clock) string {
	return fmt.Sprintf("%s leaves little room before %s: the margin is %.2f. %s", subject(beat), limitText(cut), margin(cut, beat), v.remedy(cut, beat))
}

// late counts the beats of a kind that came only after a limit.
func (v *view) late(cut *model.Limit, beat *model.Clock) (late, of int) {
	r := &v.path.client
	switch beat.Of {
	case model.ServerClock:
		r = &v.path.server
	case model.ClientClock:
	default:
		return 0, 0
	}
	r.newest(v.now, func(b interval) {
		of++
		if b.every >= cut.After {
			late++
		}
	})
	return late, of
}

func (v *view) tooSlow(cut *model.Limit, beat *model.Clock) string {
	return fmt.Sprintf("%s comes after %s: it keeps nothing alive. %s", subject(beat), limitText(cut), v.remedy(cut, beat))
}

// inHours names the mistake that makes an interval a thousand times too long.
func (v *view) inHours(beat *model.Clock) string {
	return fmt.Sprintf("%s keeps nothing alive, and finds no dead peer for hours. Perhaps a number of milliseconds was taken for seconds: %d ms would be %s.",
		subject(beat), int(beat.Period.Round(time.Second)/time.Second), span(beat.Period/1000))
}

func (v *view) none(cut *model.Limit) string {
	who := "Neither end beats"
	if v.path.beats(v.now) {
		who = "Hardly anything beats"
	}
	text := fmt.Sprintf("%s: for up to %s neither of them sent anything", who, span(v.quiet))
	switch {
	case v.picture.KeptAlive > 0 && cut == nil:
		text += ", and only holter's own beats passed"
	case cut != nil && cut.From == model.LimitSeen && cut.Kind == model.SilenceLimit && v.quiet <= cut.After+max(cut.Spread, cut.After/20):
		text = fmt.Sprintf("%s before %s", who, limitText(cut))
	case cut != nil:
		text += fmt.Sprintf(", and %s ends such connections", limitText(cut))
	}
	if cut != nil {
		return text + fmt.Sprintf(". Let one end ping every %s%s.", span(advised(cut.After)), v.orHolter(advised(cut.After)))
	}
	return text + ". Let one end ping every 20 s: most of what stands between cuts silence after 30 s to 100 s."
}

// orHolter adds that holter's own beats would do, where it sends any.
func (v *view) orHolter(every time.Duration) string {
	if v.mode.Interval <= every {
		return ""
	}
	return fmt.Sprintf(", or run holter with --interval %s, which beats every %s now", every, span(v.mode.Interval))
}

// either tells what would show whether a limit is one of silence or of age.
func (v *view) either(cut *model.Limit) string {
	after := span(cut.After)
	return fmt.Sprintf("%d of %d connections ended %s after they had opened, silent all that time: an idle timeout or a maximum lifetime, which such connections cannot tell apart. Let some ping every %s: once three of them have lasted clearly longer than %s, it is an idle timeout; if they end at %s all the same, it is a lifetime.",
		cut.Ends, cut.Of, after, span(advised(cut.After)), after, after)
}

func (v *view) remedy(cut *model.Limit, beat *model.Clock) string {
	text := "Beat every " + span(advised(cut.After))
	switch {
	case cut.Kind == model.DataLimit:
		text = "Pings do not count there: send a message every " + span(advised(cut.After))
	case beat.Of == model.HolterClock:
		text += ", as with --interval " + advised(cut.After).String()
	}
	for i := range limits {
		if k := &limits[i]; k.Name == cut.Name && k.setting != "" {
			return text + fmt.Sprintf(", or set %s to at least %s.", k.setting, span(roundUp(3*beat.Within())))
		}
	}
	return text + "."
}

// advised is how often to beat where silence is cut: three times as often, rounded to what people write.
func advised(cut time.Duration) time.Duration {
	steps := []time.Duration{5 * time.Minute, 2 * time.Minute, time.Minute, 30 * time.Second, 25 * time.Second, 20 * time.Second,
		15 * time.Second, 10 * time.Second, 5 * time.Second, 4 * time.Second, 3 * time.Second, 2 * time.Second, time.Second, 500 * time.Millisecond}
	for _, s := range steps {
		if 3*s <= cut {
			return s
		}
	}
	return max(cut/3, 100*time.Millisecond)
}

// roundUp rounds up to ten seconds, and to minutes from five of them on.
func roundUp(d time.Duration) time.Duration {
	unit := 10 * time.Second
	if d > 5*time.Minute {
		unit = time.Minute
	}
	return (d + unit - 1) / unit * unit
}

// subject is a clock as the subject of a sentence: "The server's beat every 55.0 s (99 % within 57.1 s)".
func subject(c *model.Clock) string {
	who := "The " + string(c.Of) + "'s beat"
	switch c.Of {
	case model.HolterClock:
		who = "holter's own beat"
	case model.MessageClock:
		who = "A message"
	}
	if c.Count == 0 && c.Share == 0 { // see last
		return "A beat of the " + string(c.Of) + "'s after " + span(c.Period) + " of silence"
	}
	text := who + " every " + span(c.Period)
	if c.Late > c.Period/50 {
		text += fmt.Sprintf(" (99 %% within %s)", span(c.Within()))
	}
	return text
}

// limitText is a limit in a sentence: "the cut at 60 s, give or take 400 ms, that ended 14 of 15 connections".
func limitText(l *model.Limit) string {
	after := span(l.After)
	what := "the cut"
	if l.Kind == model.DataLimit {
		what = "the cut of what carries no data"
	}
	name := ""
	if l.Name != "" {
		name = " (" + l.Name + ")"
	}
	if l.Stray() {
		after += ", give or take " + span(l.Spread) + ","
	}
	switch l.From {
	case model.LimitSeen:
		return fmt.Sprintf("%s at %s that ended %d of %d connections%s", what, after, l.Ends, l.Of, name)
	case model.LimitElsewhere:
		where := "another path"
		if l.Where != "" {
			where = l.Where
		}
		return fmt.Sprintf("%s at %s that ended %d of %d connections on %s, which go the same way%s", what, after, l.Ends, l.Of, where, name)
	case model.LimitSet:
		return fmt.Sprintf("%s at %s that --idle-cut tells of", what, after)
	}
	return fmt.Sprintf("the %s that %s has unless it is set otherwise", after, l.Name)
}

// span writes a duration for a sentence: "340 ms", "5.7 s", "60 s", "2m10s", "8h20m".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second, d < 2*time.Minute && d%time.Second != 0:
		return strings.Replace(fmt.Sprintf("%.1f s", d.Seconds()), ".0 s", " s", 1)
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
}
