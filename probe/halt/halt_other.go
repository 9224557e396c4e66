//go:build !unix

package halt

import "time"

func (w *Watch) notify() {}

func (w *Watch) ignore() {}

func worked() (time.Duration, bool) { return 0, false }
