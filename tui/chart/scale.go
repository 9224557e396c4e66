package chart

import "math"

// scale maps figures to dots: low to 0 and high to the last of them.
type scale struct {
	low, high float64
	log       bool
	dots      int
}

// newScale is a scale for figures from low up to high, neither below 0. Without a sensible figure it
// reaches from 0 to 1.
func newScale(low, high float64, log bool, dots int) scale {
	if !(high > 0) || math.IsInf(high, 0) {
		high = 1
	}
	s := scale{high: roundUp(high), log: log, dots: max(dots, 1)}
	if log {
		if !(low > 0) {
			low = s.high / 1000
		}
		s.low = min(roundDown(low), s.high/10)
	}
	return s
}

// dot is the dot of v, which may be anything but NaN.
func (s *scale) dot(v float64) int {
	at := v / s.high
	if s.log {
		at = math.Log(max(v, s.low)/s.low) / math.Log(s.high/s.low)
	}
	return int(unit(at)*float64(s.dots-1) + 0.5)
}

// ticks are the figures worth a label, the ends first and then what helps most.
func (s *scale) ticks() []float64 {
	if !s.log {
		return []float64{s.high, 0, s.high / 2, s.high / 4, s.high * 3 / 4}
	}
	ticks := []float64{s.high, s.low}
	for _, step := range []float64{1, 3} {
		for v := step * power(s.low); v < s.high; v *= 10 {
			if v > s.low {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

// power is the power of ten at or below v.
func power(v float64) float64 { return math.Pow(10, math.Floor(math.Log10(v))) }

// roundUp is the next round figure from v, which is above 0.
func roundUp(v float64) float64 {
	p := power(v)
	for _, step := range []float64{1, 2, 3, 5} {
		if v <= step*p*(1+1e-9) {
			return step * p
		}
	}
	return 10 * p
}

// roundDown is the round figure at or below v, which is above 0.
func roundDown(v float64) float64 {
	p := power(v)
	for _, step := range []float64{5, 3, 2} {
		if v >= step*p*(1-1e-9) {
			return step * p
		}
	}
	return p
}
