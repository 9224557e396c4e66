package model

// Instant is a moment on a monitor's own monotonic clock: nanoseconds since shortly before it
// started. The zero Instant stands for never. A connection keeps dozens of them, and an Instant has 8 bytes where
// a time.Time has 24.
type Instant int64
