//go:build !linux && !darwin

package halt

import "time"

func slept() (time.Duration, bool) { return 0, false }

func waited() (time.Duration, bool) { return 0, false }
