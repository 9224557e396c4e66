package services

import (
	"cmp"
	"fmt"
	"time"

	"holter/model"
)

// Options say how services are asked for their health, and how those that report are judged. The zero value of a field stands
// for the default in its tag.
type Options struct {
	HealthEvery     time.Duration `default:"5s" help:"Time between two questions to a service, ±10 % for each."`
	HealthTimeout   time.Duration `default:"3s" help:"How long an answer may take. One that takes longer than the service usually does makes it suspect before."`
	HealthThreshold int           `default:"3" help:"Failures in a row that make a service failed. The first makes it suspect."`
	ServiceInterval time.Duration `default:"5s" help:"How often a service reports itself (PUT /api/v1/services/NAME/heartbeat), unless its report says so."`
	ServiceTTL      time.Duration `name:"service-ttl" default:"0s" help:"A service that reports has failed after so long without a report, unless its report says so; 0 for three intervals."`
}

const (
	shortestEvery   = 100 * time.Millisecond
	longestInterval = 24 * time.Hour
	longestTTL      = 7 * 24 * time.Hour
	usualIntervals  = 3 // without a report, after which a service has failed
)

// WithDefaults fills in the defaults of the tags.
func (o Options) WithDefaults() Options {
	o.HealthEvery = cmp.Or(o.HealthEvery, 5*time.Second)
	o.HealthTimeout = cmp.Or(o.HealthTimeout, 3*time.Second)
	o.HealthThreshold = cmp.Or(o.HealthThreshold, 3)
	o.ServiceInterval = cmp.Or(o.ServiceInterval, 5*time.Second)
	return o
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (o Options) Validate() error {
	switch {
	case o.HealthEvery < shortestEvery || o.HealthEvery > longestInterval:
		return fmt.Errorf("--health-every is %v: write how often to ask, such as 5s, at least %v and at most %v", o.HealthEvery, shortestEvery, longestInterval)
	case o.HealthTimeout < shortestEvery || o.HealthTimeout > time.Hour:
		return fmt.Errorf("--health-timeout is %v: write how long an answer may take, such as 3s, at least %v", o.HealthTimeout, shortestEvery)
	case o.HealthThreshold < 1 || o.HealthThreshold > 1000:
		return fmt.Errorf("--health-threshold is %d: write how many failures in a row make a service failed, such as 3", o.HealthThreshold)
	}
	if err := validPace(o.ServiceInterval, o.ttl(o.ServiceInterval)); err != nil {
		return fmt.Errorf("--service-interval and --service-ttl: %w", err)
	}
	return nil
}

// ttl is the time to live of a service that reports at an interval.
func (o Options) ttl(interval time.Duration) time.Duration {
	return cmp.Or(o.ServiceTTL, usualIntervals*interval)
}

// validPace refuses an interval and a time to live that make no sense together.
func validPace(interval, ttl time.Duration) error {
	switch {
	case interval < shortestEvery || interval > longestInterval:
		return model.Errorf(model.Invalid, "an interval of %v is out of range: write from %v to %v", interval, shortestEvery, longestInterval)
	case ttl <= interval || ttl > longestTTL:
		return model.Errorf(model.Invalid, "a time to live of %v does not fit an interval of %v: write a longer one, such as %v, and at most %v",
			ttl, interval, usualIntervals*interval, longestTTL)
	}
	return nil
}

// ValidID refuses what is no name of a service.
func ValidID(id string) error {
	switch {
	case id == "":
		return model.Errorf(model.Invalid, "a service needs a name")
	case len(id) > model.MaxServiceID:
		return model.Errorf(model.Invalid, "the name of a service has %d bytes: write at most %d", len(id), model.MaxServiceID)
	case model.FirstInvisible(id) >= 0:
		return model.Errorf(model.Invalid, "the name of a service has a character that cannot be seen, or is not in UTF-8")
	}
	return nil
}
