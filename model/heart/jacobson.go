package heart

import "time"

// jacobson is TCP's estimator, RFC 6298 section 2: SRTT + 4 · RTTVAR with α = 1/8, β = 1/4.
type jacobson struct {
	srtt, rttvar time.Duration
	warm         bool
}

func (j *jacobson) Sample(rtt time.Duration) {
	rtt = max(rtt, 0)
	if !j.warm {
		j.srtt, j.rttvar, j.warm = rtt, rtt/2, true
		return
	}
	j.rttvar += ((j.srtt - rtt).Abs() - j.rttvar) / 4 // with the old SRTT, as the RFC demands
	j.srtt += (rtt - j.srtt) / 8
}

func (j *jacobson) Timeout() time.Duration { return j.srtt + 4*j.rttvar }

func (j *jacobson) Mean() time.Duration { return j.srtt }

// Deviation returns RTTVAR, a smoothed mean deviation.
func (j *jacobson) Deviation() time.Duration { return j.rttvar }
