package cohort

import (
	"math"
	"slices"
	"sort"
	"time"

	"holter/model"
)

const (
	// resolution is the finest difference of two times that counts: below, it is the scheduler's.
	resolution = 2 * time.Millisecond
	// fewest is the number of ends that can show a limit.
	fewest = 3
)

// level is the logarithm of the probability below which a finding counts after n ends, or looks: see the package comment.
// The sum over all n is 0.003 · 0.4.
func level(n int) float64 { return math.Log(3e-3) - 2*math.Log(float64(max(n, fewest))) }

// sizes are the numbers of ends in a window that are tried.
var sizes = func() (all []int) {
	for k := fewest; k <= scanned; k = max(k+1, k*5/4) {
		all = append(all, k)
	}
	return all
}()

// window is one over sorted values, from one index to before another.
type window struct{ from, to int }

// narrowest returns the windows of k values that are the narrowest in relation to where they end. No value is below shortest, so
// that is where all begin.
func narrowest(values []time.Duration, k int) (best window, share float64) {
	share = math.Inf(1)
	for to := k; to <= len(values); to++ {
		low, high := values[to-k], values[to-1]
		if s := float64(max(high-low, resolution)) / float64(max(high-shortest, resolution)); s < share && high-low <= widest(high) {
			best, share = window{to - k, to}, s
		}
	}
	return best, share
}

// widest is how far the ends of one limit lie apart at most: timers of servers are coarse.
func widest(at time.Duration) time.Duration { return max(300*time.Millisecond, at/20) }

// chance is the logarithm of the bound on the probability that k of n values lie within a share of where they end.
func chance(n, k int, share float64) float64 {
	return math.Log(float64(clocks)*float64(len(sizes))) + choose(n, k) + math.Log(float64(k)) + float64(k-1)*math.Log(min(share, 1))
}

// choose is the logarithm of the number of ways to choose k of n.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// sharp reports whether a window stands out from what is around it: a limit has an edge, and habits have slopes.
func sharp(values []time.Duration, s window) bool {
	low, high := values[s.from], values[s.to-1]
	around := 4 * max(high-low, 5*resolution)
	from := sort.Search(len(values), func(i int) bool { return values[i] >= low-around })
	to := sort.Search(len(values), func(i int) bool { return values[i] > high+around })
	inside := s.to - s.from
	return 2*(to-from-inside) < inside
}

// moments is the number of moments that can be told apart among ends whose clock varies by r: those that lie so close
// together that one event may have ended them all count once.
func moments(ends []*entry, r time.Duration) int {
	at := make([]model.Instant, len(ends))
	for i, e := range ends {
		at[i] = e.At
	}
	slices.Sort(at)
	apart, n, last := model.Instant(4*max(r, resolution)), 0, model.Instant(math.MinInt64/2)
	for _, t := range at {
		if t-last > apart {
			n, last = n+1, t
		}
	}
	return n
}

// poisson is the logarithm of the bound on the probability of k or more where mean are expected.
func poisson(k int, mean float64) float64 {
	if float64(k) <= mean {
		return 0
	}
	return -(float64(k)*math.Log(float64(k)/mean) - float64(k) + mean)
}

// binomial is the logarithm of the bound on the probability of k or more of n where each has the probability p.
func binomial(k, n int, p float64) float64 {
	q := float64(k) / float64(n)
	switch {
	case q <= p:
		return 0
	case q >= 1:
		return float64(n) * math.Log(p)
	}
	return -float64(n) * (q*math.Log(q/p) + (1-q)*math.Log((1-q)/(1-p)))
}
