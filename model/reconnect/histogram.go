package reconnect

import (
	"time"

	"holter/model"
)

const delayBins = 20

// NewHistogram counts delays, which must be in order. The longest hundredth does not stretch it.
func NewHistogram(delays []time.Duration) model.DelayHistogram {
	if len(delays) == 0 {
		return model.DelayHistogram{}
	}
	h := model.DelayHistogram{From: delays[0], To: delays[(len(delays)-1)*99/100], Counts: make([]uint32, delayBins)}
	width := max((h.To-h.From)/delayBins, time.Millisecond)
	h.To = h.From + delayBins*width
	for _, d := range delays {
		h.Counts[min(int((d-h.From)/width), delayBins-1)]++
	}
	return h
}
