// Package alert is the rules by which holter alerts, and the states of what they find.
//
// A Rule has a Condition, which is written in a language of its own: comparisons of figures, such as cpu > 90%, counts over
// the filter language of connections, such as count(state=failed) > 5, and fields of paths, cohorts, services and warnings, such as
// margin < 1.3. The names around it are those of Prometheus: for, keep_firing_for, labels, annotations. A condition
// without fields holds of all that holter watches, and is one alert. One with fields is an alert for each path, cohort,
// service or warning of which it holds. There is never one for each connection, of which there may be too many.
//
// A Book judges all rules by a snapshot, again and again, and keeps the alerts. While a rule holds, its alert is pending, and
// fires once that has lasted for long enough. Once it no longer holds, the alert is resolved, after it has stayed so for long
// enough. What a condition says nothing about, as a figure that is not measured yet, is unknown: it holds neither as it is
// written nor with a ! before it.
//
// The package is pure: no clock, no goroutine, no socket. Its memory is bounded. A Condition never changes after Parse, and any
// goroutine may use it; a Book belongs to one.
package alert
