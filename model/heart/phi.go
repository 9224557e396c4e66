package heart

import (
	"math"
	"time"
)

// phi is the φ accrual detector of Hayashibara et al., "The φ Accrual Failure Detector", 2004,
// over round trips. The paper uses gaps between arrivals, but holter's own pauses would distort those. φ(t) is
// −log10 of the chance that an answer still comes after t, under a normal distribution fitted to the
// window. The timeout is the t at which φ reaches its threshold.
type phi struct {
	window
	squares uint64 // sum of the squared samples
}

const (
	// phiQuantile is where the upper tail of the standard normal distribution is 10⁻⁸. That is φ = 8, the
	// threshold which Akka and Cassandra use.
	phiQuantile = 5.612001244174965
	// phiLeastDeviation prevents that a peer on a very even path is suspected for a slight delay.
	phiLeastDeviation = 50 * time.Millisecond
)

func (p *phi) Sample(rtt time.Duration) {
	in, out, _ := p.push(rtt)
	p.squares += uint64(in)*uint64(in) - uint64(out)*uint64(out)
}

func (p *phi) Timeout() time.Duration {
	if p.n == 0 {
		return 0
	}
	return p.mean() + time.Duration(phiQuantile*float64(max(p.Deviation(), phiLeastDeviation)))
}

func (p *phi) Mean() time.Duration { return p.mean() }

// Deviation returns the standard deviation over the window.
func (p *phi) Deviation() time.Duration {
	if p.n == 0 {
		return 0
	}
	n, sum := float64(p.n), float64(p.sum)
	variance := float64(p.squares)/n - (sum/n)*(sum/n)
	return time.Duration(math.Sqrt(max(variance, 0)) * float64(time.Microsecond))
}
