package habit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// random is messages at times that do not depend on each other.
func random(mean time.Duration, r *rand.Rand) source {
	return func(time.Duration) time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)) }
}

// chat is a conversation: quick answers, pauses to think, and hours of nothing.
func chat(r *rand.Rand) source {
	return func(time.Duration) time.Duration {
		switch x := r.Float64(); {
		case x < 0.70:
			return time.Duration(math.Exp(1.2+0.9*r.NormFloat64()) * float64(time.Second))
		case x < 0.97:
			return time.Duration(math.Exp(3.5+1.2*r.NormFloat64()) * float64(time.Second))
		}
		return time.Duration(math.Exp(7.5+1.3*r.NormFloat64()) * float64(time.Second))
	}
}

// bursts are many messages at once, then nothing for a while.
func bursts(rest source, r *rand.Rand) source {
	left := 0
	return func(at time.Duration) time.Duration {
		if left == 0 {
			left = 20 + r.IntN(200)
			return rest(at)
		}
		left--
		return time.Duration(r.Int64N(int64(100 * time.Millisecond)))
	}
}

// answers are texts written word by word, each for up to two minutes, with pauses in which somebody reads and asks.
func answers(r *rand.Rand) source {
	return bursts(random(time.Minute, r), r)
}

// daily makes a source fast at noon and slow at midnight.
func daily(s source, slowest float64) source {
	return func(at time.Duration) time.Duration {
		hour := at.Hours()
		rate := slowest + (1-slowest)*(1-math.Cos(2*math.Pi*hour/24))/2
		return time.Duration(float64(s(at)) / rate)
	}
}

// seeds is how many seeds are tried: all of them take long.
func seeds() uint64 {
	if os.Getenv("HOLTER_E2E_LONG") != "" {
		return 5
	}
	return 1
}

// Traffic that is well in all its kinds: no finding.
func TestNoFalseAlarm(t *testing.T) {
	const day = 24 * time.Hour
	kinds := map[string]struct {
		streams, days int
		make          func(i int, r *rand.Rand) source
	}{
		"chat":                  {20, 4, func(_ int, r *rand.Rand) source { return chat(r) }},
		"nothing":               {3, 1, func(int, *rand.Rand) source { return nil }},
		"beats of 30 s":         {20, 2, func(_ int, r *rand.Rand) source { return every(30*time.Second, r) }},
		"beats of 5 s":          {5, 2, func(_ int, r *rand.Rand) source { return every(5*time.Second, r) }},
		"bursts":                {20, 2, func(_ int, r *rand.Rand) source { return bursts(random(40*time.Second, r), r) }},
		"bursts by the minute":  {20, 2, func(_ int, r *rand.Rand) source { return bursts(every(time.Minute, r), r) }},
		"word by word":          {20, 2, func(_ int, r *rand.Rand) source { return answers(r) }},
		"random, 0.3 s":         {5, 1, func(_ int, r *rand.Rand) source { return random(300*time.Millisecond, r) }},
		"random, 3 s":           {20, 2, func(_ int, r *rand.Rand) source { return random(3*time.Second, r) }},
		"random, 30 s":          {20, 4, func(_ int, r *rand.Rand) source { return random(30*time.Second, r) }},
		"random, by day":        {20, 4, func(_ int, r *rand.Rand) source { return daily(random(2*time.Second, r), 0.001) }},
		"steady, by day":        {20, 4, func(_ int, r *rand.Rand) source { return daily(every(time.Second, r), 0.002) }},
		"alone, by day":         {1, 8, func(_ int, r *rand.Rand) source { return daily(every(time.Second, r), 0.002) }},
		"steady, shut at night": {20, 3, func(i int, r *rand.Rand) source { return shut(every(time.Duration(1+i%4)*time.Second, r)) }},
		"random, shut at night": {20, 3, func(_ int, r *rand.Rand) source { return shut(random(time.Second, r)) }},
	}
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range seeds() {
				r := rand.New(rand.NewPCG(seed, 17))
				var all []*stream
				for i := range k.streams {
					s := &stream{page: i%2 == 0}
					s.ways[i/2%2].next = k.make(i, r)
					all = append(all, s)
				}
				run(new(Path), time.Duration(k.days)*day, all...)
				for i, s := range all {
					s.wants(t, fmt.Sprintf("seed %d, stream %d", seed, i))
				}
			}
		})
	}
}

// shut is a source that all streams of a path share: nothing from 17 to 9 o'clock, to within a second.
func shut(s source) source {
	return func(at time.Duration) time.Duration {
		const day = 24 * time.Hour
		next := at + s(at)
		if hour := next % day; hour > 17*time.Hour {
			next += day + 9*time.Hour - hour
		} else if hour < 9*time.Hour {
			next += 9*time.Hour - hour
		}
		return next - at
	}
}

// In the evening streams of a path end one by one, each for a reason of its own. After the first ones, that is known as
// its habit.
func TestStreamsThatEndOneByOne(t *testing.T) {
	for seed := range seeds() {
		r := rand.New(rand.NewPCG(seed, 19))
		var all []*stream
		for range 60 {
			s := &stream{}
			s.ways[In].next = every(time.Second, r).pause(time.Hour+time.Duration(r.Int64N(int64(3*time.Hour))), 99*time.Hour)
			all = append(all, s)
		}
		run(new(Path), 6*time.Hour, all...)
		named, still := 0, 0
		for _, s := range all {
			if n := len(s.found); n > 0 {
				named++
				if s.found[n-1].told() != "" {
					still++
				}
			}
		}
		if named > 6 || still > 0 {
			t.Errorf("seed %d: %d of %d were called stopped, %d to the end", seed, named, len(all), still)
		}
	}
}
